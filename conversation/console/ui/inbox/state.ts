// The list of conversations: which ones, in what order, and how live events
// change it.
import { batch, computed, effect, signal, untracked } from '@preact/signals';
import { api, Failed, query } from '../api';
import { on } from '../events';
import { plural } from '../format';
import { me, route } from '../store';
import type { Counts, Message, Row, State } from '../types';
import { figure } from './figure';
import { asked, filters, matches, narrowed } from './filters';
import { hear, missed, readSoon } from './late';
import { alerted, announce, unheard } from './notice';
import { regularly, soon } from '../parts/soon';
import { belongs, before, type View, views } from './views';

const page = 100;
// A narrowed list is read anew at most so often, and at most so many pages of it.
const relistMs = 800;
const relistPages = 5;
const droppedMs = 20_000; // how often it is asked who waits for us by now

export const rows = signal<Row[]>([]);
export const loading = signal<'' | 'first' | 'more'>('first');
export const problem = signal('');
export const next = signal('');
/** Whether the server knows views, search and counts. */
export const full = signal<boolean | null>(null);
const told = signal<Counts | null>(null);

export const view = computed<View>(() => {
  const name = route.value[0] === 'inbox' ? (route.value[1] as View) : 'queue';
  return views.some((v) => v.name === name) || (name === 'figure' && figure.value) ? name : 'queue';
});
export const openId = computed(() => (route.value[0] === 'inbox' ? route.value[2] || '' : ''));
export const current = computed(() => rows.value.find((r) => r.id === openId.value) || null);

const everything = signal<Row[]>([]); // what an older server listed, of all views
export const counts = computed<Partial<Record<View, number>>>(() => {
  if (told.value) return { ...told.value };
  const out: Partial<Record<View, number>> = {};
  for (const v of views) out[v.name] = everything.value.filter((r) => belongs(v.name, r)).length;
  return out;
});

let turn = 0;
let abort: AbortController | null = null;

/** Reads a page of what is to be listed. */
function pageOf(cursor: string, signal: AbortSignal): Promise<{ conversations: Row[]; next?: string }> {
  const path = view.value === 'figure' ? figure.peek()!.query + query({ limit: page, cursor }).replace('?', '&')
    : '/conversations' + query({ view: view.value, ...asked(filters.value), limit: page, cursor });
  return api('GET', path, undefined, { signal });
}

/** Reads the list anew, or its next page. */
export async function load(more = false): Promise<void> {
  if (more && (loading.value || !next.value)) return;
  const mine = ++turn, f = filters.value, v = view.value;
  abort?.abort();
  abort = new AbortController();
  loading.value = more ? 'more' : 'first';
  missed.clear();
  try {
    if (full.value === null) await recount();
    const page1 = await pageOf(more ? next.value : '', abort.signal);
    if (mine !== turn) return;
    batch(() => {
      if (!full.value) everything.value = more ? [...everything.value, ...page1.conversations] : page1.conversations;
      const fit = full.value ? page1.conversations : page1.conversations.filter((r) => belongs(v, r) && matches(r, f));
      const had = new Set(more ? rows.value.map((r) => r.id) : []);
      rows.value = more ? [...rows.value, ...fit.filter((r) => !had.has(r.id))] : fit;
      next.value = page1.next || '';
      problem.value = '';
      loading.value = '';
    });
    missed.forEach(readSoon);
    if (!full.value && next.value && rows.value.length < 20) await load(true);
  } catch (err) {
    if (mine !== turn || !(err instanceof Failed)) return;
    batch(() => { problem.value = err.message; loading.value = ''; });
  }
}

let counting = 0;
/** Reads how many conversations each view has. */
export async function recount(): Promise<void> {
  if (full.value === false) return;
  const mine = ++counting;
  try {
    const got = await api<Counts>('GET', '/conversations/counts');
    if (mine === counting) told.value = got; // otherwise a later count is on its way
    full.value = true;
  } catch (err) {
    if (err instanceof Failed && err.status === 404) full.value = false;
  }
}

let countDue = 0;
export function countSoon(): void {
  if (!countDue) countDue = setTimeout(() => { countDue = 0; recount(); }, 500) as unknown as number;
}

function inserted(list: Row[], r: Row): Row[] {
  const rest = list.filter((other) => other.id !== r.id);
  if (!belongs(view.value, r)) return r.id === openId.value && rest.length < list.length ? list.map((o) => (o.id === r.id ? r : o)) : rest;
  let at = rest.findIndex((other) => before(view.value, r, other));
  if (at < 0) {
    if (next.value && rest.length === list.length) return list; // it lies on a page not read yet
    at = rest.length;
  }
  return [...rest.slice(0, at), r, ...rest.slice(at)];
}

/** Whether only the server can tell what belongs to the list: what it is narrowed to,
 *  and by its clock who has waited too long. */
const theirs = () => !!full.value && (narrowed() || view.value === 'dropped');

/** Reads anew what is listed, in silence. The open conversation stays where it is. */
async function relist(): Promise<void> {
  if (!theirs()) return;
  if (loading.value) return relistSoon();
  const mine = turn, v = view.value, f = filters.value, shown = rows.value.length, got: Row[] = [];
  const stale = () => mine !== turn || v !== view.value || f !== filters.value;
  let cursor = '';
  try {
    do {
      const p: { conversations: Row[]; next?: string } = await pageOf(cursor, new AbortController().signal);
      if (stale()) return relistSoon();
      got.push(...p.conversations);
      cursor = p.next || '';
    } while (cursor && got.length < Math.min(shown, relistPages * page));
  } catch (err) {
    if (err instanceof Failed) return; // the next change, or the stream's coming back, reads it
    throw err;
  }
  const has = new Set(got.map((r) => r.id)), rest = cursor ? rows.value.slice(got.length).filter((r) => !has.has(r.id)) : [];
  const at = rows.value.findIndex((r) => r.id === openId.value), out = [...got, ...rest];
  if (at >= 0 && !out.some((r) => r.id === openId.value)) out.splice(at, 0, rows.value[at]);
  batch(() => {
    rows.value = out;
    if (!rest.length) next.value = cursor;
  });
}
const relistSoon = soon(relistMs, relist);

/** Takes away what stayed only because it was open. */
function tidy(): void {
  if (theirs()) relistSoon();
  else if (rows.value.some((r) => !belongs(view.value, r) && r.id !== openId.value)) rows.value = rows.value.filter((r) => belongs(view.value, r) || r.id === openId.value);
}

/** Puts a row where it now belongs. */
export function put(r: Row): void {
  batch(() => {
    const had = rows.value.find((other) => other.id === r.id);
    const merged = had ? { ...had, ...r, match: had.match } : r;
    if (had && JSON.stringify(had) === JSON.stringify(merged)) return; // nothing is another
    if (theirs() || narrowed() || view.value === 'figure') {
      if (had) rows.value = rows.value.map((other) => (other.id === r.id ? merged : other));
      relistSoon();
    } else {
      rows.value = inserted(rows.value, merged);
    }
    if (!full.value) everything.value = [merged, ...everything.value.filter((other) => other.id !== r.id)];
  });
}

// What a row leaves out where there is nothing to say.
const absent: Partial<Row> = { staff: undefined, assignee: undefined, team: undefined, waiting_since: undefined, snoozed_until: undefined, reason: undefined, asks: undefined, rating: undefined, comment: undefined };

/** What is known of a conversation, brought to how its row stands now. */
export const renewed = <T extends Row>(had: T, r: Row): T => ({ ...had, ...absent, ...r });

/** Puts a row as the server has just told it. */
export function renew(r: Row): void { put({ ...absent, ...r }); }

/** Changes part of a row that is listed. */
export function patch(id: string, change: Partial<Row>): void {
  const had = rows.value.find((r) => r.id === id) || everything.value.find((r) => r.id === id);
  if (had) put({ ...had, ...change });
}

function heardMessage(m: Message): void {
  hear(m.conversation);
  const known = rows.value.find((r) => r.id === m.conversation);
  if (known && !m.note) {
    const change: Partial<Row> = { preview: m.text, preview_author: m.author, updated_at: m.at, seq: Math.max(known.seq, m.seq) };
    if (m.author === 'customer') {
      change.customer_at = m.at;
      change.asks = m.text;
      if ((m.conversation !== openId.value || document.hidden) && m.seq > known.seq) change.unread = (known.unread || 0) + 1;
    }
    put({ ...known, ...change });
  }
  if (!full.value || !known) readSoon(m.conversation);
  countSoon();
  if (m.author === 'customer') announce(m, known);
}

function heardState(s: State): void {
  hear(s.conversation);
  const known = rows.value.find((r) => r.id === s.conversation);
  if (known) put({ ...known, ...s, staff: s.staff, waiting_since: s.waiting_since });
  readSoon(s.conversation);
  countSoon();
}

/** Keeps the list live, until the result is called. */
export function watch(): () => void {
  const ends = [
    on('open', () => { load(); recount(); }),
    on('message', heardMessage),
    on('state', heardState),
    on('alert', alerted),
    on('inbox', (e: { conversation?: string; row: Row | null; stale?: boolean }) => {
      const id = e.row?.id || e.conversation;
      if (id) hear(id);
      if (e.stale) load();
      else if (e.row) renew(e.row);
      else rows.value = rows.value.filter((r) => r.id !== e.conversation);
      countSoon();
    }),
    effect(() => {
      const waiting = counts.value.queue || 0, missed = unheard.value;
      document.title = (missed ? `${plural(missed, 'alert')} · ` : '') + (waiting ? `(${waiting}) ` : '') + 'Frontdesk';
    }),
    effect(() => { openId.value; untracked(tidy); }),
    regularly(droppedMs, () => { recount(); if (view.value === 'dropped') relistSoon(); }),
    effect(() => {
      view.value;
      filters.value;
      figure.value;
      if (me.value) untracked(() => { load(); });
    }),
  ];
  return () => ends.forEach((end) => end());
}
