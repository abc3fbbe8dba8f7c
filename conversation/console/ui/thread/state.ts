// The open conversation: its messages, what the bot is writing, who looks.
import { batch, computed, effect, signal, untracked } from '@preact/signals';
import { api, Failed, query } from '../api';
import { on } from '../events';
import { current, markRead, openId, put } from '../inbox/state';
import { complain, me } from '../store';
import type { Attachment, Delivery, Message, Row, State } from '../types';
import { changes, readChanges } from './changes';
import { ahead, messagesAfter, newest, page, recall, remember } from './cache';
import { filed, progress, sorted, unhear } from './merge';
import { looking, typing, watchOthers } from './others';

export { changes, looking, typing };

/** The conversation as last read; null until it has been. */
export const head = signal<Row | null>(null);
export const messages = signal<Message[]>([]);
/** What the bot is writing, by turn. */
export const drafts = signal<ReadonlyMap<string, string>>(new Map());
export const reading = signal(false);
export const trouble = signal('');
export const earliest = computed(() => messages.value[0]?.seq ?? 0);
/** Set when the bot was stopped in the middle of an answer. */
export const silenced = signal(false);

export const mine = computed(() => !!head.value && head.value.owner === 'staff' && head.value.staff?.id === me.value?.id);

/** The newest message of ours that the customer has read. */
export const seenUpTo = computed(() => {
  const upTo = head.value?.seen_seq || 0;
  return messages.value.reduce((seq, m) => ((m.author === 'bot' || m.author === 'staff') && !m.note && m.seq <= upTo ? m.seq : seq), 0);
});

let turn = 0;
let abort: AbortController | null = null;

// What is kept is read anew when somebody stays with it, not with each step past it.
const restMs = 120;

/** Whether the open conversation is being read, and something of it was heard meanwhile that the answer may not know. */
let asking = false;
let missed = false;

let whole = ''; // the conversation whose newest page was read since it was opened

async function read(id: string): Promise<void> {
  const mine = ++turn, same = head.peek()?.id === id, had = same ? undefined : recall(id);
  abort?.abort();
  abort = new AbortController();
  if (!same && whole) remember(whole, messages.peek()); // with what was heard since it was read
  batch(() => {
    reading.value = !same && !had;
    trouble.value = '';
    if (!same) {
      whole = '';
      drafts.value = new Map();
      unhear();
      head.value = current.peek();
      messages.value = had || [];
      changes.value = [];
      typing.value = '';
      looking.value = [];
      silenced.value = false;
    }
  });
  const { signal } = abort;
  if (had) {
    setTimeout(() => { if (mine === turn) ahead(id); });
    await new Promise((rested) => setTimeout(rested, restMs));
    if (mine !== turn) return; // on the way to another
  }
  const before = drafts.peek();
  asking = true;
  missed = false;
  unhear(); // what is read is newer; what is heard from now on is newer still
  try {
    const known = head.peek()?.seq, last = whole === id ? messages.peek()[messages.peek().length - 1] : undefined;
    const underWay = last && messages.peek().find((m) => m.delivery?.state === 'pending');
    const read = api<Row>('GET', '/conversations/' + id, undefined, { signal });
    const rest = (seq: number) => (last ? messagesAfter(id, underWay ? underWay.seq - 1 : last.seq, signal) : newest(id, seq, signal));
    let [row, list] = known !== undefined ? await Promise.all([read, rest(known)]) : await read.then(async (r) => [r, await rest(r.seq)] as const);
    const end = list.length ? list[list.length - 1].seq : last?.seq || 0;
    if (end < row.seq) list = [...list, ...(await messagesAfter(id, end, signal))]; // written meanwhile
    if (mine !== turn) return;
    const newer = head.value?.id === id && head.value.epoch > row.epoch;
    batch(() => {
      if (!newer) head.value = row;
      redraft(row, before, list);
      const shown = messages.value, gap = !last && list.length > 0 && shown.length > 0 && shown[shown.length - 1].seq + 1 < list[0].seq;
      messages.value = sorted([...(gap ? [] : shown), ...list]);
      reading.value = false;
    });
    whole = id;
    remember(id, messages.peek());
    asking = false;
    if (missed) return again();
    put(row);
    markRead(id, row.seq);
    readChanges(id);
    ahead(id);
  } catch (err) {
    if (mine !== turn || !(err instanceof Failed)) return;
    asking = false;
    if (err.status === 404) remember(id, []);
    batch(() => { trouble.value = err.message; reading.value = false; if (err.status === 404) messages.value = []; });
  }
}

/** Brings what the bot is writing to what was read: before is what was shown when that was asked for. */
function redraft(row: Row, before: ReadonlyMap<string, string>, stored: Message[]): void {
  const next = new Map(drafts.peek()), d = row.draft;
  for (const [of, text] of before) if (of !== d?.turn && next.get(of) === text) next.delete(of);
  if (d && d.text.length > (next.get(d.turn) || '').length) next.set(d.turn, d.text);
  for (const m of stored) if (m.turn) next.delete(m.turn);
  drafts.value = next;
  behind = '';
}

/** The turn of which the beginning is being read. */
let behind = '';

/**
 * Adds a piece of an answer. What was read may hold some of it already; where the
 * beginning is missing, the whole is read.
 */
function piece(e: { turn: string; text: string; at?: number }): void {
  const at = e.at || 0, have = drafts.peek().get(e.turn) || '', overlap = have.slice(at);
  if (at > have.length) {
    if (behind !== e.turn) again();
    behind = e.turn;
    return;
  }
  let text = have + e.text;
  if (e.text.startsWith(overlap)) text = have + e.text.slice(overlap.length);
  else if (overlap.startsWith(e.text)) text = have;
  drafts.value = new Map(drafts.peek()).set(e.turn, text);
}

export function again(): void {
  if (openId.value) read(openId.value);
}

/** Reads the messages before those shown. */
export async function readEarlier(): Promise<void> {
  const id = openId.value, first = earliest.value;
  if (first <= 1) return;
  const list = await api<{ messages: Message[] }>('GET', `/conversations/${id}/messages` + query({ after: Math.max(0, first - 1 - page) || '', limit: page }));
  if (id === openId.value) messages.value = sorted([...list.messages, ...messages.value]);
}

/** Takes a message that was stored, by us or by anybody. */
export function take(m: Message): void {
  if (m.conversation !== openId.value) return;
  if (!head.value) missed = asking;
  if (!head.value) return;
  batch(() => {
    messages.value = sorted([...messages.value, m]);
    if (m.turn && drafts.value.has(m.turn)) drop(m.turn);
    if (m.author === 'customer') typing.value = '';
    silenced.value = false;
  });
  if (m.author === 'bot' && !m.why) whyOf(m);
  if (!document.hidden) markRead(m.conversation, m.seq);
}

/** The stream sends an answer without its reasons; the log has them. */
async function whyOf(m: Message): Promise<void> {
  try {
    const list = await api<{ messages: Message[] }>('GET', `/conversations/${m.conversation}/messages` + query({ after: m.seq - 1 || '', limit: 1 }));
    if (m.conversation === openId.value && list.messages.length) messages.value = sorted([...messages.value, ...list.messages]);
  } catch (err) {
    if (!(err instanceof Failed)) throw err; // the reasons are read with the log the next time
  }
}

/** Notes how the delivery of a message stands now. */
function delivered(seq: number, d: Delivery): void {
  progress.set(seq, d);
  messages.value = sorted(messages.value);
}

/** Has a delivery that failed tried again. */
export async function redeliver(m: Message): Promise<void> {
  const had = progress.get(m.seq);
  try {
    const d = await api<Delivery>('POST', `/conversations/${m.conversation}/messages/${m.seq}/retry`);
    // What was heard while the answer was on its way is newer than it.
    if (m.conversation === openId.value && progress.get(m.seq) === had) delivered(m.seq, d);
  } catch (err) {
    complain(err);
  }
}

function drop(of: string): void {
  const rest = new Map(drafts.value);
  rest.delete(of);
  drafts.value = rest;
}

/** Takes a change of owner or status. */
export function takeState(s: State): void {
  const had = head.value;
  if (s.conversation === openId.value) missed = asking;
  if (!had || s.conversation !== had.id || s.epoch < had.epoch) return;
  batch(() => {
    if (had.owner === 'bot' && s.owner !== 'bot' && drafts.value.size) {
      drafts.value = new Map();
      silenced.value = true;
    }
    head.value = { ...had, ...s, staff: s.staff, waiting_since: s.waiting_since };
  });
  readChanges(had.id);
}

/** Keeps the open conversation live, until the result is called. */
export function watch(): () => void {
  const ends = [
    effect(() => {
      const id = openId.value;
      untracked(() => { if (id) read(id); else { turn++; head.value = null; messages.value = []; } });
    }),
    on('open', again),
    on('message', take),
    on('state', takeState),
    on('inbox', ({ row }: { row: Row | null }) => {
      if (row && row.id === openId.value) missed = asking;
      if (row && head.value && row.id === head.value.id && row.epoch >= head.value.epoch) head.value = { ...head.value, ...row, staff: row.staff };
    }),
    on('files', (e: { conversation: string; seq: number; attachments: Attachment[] }) => {
      if (e.conversation !== openId.value) return;
      filed.set(e.seq, e.attachments);
      messages.value = sorted(messages.value);
    }),
    on('delivery', (e: { conversation: string; seq: number; delivery: Delivery }) => { if (e.conversation === openId.value) delivered(e.seq, e.delivery); }),
    on('seen', (e: { conversation: string; seq: number }) => {
      if (e.conversation === openId.value) missed = asking;
      if (head.value && e.conversation === head.value.id && e.seq > (head.value.seen_seq || 0)) head.value = { ...head.value, seen_seq: e.seq };
    }),
    on('delta', (e: { conversation: string; turn: string; text: string; at?: number }) => {
      if (e.conversation === openId.value && head.value?.owner === 'bot') piece(e);
    }),
    on('discard', (e: { conversation: string; turn: string }) => { if (e.conversation === openId.value) drop(e.turn); }),
    ...watchOthers(),
  ];
  return () => ends.forEach((end) => end());
}
