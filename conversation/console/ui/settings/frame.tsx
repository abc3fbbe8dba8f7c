// The frame of a section's form: who changed it last, what a colleague stored
// meanwhile, what is wrong, and the bar that saves.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { exact } from '../format';
import { Skeleton } from '../parts/bits';
import { isAdmin } from '../store';
import { History } from './history';
import type { Meeting, Stored } from './stored';

/** What a colleague stored beside what is here, with a choice where both changed it. */
function Met({ of: s, rows }: { of: Stored; rows: Meeting[] }) {
  const box = useRef<HTMLElement>(null), who = s.at!.updated_by?.name || 'Somebody';
  useEffect(() => { box.current?.focus(); }, [s.at!.version]);
  const clashes = rows.filter((r) => r.clash);
  return <section ref={box} class="once met" tabIndex={-1} aria-label="Changed by a colleague" role="alert">
    <p><b><span dir="auto">{who}</span> saved version {s.at!.version} while you were changing this.</b> Nothing of yours is lost, and nothing of it is stored yet. {clashes.length ? 'Where you both changed something, choose what is to hold, then save.' : 'You changed different things: save to have both.'}</p>
    {rows.length > 0 && <ul>{rows.map((r) => {
      const mine = JSON.stringify(s.typed[r.key]) === JSON.stringify(r.mine);
      return <li key={r.key}><p><b>{s.shape.label(r.key)}</b>{!r.clash && <span class="meta"> taken over from {who}</span>}</p>
        <dl class="sides"><div class={mine ? 'on' : ''}><dt>Yours</dt><dd dir="auto">{s.shape.show(r.key, r.mine)}</dd></div><div class={mine ? '' : 'on'}><dt>Theirs</dt><dd dir="auto">{s.shape.show(r.key, r.theirs)}</dd></div></dl>
        <div class="row"><button class="btn" type="button" aria-pressed={mine} aria-label={'Use mine: ' + s.shape.label(r.key)} onClick={() => s.set({ [r.key]: r.mine })}>Use mine</button>
          <button class="btn" type="button" aria-pressed={!mine} aria-label={'Use theirs: ' + s.shape.label(r.key)} onClick={() => s.set({ [r.key]: r.theirs })}>Use theirs</button></div></li>;
    })}</ul>}
  </section>;
}

interface Props { of: Stored; label: string; children: ComponentChildren; beside?: ComponentChildren; before?: () => Promise<boolean>; after?: () => unknown }

/** children are the fields, beside what stands below the form and is no part of it.
 *  before may stop what is about to be saved; after hears that it was. */
export function Frame({ of: s, label, children, beside, before, after }: Props) {
  const form = useRef<HTMLFormElement>(null), [open, setOpen] = useState(false);
  const broken = Object.keys(s.faults).join();
  useEffect(() => { if (broken) form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus(); }, [broken]);
  if (!s.at) return s.error ? <p class="error" role="alert">{s.error} <button class="btn link" type="button" onClick={s.read}>Try again</button></p> : <Skeleton rows={5} label={'Reading: ' + label} />;
  const save = async (e: Event) => {
    e.preventDefault();
    if (s.dirty && (!before || (await before())) && (await s.save())) after?.();
  };
  const keyed = (e: KeyboardEvent) => { if ((e.ctrlKey || e.metaKey) && !e.altKey && e.key === 's') save(e); };
  return <>
    {s.at.fault && <p class="once" role="alert"><b>What is stored cannot be used: {s.at.fault}</b> The last state that could holds until this is put right.</p>}
    {!isAdmin.value && <p class="muted lead">Only admins change this.</p>}
    <form ref={form} class="form" aria-label={label} noValidate onSubmit={save} onKeyDown={keyed}>
      {s.met && <Met of={s} rows={s.met} />}
      <fieldset class="settings-fields" disabled={!isAdmin.value}>{children}</fieldset>
      {isAdmin.value && <div class={'save-bar' + (s.dirty ? ' due' : '')}>
        {s.error && <p class="error" role="alert">{s.error}</p>}
        {broken && <p class="error" role="alert">{Object.keys(s.faults).map((k) => s.shape.label(k)).join(', ')}: see above. Nothing was saved.</p>}
        <div class="row"><button class="btn main" type="submit" disabled={s.busy || !s.dirty}>Save</button>
          {s.dirty && <button class="btn quiet" type="button" onClick={s.drop}>Discard changes</button>}
          <span class="meta" role="status">{s.dirty ? 'Not saved yet' : ''}</span></div></div>}
    </form>
    {beside}
    <p class="meta last-change">{s.at.version ? <>Version {s.at.version}{s.at.updated_at && <>, {exact(s.at.updated_at)}</>}{s.at.updated_by && <> by <span dir="auto">{s.at.updated_by.name}</span></>} · <button class="btn link" type="button" onClick={() => setOpen(true)}>History</button></> : 'Nobody has changed this yet.'}</p>
    {open && <History of={s} close={() => setOpen(false)} />}
  </>;
}
