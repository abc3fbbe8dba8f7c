// One section of the settings while somebody changes it. What is typed and not saved
// outlives leaving the page; what a colleague stored meanwhile is put beside it, field
// by field, and neither is lost.
import { useEffect, useRef, useState } from 'preact/hooks';
import { effect } from '@preact/signals';
import { api, Failed } from '../api';
import { complain, go, me, toast } from '../store';
import { pageOf, unsaved } from './unsaved';

export type Value = Record<string, any>;
export type Faults = Record<string, string>;

/** A section as the server has it. */
export interface At { value: Value; version: number; updated_at?: string; updated_by?: { name: string }; pinned?: string[]; fault?: string }

/** How a section becomes what is typed, and back. What is typed is flat: one member for
 *  each thing that two people could change without meeting. */
export interface Shape {
  open: (value: Value) => Value;
  close: (typed: Value) => [Value, Faults];
  label: (key: string) => string;
  show: (key: string, typed: any) => string;
}

/** A field that a colleague changed too; clash when both did. */
export interface Meeting { key: string; mine: any; theirs: any; clash: boolean }

export interface Stored {
  name: string;
  shape: Shape;
  at: At | null;
  typed: Value;
  dirty: boolean;
  busy: boolean;
  error: string;
  faults: Faults;
  met: Meeting[] | null;
  set: (change: Value) => void;
  save: () => Promise<boolean>;
  drop: () => void;
  read: () => Promise<void>;
  restore: (version: number) => Promise<boolean>;
}

interface Draft { at: At; typed: Value; met: Meeting[] | null }
const drafts = new Map<string, Draft>();

let forgetUndo = () => {};

function keep(name: string, draft: Draft | null): void {
  if (draft) drafts.set(name, draft);
  else drafts.delete(name);
  if (unsaved.peek().join() !== [...drafts.keys()].join()) unsaved.value = [...drafts.keys()];
}

addEventListener('beforeunload', (e) => { if (drafts.size) e.preventDefault(); });
effect(() => {
  if (me.value) return;
  drafts.clear(); // another person signs in next, maybe
  unsaved.value = [];
});

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const keys = (...all: Value[]): string[] => [...new Set(all.flatMap((v) => Object.keys(v)))];

/** Where two people changed the same thing, ours stays for the moment. */
function meet(base: Value, mine: Value, theirs: Value): [Value, Meeting[]] {
  const typed: Value = {}, met: Meeting[] = [];
  for (const key of keys(base, mine, theirs)) {
    const changed = !same(mine[key], base[key]), take = changed ? mine[key] : theirs[key];
    if (take !== undefined) typed[key] = take;
    if (!same(theirs[key], base[key]) && !same(mine[key], theirs[key])) met.push({ key, mine: mine[key], theirs: theirs[key], clash: changed });
  }
  return [typed, met];
}

/** Names the field that the server found fault with, as the form has it. */
function faulty(field: string, shape: Shape, typed: Value): string {
  const path = field.startsWith('models.') && !('models' in typed) ? field.slice(7) : field;
  return keys(typed).sort((a, b) => b.length - a.length).find((k) => path === k || path.startsWith(k + '[') || path.startsWith(k + '.')) || '';
}

export function useStored(name: string, shape: Shape): Stored {
  const had = drafts.get(name);
  const [at, setAt] = useState<At | null>(had?.at || null), [typed, setTyped] = useState<Value>(had?.typed || {}), [met, setMet] = useState(had?.met || null);
  const [busy, setBusy] = useState(false), [error, setError] = useState(''), [faults, setFaults] = useState<Faults>({});
  const now = useRef<{ at: At | null; typed: Value; gone: boolean }>({ at, typed, gone: false });

  const hold = (next: At, with_: Value, meeting: Meeting[] | null) => {
    now.current.at = next;
    now.current.typed = with_;
    setAt(next);
    setTyped(with_);
    setMet(meeting);
    keep(name, same(with_, shape.open(next.value)) ? null : { at: next, typed: with_, met: meeting });
  };
  /** Takes in what the server has; what is typed and not saved is kept. */
  const take = (next: At, told = false) => {
    const { at: was, typed: mine } = now.current;
    const theirs = shape.open(next.value);
    if (!was || (was.version === next.version && !drafts.has(name)) || (!told && !drafts.has(name))) return hold(next, theirs, null);
    if (was.version === next.version) return hold(next, mine, met);
    hold(next, ...meet(shape.open(was.value), mine, theirs));
  };
  const fetch_ = async (): Promise<At> => (await api<{ sections: Record<string, At> }>('GET', '/settings')).sections[name];
  const read = async () => {
    try {
      take(await fetch_());
      setError('');
    } catch (err) {
      setError((err as Error).message);
    }
  };
  const put = async (value: Value, version: number): Promise<At> => {
    const { version: next, ...rest } = await api('PUT', '/settings/' + name, { ...value, version });
    return { ...now.current.at, value: rest, version: next, updated_at: new Date().toISOString(), updated_by: { name: me.value!.name }, fault: undefined };
  };
  /** Puts what was stored before in place of what is. */
  const undo = (was: At, version: number) => async () => {
    try {
      const back = await put(was.value, version);
      if (!now.current.gone) hold(back, shape.open(back.value), null);
      toast('Undone: what was there before holds again');
    } catch (err) {
      complain(err);
      if (!now.current.gone) read();
    }
  };
  const stored = (was: At, next: At, text: string) => {
    hold(next, shape.open(next.value), null);
    setFaults({});
    forgetUndo(); // what was stored before is undone through the history
    forgetUndo = toast(text, { action: 'Undo', act: undo(was, next.version), ms: 10_000 });
  };
  /** Says what stood in the way. */
  const refused = async (err: unknown) => {
    if (!(err instanceof Failed)) throw err;
    if (err.code === 'version_changed') {
      setError('');
      try {
        take(await fetch_(), true);
      } catch (again) {
        setError((again as Error).message);
      }
      return;
    }
    const key = err.problem.field ? faulty(err.problem.field, shape, now.current.typed) : '';
    if (key) setFaults({ [key]: said(err.message, err.problem.field, key) });
    else setError(err.message);
  };
  const work = async (does: () => Promise<void>): Promise<boolean> => {
    if (busy || !at) return false;
    setBusy(true);
    setError('');
    try {
      await does();
      return true;
    } catch (err) {
      await refused(err);
      return false;
    } finally {
      setBusy(false);
    }
  };
  useEffect(() => {
    now.current.gone = false;
    read();
    const look = () => { if (!document.hidden && !drafts.has(name)) read(); };
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      now.current.gone = true;
      if (drafts.has(name) && me.peek()) toast('What you changed is kept here, and not saved yet', { action: 'Go back', act: () => go('settings', pageOf[name] || name), ms: 10_000 });
    };
  }, [name]);

  return {
    name, shape, at, typed, busy, error, faults, met, read, dirty: !!at && !same(typed, shape.open(at.value)),
    set: (change) => {
      const next = { ...now.current.typed, ...change };
      for (const k of Object.keys(change)) if (change[k] === undefined) delete next[k];
      setFaults((f) => Object.fromEntries(Object.entries(f).filter(([k]) => !(k in change))));
      hold(now.current.at!, next, met);
    },
    save: () => {
      const [value, wrong] = shape.close(now.current.typed);
      setFaults(wrong);
      if (Object.keys(wrong).length) return Promise.resolve(false);
      return work(async () => { const was = now.current.at!; stored(was, await put(value, was.version), 'Saved'); });
    },
    drop: () => {
      setFaults({});
      setError('');
      if (at) hold(at, shape.open(at.value), null);
    },
    restore: (version) => work(async () => {
      const was = now.current.at!, { version: next, ...value } = await api('POST', `/settings/${name}/restore`, { restore: version, version: was.version });
      stored(was, { ...was, value, version: next, updated_at: new Date().toISOString(), updated_by: { name: me.value!.name }, fault: undefined }, `Version ${version} holds again`);
    }),
  };
}

/** The server begins with the field's name; the form has it above. */
function said(text: string, field: string, key: string): string {
  const rest = text.startsWith(field) ? text.slice(field.length).trim() : text, item = /\[(\d+)\]/.exec(field), part = field.split('.').pop()!;
  return (item ? `Number ${+item[1] + 1} ` : part !== key && field.includes('.') ? part[0].toUpperCase() + part.slice(1) + ' ' : rest.startsWith('are ') ? 'These ' : 'This ') + rest;
}
