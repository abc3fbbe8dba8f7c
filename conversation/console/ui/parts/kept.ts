// What is typed into a long form and not saved yet. It outlives leaving the page and a
// session that ended, for whoever typed it, and ends with saving, discarding or signing out.
import { useEffect, useRef, useState } from 'preact/hooks';
import { leavers, me, toast } from '../store';

type Version = string | number;
interface Draft { value: unknown; base: Version }
const drafts = new Map<string, Draft>();
const told = new Map<string, () => void>(); // closes the line that says so

addEventListener('beforeunload', (e) => { if (drafts.size) e.preventDefault(); });
leavers.push({ ask: async () => true, gone: () => drafts.clear() });

const own = (name: string): string => me.peek()?.id + ' ' + name;

export const isKept = (name: string): boolean => drafts.has(own(name));

/** The rest of the first name that begins so, of those under which something is kept. */
export function keptBelow(prefix: string): string | undefined {
  const mine = own(prefix);
  for (const name of drafts.keys()) if (name.startsWith(mine)) return name.slice(mine.length);
  return undefined;
}

export interface Kept<T> {
  value: T;
  /** What was stored when writing began; base as given while nothing is kept. */
  base: Version;
  dirty: boolean;
  set: (value: T) => void;
  /** Goes back to what is stored, or to what is given as stored now. */
  drop: (stored?: T) => void;
  /** Goes on with what is typed, over what is stored now. */
  rebase: (base: Version) => void;
}

/** Keeps what is typed under a name, as long as it is other than what is stored. base
 *  tells which version of that is meant. */
export function useKept<T>(place: string, stored: T, base: Version = ''): Kept<T> {
  const who = useRef(me.peek()?.id).current, name = who + ' ' + place, had = drafts.get(name), [value, show] = useState<T>(had ? (had.value as T) : stored), [from, setFrom] = useState<Version>(had ? had.base : base);
  const there = drafts.has(name);
  const now = useRef({ name, stored, base, from });
  now.current = { name, stored, base, from: there ? from : base };
  const put = (next: T, over: Version) => {
    if (JSON.stringify(next) === JSON.stringify(now.current.stored)) drafts.delete(name);
    else drafts.set(name, { value: next, base: over });
    setFrom(over);
    show(next);
  };
  useEffect(() => {
    const here = location.hash;
    told.get(name)?.();
    told.delete(name);
    return () => {
      if (drafts.has(name) && me.peek() && location.hash !== here) told.set(name, toast('What you wrote is kept here, and not saved yet', { action: 'Go back', act: () => { location.hash = here; }, ms: 10_000 }));
    };
  }, [name]);
  return {
    value, base: now.current.from, dirty: there,
    set: (next) => put(next, now.current.from),
    drop: (next = now.current.stored) => {
      drafts.delete(name);
      show(next);
    },
    rebase: (over) => put(value, over),
  };
}
