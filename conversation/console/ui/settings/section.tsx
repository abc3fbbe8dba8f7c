// One section of the settings as a form: what is stored, what somebody is making of it,
// and what becomes of both when a colleague was first.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { api, Failed } from '../api';
import { Skeleton } from '../parts/bits';
import { toast } from '../store';

interface Versioned { version: number }

export interface Section<T> {
  /** As it is being changed; null until it was read. */
  value: T | null;
  set: (change: Partial<T>) => void;
  changed: boolean;
  busy: boolean;
  error: string;
  /** What a colleague stored meanwhile. */
  theirs: T | null;
  read: () => Promise<void>;
  save: () => Promise<void>;
  keepMine: () => Promise<void>;
  takeTheirs: () => void;
  drop: () => void;
}

export function useSection<T extends Versioned>(name: string): Section<T> {
  const [stored, setStored] = useState<T | null>(null), [value, setValue] = useState<T | null>(null), [theirs, setTheirs] = useState<T | null>(null);
  const [busy, setBusy] = useState(false), [error, setError] = useState('');
  const path = '/settings/' + name;
  const adopt = (v: T) => { setStored(v); setValue(v); setTheirs(null); setError(''); };
  const read = async () => {
    try {
      adopt(await api<T>('GET', path));
    } catch (err) {
      setError((err as Error).message);
    }
  };
  const put = async (version: number) => {
    if (busy || !value) return;
    setBusy(true);
    setError('');
    try {
      adopt(await api<T>('PUT', path, { ...value, version }));
      toast('Saved', { ms: 2500 });
    } catch (err) {
      if (!(err instanceof Failed)) throw err;
      if (err.code === 'version_changed') await compare();
      else setError(err.message);
    } finally {
      setBusy(false);
    }
  };
  const compare = async () => {
    try {
      setTheirs(await api<T>('GET', path));
    } catch (err) {
      setError((err as Error).message);
    }
  };
  useEffect(() => { read(); }, [path]);
  return {
    value, busy, error, theirs, read,
    changed: JSON.stringify(value) !== JSON.stringify(stored),
    set: (change) => setValue((had) => had && { ...had, ...change }),
    save: () => put(stored!.version), keepMine: () => put(theirs!.version), takeTheirs: () => adopt(theirs!),
    drop: () => { if (stored) adopt(stored); },
  };
}

/** The frame of a section's form. lines says a state in words, one fact a line, so that
 *  two of them can be told apart. */
export function SectionForm<T extends Versioned>({ of: s, label, wrong, lines, children }:
  { of: Section<T>; label: string; wrong?: boolean; lines: (v: T) => string[]; children: ComponentChildren }) {
  const clash = useRef<HTMLDivElement>(null);
  useEffect(() => { if (s.theirs) clash.current?.focus(); }, [s.theirs]);
  if (!s.value) {
    return s.error ? <p class="error" role="alert">{s.error} <button class="btn link" type="button" onClick={s.read}>Try again</button></p> : <Skeleton rows={5} label={'Reading: ' + label} />;
  }
  const submit = (e: Event) => {
    e.preventDefault();
    if (wrong) (e.currentTarget as HTMLElement).querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    else s.save();
  };
  const mine = new Set(lines(s.value)), differ = s.theirs ? lines(s.theirs).filter((l) => !mine.has(l)) : [];
  return <form class="form section" aria-label={label} onSubmit={submit} noValidate>
    {children}
    {s.theirs && <div ref={clash} class="once" role="alert" tabIndex={-1}><p><b>A colleague saved this before you.</b> Nothing of yours is lost: it stands above, and is not stored yet.</p>
      {differ.length > 0 ? <><p>Theirs says:</p><ul class="differ">{differ.map((l) => <li key={l} dir="auto">{l}</li>)}</ul></> : <p>Yours has everything that theirs has.</p>}
      <div class="row"><button class="btn" type="button" disabled={s.busy || wrong} onClick={s.keepMine}>Save mine instead</button><button class="btn quiet" type="button" onClick={s.takeTheirs}>Take theirs</button></div></div>}
    {s.error && <p class="error" role="alert">{s.error}</p>}
    <div class="row foot-bar"><button class="btn main" type="submit" disabled={s.busy || !s.changed || !!s.theirs}>Save</button>
      {s.changed && <><button class="btn quiet" type="button" onClick={s.drop}>Undo changes</button><span class="meta" role="status">{wrong ? 'Something above is not right yet.' : 'Not saved yet.'}</span></>}</div>
  </form>;
}
