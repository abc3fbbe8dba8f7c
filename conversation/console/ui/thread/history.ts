// What the reader's customer said in other conversations.
import { signal } from '@preact/signals';
import { api } from '../api';
import type { Message, Row } from '../types';

/** What the same person said in other conversations before, oldest first; null until asked for. */
export const history = signal<Message[] | null>(null);

/** Reads the last page of it; still tells whether the conversation is open when it has come. */
export async function readHistory(h: Row, still: () => boolean): Promise<void> {
  if (!h.contact_id) return;
  const list = await api<{ messages: Message[] }>('GET', `/contacts/${h.contact_id}/messages`);
  if (still()) history.value = list.messages.filter((m) => m.conversation !== h.id && m.at < h.created_at);
}
