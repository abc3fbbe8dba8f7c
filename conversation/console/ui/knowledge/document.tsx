// One document: what it is, and its passages as the bot finds them.
import { useEffect, useState } from 'preact/hooks';
import { api, Failed } from '../api';
import { on } from '../events';
import { count, exact, plural, size } from '../format';
import { Empty, Moment, Skeleton } from '../parts/bits';
import { isKept, useKept } from '../parts/kept';
import { complain, go, isAdmin, toast } from '../store';
import type { Doc } from '../types';
import { Stage, Uses, Warnings } from './documents';
import { Back, More, Trouble, useDoing, useOne, usePaged } from './list';
import { remove, retry, states, underWay } from './state';
import type { Passage, ShelfDoc } from './types';

const longText = 700;

function EditPassage({ of: p, done }: { of: Passage; done: (now?: Passage) => void }) {
  const draft = useKept('passage:' + p.id, p.text, p.version), text = draft.value;
  const [theirs, setTheirs] = useState<Passage | null>(draft.dirty && draft.base !== p.version ? p : null), doing = useDoing();
  const save = async (e: Event) => {
    e.preventDefault();
    const now = await doing.run(async () => {
      try {
        return await api<Passage>('PATCH', '/passages/' + p.id, { text, version: theirs ? theirs.version : draft.base });
      } catch (err) {
        if (err instanceof Failed && err.problem.passage) setTheirs(err.problem.passage);
        throw err;
      }
    });
    if (!now) return;
    draft.drop();
    done(now);
  };
  const cancel = () => { draft.drop(); done(); };
  return <form class="form passage-edit" onSubmit={save} onKeyDown={(e) => { if (e.key === 'Escape') cancel(); }}>
    <label class="field">Text of the passage<textarea rows={Math.min(14, 3 + Math.ceil(p.text.length / 90))} value={text} onInput={(e) => draft.set(e.currentTarget.value)} dir="auto" ref={(el) => { if (el && !el.dataset.met) { el.dataset.met = '1'; el.focus(); } }} /></label>
    {!theirs && <Trouble error={doing.error} />}
    {theirs && <div class="theirs" role="alert"><p>Somebody has changed this passage meanwhile. Nothing was overwritten.</p><h3>As it is stored now{theirs.edited_by ? ', by ' + theirs.edited_by.name : ''}</h3><p class="plain-text" dir="auto">{theirs.text}</p>
      <p class="meta">Your text above is kept. Save again to put it in place of this one.</p></div>}
    <p class="meta">The bot finds the new text at once. Reading the document again puts its own text back.</p>
    <div class="row"><button class="btn main" type="submit" disabled={doing.busy || !text.trim()}>{theirs ? 'Save over it' : 'Save'}</button><button class="btn" type="button" onClick={cancel}>Cancel</button>
      {p.original && <button class="btn quiet" type="button" onClick={() => draft.set(p.original!)}>Put back the original</button>}</div>
  </form>;
}

function PassageRow({ of: p, changed }: { of: Passage; changed: (now: Passage) => void }) {
  const [editing, setEditing] = useState(isKept('passage:' + p.id)), [open, setOpen] = useState(false);
  const hide = async (hidden: boolean, version = p.version) => {
    try {
      const now = await api<Passage>('PATCH', '/passages/' + p.id, { hidden, version });
      changed(now);
      if (hidden) toast('Hidden: the bot does not find it any more', { action: 'Undo', act: () => hide(false, now.version) });
    } catch (err) {
      if (err instanceof Failed && err.problem.passage) changed(err.problem.passage);
      complain(err);
    }
  };
  const place = [p.title ? p.heading : '', p.page ? 'page ' + p.page : ''].filter(Boolean).join(' · ');
  return <li class={'passage' + (p.hidden ? ' off' : '')} aria-label={`Passage ${p.ordinal + 1}`}>
    <div class="passage-head"><span class="n">{p.ordinal + 1}</span><h2 dir="auto" class="grow">{p.title || p.heading || 'Untitled'}</h2>
      {p.hidden && <span class="chip warn">Hidden</span>}{p.edited_at && <span class="chip accent">Edited</span>}{p.entry && <span class="chip">FAQ</span>}</div>
    <p class="meta dots">{place && <span dir="auto">{place}</span>}<span>{plural(p.tokens, 'token')}</span>{p.lang && <span>{p.lang}</span>}
      {p.edited_at && <span>edited by {p.edited_by?.name || 'somebody'} <Moment at={p.edited_at} /></span>}</p>
    {p.error && <p class="error">Found by its words only: {p.error}</p>}
    {editing ? <EditPassage of={p} done={(now) => { setEditing(false); if (now) changed(now); }} /> : <>
      <p class={open || p.text.length < longText ? 'plain-text' : 'clamp'} dir="auto">{p.text}</p>
      {p.text.length >= longText && <button class="btn link" type="button" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? 'Show less' : 'Show all'}</button>}
      {isAdmin.value && <div class="row">{p.entry ? <a class="btn quiet" href={'#/knowledge/faq/' + p.entry}>Edit the entry</a>
        : <button class="btn quiet" type="button" aria-label={`Edit passage ${p.ordinal + 1}`} onClick={() => setEditing(true)}>Edit</button>}
        <button class="btn quiet" type="button" aria-label={`${p.hidden ? 'Show' : 'Hide'} passage ${p.ordinal + 1}`} onClick={() => hide(!p.hidden)}>{p.hidden ? 'Show' : 'Hide'}</button></div>}
    </>}
  </li>;
}

export function DocumentPage({ id }: { id: string }) {
  const doc = useOne<ShelfDoc>('/documents/' + id), list = usePaged<Passage>(`/documents/${id}/passages?limit=50`, 'passages');
  const d = doc.of;
  useEffect(() => on('document', (news: Doc) => {
    if (news.id !== id || !doc.of) return;
    if (underWay(doc.of) && !underWay(news)) list.again();
    doc.set({ ...doc.of, progress: undefined, error: undefined, ...news });
  }), [doc.of]);
  const [label, tone] = (d && states[d.status]) || ['', ''];
  return <section aria-labelledby="title">
    <Back to="knowledge" name="Documents" />
    <Trouble error={doc.error} again={doc.again} />
    {!d ? !doc.error && <Skeleton rows={4} label="Reading the document" /> : <>
      <header class="page-head"><h1 id="title" dir="auto">{d.name}</h1>
        {isAdmin.value && <span class="row tight">{(d.status === 'failed' || d.error) && <button class="btn" type="button" onClick={() => retry(d).then(doc.again)}>Retry</button>}
          <button class="btn quiet bad" type="button" onClick={async () => { if (await remove(d)) go('knowledge'); }}>{underWay(d) && !d.passages ? 'Cancel' : 'Delete'}</button></span>}</header>
      <div class="doc-facts"><span class={'chip ' + tone}>{label}</span><span class="meta dots"><span>{plural(d.passages, 'searchable passage')}</span>{d.bytes > 0 && <span>{size(d.bytes)}</span>}{d.lang && <span>{d.lang}</span>}
        <span>added {exact(d.created_at)}</span><Uses hits={d.hits} last={d.last_used} />{d.review_by && <span class={d.stale ? 'warn' : ''}>{d.stale ? 'review was due ' : 'review by '}{d.review_by}</span>}
        {d.url && <a href={d.url} rel="noopener noreferrer" target="_blank">Open the source</a>}</span></div>
      <Stage of={d} /><Warnings of={d} />
      <Trouble error={list.error} again={list.again} />
      {list.items && (list.items.length ? <><p class="meta count">{count(list.items.length)}{list.next ? '+' : ''} passages in the document's order</p>
        <ol class="cards" aria-label="Passages">{list.items.map((p) => <PassageRow key={p.id} of={p} changed={(now) => list.change((had) => had.map((o) => (o.id === now.id ? now : o)))} />)}</ol></>
        : <Empty text={underWay(d) ? 'Its passages come once it has been read.' : 'It has no passages.'} />)}
      <More of={list} />
    </>}
  </section>;
}
