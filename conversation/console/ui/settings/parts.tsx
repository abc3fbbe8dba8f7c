// What the pages of the settings have in common: lists that are read, forms that are
// sent, secrets that are shown once.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api';
import { Empty, Skeleton } from '../parts/bits';
import { confirmed } from '../parts/dialog';
import { Icon } from '../parts/icons';
import { complain, say, toast } from '../store';

export interface List<T> { list: T[] | null; error: string; read: () => Promise<void> }

/** Reads a list, which stands under a member of the answer. */
export function useList<T>(path: string, member: string, wanted = true): List<T> {
  const [list, setList] = useState<T[] | null>(null), [error, setError] = useState(''), turn = useRef(0);
  const read = async () => {
    const mine = ++turn.current;
    try {
      const got = await api('GET', path);
      if (mine !== turn.current) return; // a later answer is newer
      setList(got[member]);
      setError('');
    } catch (err) {
      if (mine === turn.current) setError((err as Error).message);
    }
  };
  useEffect(() => { if (wanted) read(); }, [path, wanted]);
  return { list, error, read };
}

/** Sends a form: says what went wrong in place, empties it when nothing did. */
export function useForm(work: () => Promise<unknown>, keep = false) {
  const [error, setError] = useState(''), [busy, setBusy] = useState(false);
  const submit = async (e: Event) => {
    e.preventDefault();
    const form = e.currentTarget as HTMLFormElement;
    if (busy) return;
    setBusy(true);
    setError('');
    try {
      await work();
      if (!keep) form.reset();
    } catch (err) {
      setError((err as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return { submit, busy, error: error && <p class="error" role="alert">{error}</p> };
}

/** A list as cards, with what stands in its place while it is read, fails or is empty. */
export function Cards<T>({ of, label, empty, item }: { of: List<T>; label: string; empty: string; item: (value: T) => JSX.Element }) {
  return <>
    {of.error && <p class="error" role="alert">{of.error} <button class="btn link" type="button" onClick={of.read}>Try again</button></p>}
    {!of.list ? !of.error && <Skeleton rows={3} label={'Reading: ' + label} />
      : of.list.length ? <ul class="cards items" aria-label={label}>{of.list.map(item)}</ul> : <div class="cards"><Empty text={empty} /></div>}
  </>;
}

/** One part of a page. */
export function Part({ title, about, children }: { title: string; about?: string; children: ComponentChildren }) {
  return <section class="part" aria-label={title}><h2>{title}</h2>{about && <p class="muted">{about}</p>}{children}</section>;
}

export function Copy({ text, what }: { text: string; what: string }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      toast(`Copied: ${what}`);
    } catch {
      toast('This browser does not let a page copy. Select the text and copy it.', { tone: 'bad' }); // not over plain HTTP
    }
  };
  return <button class="btn" type="button" onClick={copy} aria-label={`Copy ${what}`}><Icon of="copy" size={16} />Copy</button>;
}

/** A secret that nobody will be shown again. */
export function Once({ what, text, about, done }: { what: string; text: string; about: string; done: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    field.current?.select();
    say(`${what}. ${about}`);
  }, [text]);
  return <div class="once"><p><b>{about}</b></p>
    <div class="row"><input ref={field} class="grow" readOnly value={text} aria-label={what} onFocus={(e) => e.currentTarget.select()} /><Copy text={text} what={what} /><button class="btn quiet" type="button" onClick={done}>Done</button></div></div>;
}

/** Deletes after asking. */
export async function remove(path: string, title: string, text: string, then: () => unknown, action = 'Delete'): Promise<void> {
  if (!(await confirmed(title, text, action))) return;
  try {
    await api('DELETE', path);
    await then();
  } catch (err) {
    complain(err);
  }
}
