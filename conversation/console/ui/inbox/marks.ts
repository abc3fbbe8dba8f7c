// How far the reader has seen each conversation.
import { api, Failed } from '../api';
import { seen } from './mentions';
import { countSoon, full, patch, rows } from './state';

let marking: Promise<void> = Promise.resolve();

/** Waits until the server knows what has been read so far. */
export const marked = (): Promise<void> => marking;

/** Marks a conversation as read as far as the reader has seen. */
export function markRead(id: string, seq: number): void {
  const had = rows.value.find((r) => r.id === id);
  if (had?.unread) patch(id, { unread: 0 });
  if (full.value) marking = marking.then(() => tellRead(id, seq));
}

async function tellRead(id: string, seq: number): Promise<void> {
  try {
    await api('POST', `/conversations/${id}/read`, { seq });
    seen(id, seq);
    countSoon();
  } catch (err) {
    if (!(err instanceof Failed)) throw err; // it stays unread, which harms nobody
  }
}
