// The documents, kept live by the server's events.
import { batch, signal } from '@preact/signals';
import { api, Failed, query } from '../api';
import { on } from '../events';
import { confirmed } from '../parts/dialog';
import { complain, say, toast } from '../store';
import type { Doc } from '../types';
import type { ShelfDoc } from './types';

const page = 100;
export const docs = signal<ShelfDoc[]>([]);
export const more = signal('');
export const reading = signal(true);
export const trouble = signal('');
/** How often something was deleted here or came back: whoever lists what was deleted reads it anew. */
export const deletions = signal(0);

export interface Filter { q: string; status: string; kind: string; lang: string; stale: string }
export const anything: Filter = { q: '', status: '', kind: '', lang: '', stale: '' };
export const filter = signal<Filter>(anything);
export const filtered = (): boolean => Object.values(filter.value).some(Boolean);

export const states: Record<string, [string, string]> = {
  queued: ['Waiting', 'accent'], extracting: ['Reading', 'accent'], embedding: ['Indexing', 'accent'], ready: ['Ready', 'ok'], failed: ['Failed', 'bad'],
};
export const underWay = (d: Pick<Doc, 'status'>): boolean => d.status !== 'ready' && d.status !== 'failed';

let turn = 0;

export async function load(next = false): Promise<void> {
  const mine = ++turn;
  try {
    const got = await api<{ documents: ShelfDoc[]; next?: string }>('GET', '/documents' + query({ limit: page, ...filter.value, cursor: next ? more.value : '' }));
    if (mine !== turn) return;
    batch(() => {
      docs.value = next ? [...docs.value, ...got.documents] : got.documents;
      more.value = got.next || '';
      reading.value = false;
      trouble.value = '';
    });
  } catch (err) {
    if (!(err instanceof Failed)) throw err;
    if (mine === turn) batch(() => { trouble.value = err.message; reading.value = false; });
  }
}

export function narrow(by: Partial<Filter>): void {
  filter.value = { ...filter.value, ...by };
  load();
}

export function heard(d: Doc): void {
  const had = docs.value.find((other) => other.id === d.id);
  if (!had) {
    if (underWay(d) && !filtered()) docs.value = [d, ...docs.value];
    return;
  }
  if (had.status !== d.status && !underWay(d)) say(`${d.name}: ${states[d.status]?.[0] || d.status}`);
  docs.value = docs.value.map((other) => (other.id === d.id ? { ...other, progress: undefined, error: undefined, ...d } : other));
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

/** Deletes a document, or cancels one that has not come far enough to be found; true when it is gone. */
export async function remove(d: Doc): Promise<boolean> {
  const fresh = underWay(d) && !d.passages;
  const sure = await (fresh ? confirmed(`Cancel ${d.name}?`, 'It is not taken in. Upload it again to begin anew.', 'Cancel it')
    : confirmed(`Delete ${d.name}?`, 'The bot stops using it at once. It can be restored for 30 days from the list of deleted documents.', 'Delete'));
  if (!sure) return false;
  try {
    await api('DELETE', '/documents/' + d.id);
  } catch (err) {
    if (!(err instanceof Failed) || err.status !== 404) { // gone already is what was wanted
      complain(err);
      return false;
    }
  }
  docs.value = docs.value.filter((other) => other.id !== d.id);
  deletions.value++;
  if (fresh) say(d.name + ' cancelled');
  else toast('Deleted: ' + d.name, { action: 'Undo', ms: 10_000, act: () => bringBack(d) });
  return true;
}

/** Restores a deleted document; true when it is back. */
export async function bringBack(d: Doc): Promise<boolean> {
  try {
    await api('POST', `/documents/${d.id}/restore`);
  } catch (err) {
    complain(err);
    return false;
  }
  toast('Restored: ' + d.name);
  deletions.value++;
  load();
  return true;
}
