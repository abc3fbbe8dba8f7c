// The list of conversations: which ones, in what order, and how live events
// change it.
import { batch, computed, effect, signal, untracked } from '@preact/signals';
import { api, Failed, query } from '../api';
import { on } from '../events';
import { plural } from '../format';
import { me, route } from '../store';
import type { Counts, Message, Row, State } from '../types';
import { figure } from './figure';
import { seen } from './mentions';
import { alerted, announce, unheard } from './notice';
import { belongs, before, type View, views } from './views';

export interface Filters { q: string; channel: string; label: string; assignee: string; lang: string; from: string; to: string; priority: string }
export const noFilters: Filters = { q: '', channel: '', label: '', assignee: '', lang: '', from: '', to: '', priority: '' };

const page = 100;
const settleMs = 150;

export const filters = signal<Filters>(noFilters);
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

function matches(r: Row, f: Filters): boolean {
  const words = f.q.trim().toLowerCase();
  return (!words || [r.contact, r.email, r.preview, r.asks].some((s) => s?.toLowerCase().includes(words))) && (!f.channel || r.channel === f.channel);
}

/** Reads the list anew, or its next page. */
export async function load(more = false): Promise<void> {
  if (more && (loading.value || !next.value)) return;
  const mine = ++turn, f = filters.value, v = view.value;
  abort?.abort();
  abort = new AbortController();
  loading.value = more ? 'more' : 'first';
  try {
    if (full.value === null) await recount();
    const cursor = more ? next.value : '';
    const path = v === 'figure' ? figure.peek()!.query + query({ limit: page, cursor }).replace('?', '&')
      : '/conversations' + query({ view: v, ...f, q: f.q.trim(), limit: page, cursor });
    const page1 = await api<{ conversations: Row[]; next?: string }>('GET', path, undefined, { signal: abort.signal });
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
    if (!full.value && next.value && rows.value.length < 20) await load(true);
  } catch (err) {
    if (mine !== turn || !(err instanceof Failed)) return;
    batch(() => { problem.value = err.message; loading.value = ''; });
  }
}

/** Reads how many conversations each view has. */
export async function recount(): Promise<void> {
  if (full.value === false) return;
  try {
    told.value = await api<Counts>('GET', '/conversations/counts');
    full.value = true;
  } catch (err) {
    if (err instanceof Failed && err.status === 404) full.value = false;
  }
}

let countDue = 0;
function countSoon(): void {
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

/** Puts a row where it now belongs. */
export function put(r: Row): void {
  batch(() => {
    const had = rows.value.find((other) => other.id === r.id);
    const merged = had ? { ...had, ...r, match: had.match } : r;
    if (had && JSON.stringify(had) === JSON.stringify(merged)) return; // nothing is another
    const filtered = view.value === 'figure' || JSON.stringify(filters.value) !== JSON.stringify(noFilters);
    if (filtered) {
      if (had) rows.value = rows.value.map((other) => (other.id === r.id ? merged : other));
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

const due = new Map<string, number>();
function readSoon(id: string): void {
  if (due.has(id)) return;
  due.set(id, setTimeout(async () => {
    due.delete(id);
    try {
      renew(await api<Row>('GET', '/conversations/' + id));
    } catch (err) {
      if (!(err instanceof Failed)) throw err; // the next reading of the list shows it
    }
  }, settleMs) as unknown as number);
}

function heardMessage(m: Message): void {
  if (m.author === 'customer') announce(m);
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
}

function heardState(s: State): void {
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
      if (e.stale) load();
      else if (e.row) renew(e.row);
      else rows.value = rows.value.filter((r) => r.id !== e.conversation);
      countSoon();
    }),
    effect(() => {
      const waiting = counts.value.queue || 0, missed = unheard.value;
      document.title = (missed ? `${plural(missed, 'alert')} · ` : '') + (waiting ? `(${waiting}) ` : '') + 'Frontdesk';
    }),
    effect(() => {
      view.value;
      filters.value;
      figure.value;
      if (me.value) untracked(() => { load(); });
    }),
  ];
  return () => ends.forEach((end) => end());
}

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
