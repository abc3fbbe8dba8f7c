// Lists that come in pages, and what goes wrong with them.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, Failed } from '../api';

export interface Paged<T> { items: T[] | null; next: string; error: string; more: () => void; again: () => void; change: (f: (had: T[]) => T[]) => void }

/** Reads a list page by page, and anew when the address is another. path ends in
 *  what cursor can be added to. */
export function usePaged<T>(path: string, member: string): Paged<T> {
  const [items, setItems] = useState<T[] | null>(null), [next, setNext] = useState(''), [error, setError] = useState('');
  const turn = useRef(0);
  const read = async (cursor: string) => {
    const mine = ++turn.current;
    try {
      const got = await api('GET', path + (cursor ? (path.includes('?') ? '&' : '?') + 'cursor=' + encodeURIComponent(cursor) : ''));
      if (mine !== turn.current) return;
      setItems((had) => (cursor && had ? [...had, ...got[member]] : got[member]));
      setNext(got.next || '');
      setError('');
    } catch (err) {
      if (!(err instanceof Failed)) throw err;
      if (mine === turn.current) setError(err.message);
    }
  };
  useEffect(() => {
    setItems(null);
    read('');
    return () => { turn.current++; };
  }, [path]);
  return { items, next, error, more: () => read(next), again: () => read(''), change: (f) => setItems((had) => (had ? f(had) : had)) };
}

/** Reads one thing, and anew when the address is another; undefined: not here yet. */
export function useOne<T>(path: string): { of: T | undefined; error: string; again: () => Promise<void>; set: (v: T) => void } {
  const [of, set] = useState<T | undefined>(undefined), [error, setError] = useState('');
  const turn = useRef(0);
  const again = async () => {
    const mine = ++turn.current;
    try {
      const got = await api<T>('GET', path);
      if (mine !== turn.current) return;
      set(got);
      setError('');
    } catch (err) {
      if (!(err instanceof Failed)) throw err;
      if (mine === turn.current) setError(err.message);
    }
  };
  useEffect(() => {
    set(undefined);
    again();
    return () => { turn.current++; };
  }, [path]);
  return { of, error, again, set: (v) => { turn.current++; set(v); } };
}

export function Trouble({ error, again }: { error: string; again?: () => void }) {
  if (!error) return null;
  return <p class="error" role="alert">{error} {again && <button class="btn link" type="button" onClick={again}>Try again</button>}</p>;
}

export function More({ of }: { of: Pick<Paged<unknown>, 'next' | 'more'> }) {
  return of.next ? <button class="btn middle" type="button" onClick={of.more}>Show more</button> : null;
}

/** Runs what a person asked for, one at a time, and keeps what went wrong with it. */
export function useDoing(): { busy: boolean; error: string; clear: () => void; run: <T>(what: () => Promise<T>) => Promise<T | undefined> } {
  const [busy, setBusy] = useState(false), [error, setError] = useState('');
  const run = async <T,>(what: () => Promise<T>): Promise<T | undefined> => {
    setBusy(true);
    setError('');
    try {
      return await what();
    } catch (err) {
      if (!(err instanceof Failed)) throw err;
      setError(err.message);
      return undefined;
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, clear: () => setError(''), run };
}

/** What is typed, once it has rested for a moment. */
export function useRested(value: string, ms = 250): string {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), ms);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}

export function Back({ to, name }: { to: string; name: string }) {
  return <a class="back-link" href={'#/' + to}>‹ {name}</a>;
}
