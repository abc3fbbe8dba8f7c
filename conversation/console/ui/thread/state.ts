// The open conversation: its messages, what the bot is writing, who looks.
import { batch, computed, effect, signal, untracked } from '@preact/signals';
import { api, Failed, query } from '../api';
import { on } from '../events';
import { current, openId, renew, renewed } from '../inbox/state';
import { complain, me } from '../store';
import type { Attachment, Delivery, Message, Row, State } from '../types';
import { apart, around, holds, wanted } from './around';
import { ahead, messagesAfter, newest, page, recall, remember } from './cache';
import { filed, progress, sorted, unhear } from './merge';
import { looking, typing, watchOthers } from './others';
import { clearUnseen, lookedAgain, saw } from './seen';
import { changes, clearChanges, heardRow, readChanges } from './timeline';
import { drafts, drop, piece, redraft } from './writing';

export { changes, drafts, looking, typing };

/** The conversation as last read; null until it has been. */
export const head = signal<Row | null>(null);
export const messages = signal<Message[]>([]);
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
      apart.value = false;
      clearUnseen();
      clearChanges();
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
    const at = wanted.peek(), shown = messages.peek();
    const found = at && (apart.peek() || !holds(shown, at)) && (head.peek()?.seq ?? Infinity) - page >= at ? await around(id, at, shown, { signal }) : null;
    if (mine !== turn) return;
    if (found) {
      asking = false;
      batch(() => {
        head.value = found.row;
        apart.value = true;
        messages.value = found.list === shown ? shown : sorted(found.list);
        reading.value = false;
      });
      readChanges(id);
      return;
    }
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
    renew(row);
    saw(id, row.seq);
    readChanges(id);
    ahead(id);
  } catch (err) {
    if (mine !== turn || !(err instanceof Failed)) return;
    asking = false;
    if (err.status === 404) remember(id, []);
    batch(() => { trouble.value = err.message; reading.value = false; if (err.status === 404) messages.value = []; });
  }
}

/** The newest message of the open conversation that stands before whoever looks; 0 when
 *  none is known. */
export function newestSeen(): number {
  const all = messages.peek();
  return (apart.peek() ? head.peek()?.seq : all[all.length - 1]?.seq) || 0;
}

export function again(): void {
  if (openId.value) read(openId.value);
}

/** Takes messages that follow those shown. */
export function more(list: Message[]): void { messages.value = sorted([...messages.value, ...list]); }

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
  if (apart.value) {
    head.value = { ...head.value, seq: Math.max(head.value.seq, m.seq) };
    return;
  }
  batch(() => {
    messages.value = sorted([...messages.value, m]);
    if (m.turn && drafts.value.has(m.turn)) drop(m.turn);
    if (m.author === 'customer') typing.value = '';
    if (m.author !== 'system') silenced.value = false; // that one only says who has it
  });
  if (m.author === 'bot' && !m.why) whyOf(m);
  saw(m.conversation, m.seq);
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
      wanted.value; // another message of the same conversation is read anew
      untracked(() => { if (id) read(id); else { turn++; head.value = null; messages.value = []; } });
    }),
    on('open', again),
    on('message', take),
    on('state', takeState),
    on('inbox', ({ row }: { row: Row | null }) => {
      if (row && row.id === openId.value) missed = asking;
      if (row && row.id === head.value?.id) heardRow(row);
      if (row && head.value && row.id === head.value.id && row.epoch >= head.value.epoch) head.value = renewed(head.value, row);
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
  document.addEventListener('visibilitychange', lookedAgain);
  ends.push(() => document.removeEventListener('visibilitychange', lookedAgain));
  return () => ends.forEach((end) => end());
}
