// One stream of events for all tabs of an account. A browser allows six connections to one
// origin, so the tab that holds the lock keeps the stream and passes on what it
// hears; when that tab goes, another gets the lock and connects.
import { signal } from '@preact/signals';
import { api, Failed } from './api';

type Listener = (data: any) => void;

/** True from 3 seconds after the stream broke until it is back. */
export const offline = signal(false);

const kinds = ['message', 'state', 'files', 'delta', 'discard', 'typing', 'presence', 'inbox', 'alert', 'delivery', 'seen', 'document', 'site'];
const listeners = new Map<string, Set<Listener>>();
const graceMs = 3000;
const slowestMs = 30_000;

let channel: BroadcastChannel | null = null;
let stream: EventSource | null = null;
let release: (() => void) | null = null;
let waiting: AbortController | null = null;
let retry = 0;
let late = 0;
let attempts = 0;
let live = false;
let broken = false;

/** Listens to one kind of event. "open" comes whenever something may have been
 *  missed: what is shown is to be read anew. The result ends it. */
export function on(kind: string, listener: Listener): () => void {
  const set = listeners.get(kind) || new Set();
  listeners.set(kind, set.add(listener));
  return () => set.delete(listener);
}

function hear(kind: string, data: any): void {
  if (kind === 'open') up();
  else if (kind === 'down') down();
  for (const listener of listeners.get(kind) || []) listener(data);
}

function tell(kind: string, data?: any): void {
  hear(kind, data);
  channel?.postMessage({ kind, data });
}

function up(): void {
  clearTimeout(late);
  late = 0;
  broken = false;
  offline.value = false;
}

function down(): void {
  broken = true;
  if (!late) late = setTimeout(() => { offline.value = true; }, graceMs) as unknown as number;
}

let shared = ''; // the name under which tabs of one account share a stream

/** Begins to listen for an account, until stop. */
export function start(account: string): void {
  shared = 'frontdesk-events ' + account;
  begin();
}

function begin(): void {
  if (live) return;
  live = true;
  channel = 'BroadcastChannel' in window ? new BroadcastChannel(shared) : null;
  channel?.addEventListener('message', (event) => {
    if (event.data.kind === 'hello') {
      if (stream && broken) channel?.postMessage({ kind: 'down' });
    } else if (live) {
      hear(event.data.kind, event.data.data);
    }
  });
  channel?.postMessage({ kind: 'hello' });
  if (!navigator.locks) return connect(); // not over plain HTTP: each tab has its own
  waiting = new AbortController();
  navigator.locks.request(shared, { signal: waiting.signal }, () => new Promise<void>((resolve) => {
    if (!live) return resolve();
    release = resolve;
    connect();
  })).catch(() => undefined); // stopped before it was our turn
}

export function stop(): void {
  live = false;
  clearTimeout(retry);
  up();
  stream?.close();
  stream = null;
  waiting?.abort();
  release?.();
  release = null;
  channel?.close();
  channel = null;
  attempts = 0;
}

function connect(): void {
  if (!live) return;
  clearTimeout(retry);
  const source = new EventSource('/api/v1/events');
  stream = source;
  source.addEventListener('open', () => {
    attempts = 0;
    tell('open');
  });
  for (const kind of kinds) {
    source.addEventListener(kind, (event) => tell(kind, JSON.parse((event as MessageEvent).data)));
  }
  source.addEventListener('error', () => {
    if (stream !== source) return;
    tell('down');
    source.close(); // its own way of trying again gives up on some answers
    const wait = Math.min(slowestMs, 500 * 2 ** attempts++) * (0.75 + Math.random() / 2);
    retry = setTimeout(again, wait) as unknown as number;
  });
}

/** Tries again, unless the stream broke because nobody is signed in any more. */
async function again(): Promise<void> {
  try {
    await api('GET', '/me');
  } catch (err) {
    if (err instanceof Failed && err.status === 401) return;
  }
  connect();
}

// A page that is left may be kept for "back"; it must not keep the lock.
addEventListener('pagehide', () => {
  if (!live) return;
  stop();
  addEventListener('pageshow', (event) => { if (event.persisted) begin(); }, { once: true });
});

addEventListener('online', () => {
  if (live && broken && (release || !navigator.locks)) {
    attempts = 0;
    stream?.close();
    connect();
  }
});
