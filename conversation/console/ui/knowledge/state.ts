// The documents, kept live by the server's events.
import { batch, signal } from '@preact/signals';
import { api, Failed, query } from '../api';
import { on } from '../events';
import { complain, say } from '../store';
import type { Doc } from '../types';
import { confirmed } from '../parts/dialog';

const page = 100;
export const docs = signal<Doc[]>([]);
export const more = signal('');
export const reading = signal(true);
export const trouble = signal('');

export const states: Record<string, [string, string]> = {
  queued: ['Waiting', 'accent'], extracting: ['Reading', 'accent'], embedding: ['Indexing', 'accent'], ready: ['Ready', 'ok'], failed: ['Failed', 'bad'],
};
export const underWay = (d: Doc): boolean => d.status !== 'ready' && d.status !== 'failed';

export async function load(next = false): Promise<void> {
  try {
    const got = await api<{ documents: Doc[]; next?: string }>('GET', '/documents' + query({ limit: page, cursor: next ? more.value : '' }));
    batch(() => {
      docs.value = next ? [...docs.value, ...got.documents] : got.documents;
      more.value = got.next || '';
      reading.value = false;
      trouble.value = '';
    });
  } catch (err) {
    if (!(err instanceof Failed)) throw err;
    batch(() => { trouble.value = err.message; reading.value = false; });
  }
}

function heard(d: Doc): void {
  const had = docs.value.find((other) => other.id === d.id);
  if (!had) {
    if (underWay(d)) docs.value = [d, ...docs.value];
    return;
  }
  if (had.status !== d.status && !underWay(d)) say(`${d.name}: ${states[d.status]?.[0] || d.status}`);
  docs.value = docs.value.map((other) => (other.id === d.id ? { ...other, ...d } : other));
}

export function watch(): () => void {
  load();
  const ends = [on('open', () => load()), on('document', heard)];
  return () => ends.forEach((end) => end());
}

export async function retry(d: Doc): Promise<void> {
  try {
    heard(await api<Doc>('POST', `/documents/${d.id}/retry`));
  } catch (err) {
    complain(err);
  }
}

export async function remove(d: Doc): Promise<void> {
  if (!(await confirmed(`Delete ${d.name}?`, 'The bot stops using it at once. This cannot be undone.', 'Delete'))) return;
  try {
    await api('DELETE', '/documents/' + d.id);
  } catch (err) {
    if (!(err instanceof Failed) || err.status !== 404) return complain(err); // gone already is what was wanted
  }
  docs.value = docs.value.filter((other) => other.id !== d.id);
  say(d.name + ' deleted');
}
