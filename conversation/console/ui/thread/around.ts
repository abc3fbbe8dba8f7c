// The way to one message: a search, a mention or a link names it in the address. Where it
// lies further back than the newest page, the messages around it are shown alone, until
// somebody goes on to the newest.
import { computed, signal } from '@preact/signals';
import { api, query } from '../api';
import { openId, view } from '../inbox/state';
import { route, swap } from '../store';
import type { Message, Row } from '../types';
import { page } from './cache';
import { again, earliest, head, messages, more } from './state';

/** The message that the address names; 0 for none. */
export const wanted = computed(() => (route.value[0] === 'inbox' && /^\d{1,15}$/.test(route.value[3] || '') ? Number(route.value[3]) : 0));

/** Whether messages newer than those shown are left out. */
export const apart = signal(false);

export const holds = (list: Message[], seq: number): boolean => list.some((m) => m.seq === seq);

/** Reads a page with the message in its middle; null where it is among the newest, which
 *  are read in their own way. Of what is shown already only the row is read. */
export async function around(id: string, seq: number, shown: Message[], call: { signal: AbortSignal }): Promise<{ row: Row; list: Message[] } | null> {
  const row = await api<Row>('GET', '/conversations/' + id, undefined, call);
  if (apart.peek() && holds(shown, seq)) return { row, list: shown };
  if (seq > row.seq - page) return null;
  const list = await api<{ messages: Message[] }>('GET', `/conversations/${id}/messages` + query({ after: Math.max(0, seq - page / 2) || '', limit: page }), undefined, call);
  return { row, list: list.messages };
}

/** Reads the messages after those shown. */
export async function readLater(): Promise<void> {
  const id = openId.value, last = messages.value[messages.value.length - 1]?.seq || earliest.value;
  const list = await api<{ messages: Message[] }>('GET', `/conversations/${id}/messages` + query({ after: last, limit: page }));
  if (id !== openId.value || !apart.value) return;
  more(list.messages);
  if (list.messages.length < page || last + page >= (head.value?.seq || 0)) {
    apart.value = false;
    again();
  }
}

/** Leaves the message that was looked for, and goes on to the newest. */
export function toNewest(): void {
  const was = apart.peek();
  if (!wanted.peek() && !was) return;
  apart.value = false;
  if (wanted.peek()) swap('inbox', view.peek(), openId.peek());
  else again();
}
