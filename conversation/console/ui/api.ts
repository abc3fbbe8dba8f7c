// Calling the server. A session that has ended is told to whoever listens, once
// for all callers.
import { signal } from '@preact/signals';

/** What the server said last when it would not take the caller for who they were. */
export const signedOut = signal<Failed | null>(null);

/** On whose behalf the page calls. */
let caller = { account: '' };

/** Says that an account has signed in, or with nothing that nobody is. */
export function callAs(account: string): void { caller = { account }; }

export interface Named { headers: Record<string, string>; current: () => boolean }

/** What a call is made with. Tabs share a cookie: where somebody else signs in in
 *  another one, the server acts for neither in the name of the other. An answer that
 *  comes once its caller is not the current one says nothing of who has signed in since. */
export function named(): Named {
  const by = caller;
  return { headers: by.account ? { 'Frontdesk-Account': by.account } : {}, current: () => by === caller };
}

/** What the server, or the way to it, said instead of an answer. */
export class Failed extends Error {
  constructor(readonly status: number, readonly code: string, message: string, readonly takenBy?: { id: string; name: string }, readonly problem: any = {}) {
    super(message);
  }

  /** Nothing was heard from the server, so trying again may help. */
  get unreachable(): boolean { return this.status === 0 || this.status >= 502; }
}

/** Makes an error of an answer, and tells of a session that ended where it is the caller's. */
export async function failure(status: number, read: () => Promise<any> | any, by: Named, quiet = false): Promise<Failed> {
  let problem: any = {};
  try {
    problem = await read();
  } catch {
    // something in between answered; the status says enough
  }
  const failed = new Failed(status, problem.code || '', problem.detail || problem.title || `The server answered ${status}.`, problem.taken_by, problem);
  if (status === 401 && !quiet && by.current()) signedOut.value = failed;
  return failed;
}

export interface Call { keepalive?: boolean; signal?: AbortSignal; quiet401?: boolean; headers?: Record<string, string> }

/** Calls the API and returns what it answers; null when there is nothing to say. */
export async function api<T = any>(method: string, path: string, body?: unknown, call: Call = {}): Promise<T> {
  const by = named(), headers: Record<string, string> = { Accept: 'application/json', ...by.headers, ...call.headers };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let res: Response;
  try {
    res = await fetch('/api/v1' + path, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body), keepalive: call.keepalive, signal: call.signal,
    });
  } catch (err) {
    if ((err as Error).name === 'AbortError') throw err;
    throw new Failed(0, 'unreachable', 'The server cannot be reached.');
  }
  if (res.ok) return res.status === 204 ? (null as T) : res.json();
  throw await failure(res.status, () => res.json(), by, call.quiet401);
}

/** How long what was read with optional is taken for what is: colleagues change it too. */
export const keptMs = 29_000;

const kept = new Map<string, { at: number; answer: Promise<unknown> }>();

/** Reads what an older server may not have: null when it does not. What was read
 *  under a key is not read again for keptMs; forget drops it. */
export function optional<T>(path: string, key = path): Promise<T | null> {
  const now = Date.now();
  for (const [k, had] of kept) if (now - had.at >= keptMs) kept.delete(k);
  let had = kept.get(key);
  if (!had) {
    const fresh = { at: now, answer: api('GET', path).catch((err) => {
      if (err instanceof Failed && (err.status === 404 || err.status === 405)) return null;
      if (kept.get(key) === fresh) kept.delete(key);
      if (err instanceof Failed) return null;
      throw err;
    }) };
    kept.set(key, had = fresh);
  }
  return had.answer as Promise<T | null>;
}

export function forget(key?: string): void {
  if (key) kept.delete(key);
  else kept.clear();
}

/** query writes parameters, leaving out the empty ones. */
export function query(values: Record<string, string | number | undefined | null>): string {
  const q = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== null && value !== '') q.set(name, String(value));
  const s = q.toString();
  return s ? '?' + s : '';
}
