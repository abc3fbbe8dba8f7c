// The newest messages of some conversations: of those that were open, and of the one
// that a key would lead to next. They are shown at once and read again behind that.
import { effect } from '@preact/signals';
import { api, Failed, query } from '../api';
import { rows } from '../inbox/state';
import { me } from '../store';
import type { Message, Row } from '../types';

export const page = 100;
const most = 500; // what the server gives at once
const kept = 8; // conversations; a page of the longest messages is about a megabyte

const cache = new Map<string, Message[]>();
const asked = new Map<string, Promise<Message[]>>();
let signedIn = 0; // what was asked for in an earlier session is not kept

effect(() => {
  if (me.value) return;
  signedIn++;
  cache.clear();
  asked.clear();
});

/** Reads the messages after one. */
export async function messagesAfter(id: string, seq: number, signal?: AbortSignal): Promise<Message[]> {
  return (await api<{ messages: Message[] }>('GET', `/conversations/${id}/messages` + query({ after: seq || '', limit: most }), undefined, { signal })).messages;
}

/** Reads the newest page of what is known to have so many messages. */
export function newest(id: string, seq: number, signal?: AbortSignal): Promise<Message[]> {
  return asked.get(id) || messagesAfter(id, Math.max(0, seq - page), signal);
}

export const recall = (id: string): Message[] | undefined => cache.get(id);

export function remember(id: string, list: Message[]): void {
  cache.delete(id); // the one used last stands last
  if (list.length) cache.set(id, list.slice(-page));
  if (cache.size > kept) cache.delete(cache.keys().next().value!);
}

/** Reads a conversation that is likely to be opened next. */
async function foresee(r: Row | undefined): Promise<void> {
  const session = signedIn, had = r && cache.get(r.id);
  if (!r || asked.has(r.id) || (had && had[had.length - 1].seq >= r.seq)) return;
  const reading = messagesAfter(r.id, Math.max(0, r.seq - page));
  asked.set(r.id, reading);
  try {
    const list = await reading;
    if (session === signedIn) remember(r.id, list);
  } catch (err) {
    if (!(err instanceof Failed)) throw err; // it is read when it is opened
  } finally {
    if (asked.get(r.id) === reading) asked.delete(r.id);
  }
}

let from = ''; // the conversation open before
let onward = 1; // the way through the list

/** Reads ahead what the next step leads to. */
export function ahead(id: string): void {
  const list = rows.peek(), at = list.findIndex((r) => r.id === id), before = list.findIndex((r) => r.id === from);
  if (at < 0) return;
  if (before >= 0 && before !== at) onward = Math.sign(at - before);
  from = id;
  foresee(list[at + onward]);
}
