// What every page needs: who is signed in, where we are, what is to be said.
import { computed, effect, signal } from '@preact/signals';
import { api, callAs, Failed, forget, signedOut } from './api';
import * as events from './events';
import { follow } from './prefs';
import type { Me, Role } from './types';

/** undefined: not asked yet; null: nobody. */
export const me = signal<Me | null | undefined>(undefined);
export const mayAct = computed(() => !!me.value && me.value.role !== 'viewer');
export const isAdmin = computed(() => me.value?.role === 'admin');

/** Notes what has changed of an account, if that is still who is signed in. */
export function changed(id: string, part: Partial<Me>): void {
  if (me.peek()?.id === id) me.value = { ...me.peek()!, ...part };
}

const ranks: Role[] = ['viewer', 'agent', 'admin'];

/** Whether somebody's role takes in another. */
export function allows(who: Me | null | undefined, least: Role): boolean {
  return !!who && ranks.indexOf(who.role) >= ranks.indexOf(least);
}

/** The address after '#', in parts: ['inbox', 'queue', ID]. */
export const route = signal<string[]>(parts());

function parts(): string[] {
  let address = location.hash.replace(/^#\/?/, '');
  try {
    address = decodeURI(address);
  } catch {
    // a lone "%", from whatever wrote the link: it is taken as it stands
  }
  const list = address.split('/').filter(Boolean);
  if (list[0] === 'conversations') return ['inbox', 'all', ...list.slice(1)]; // as links from elsewhere say it
  return list.length ? list : ['inbox'];
}

addEventListener('hashchange', () => { route.value = parts(); });

export function go(...to: string[]): void {
  const hash = '#/' + to.join('/');
  if (location.hash !== hash) location.hash = hash;
  route.value = parts();
}

/** Changes the address without a step for "back". */
export function swap(...to: string[]): void {
  history.replaceState(null, '', '#/' + to.join('/'));
  route.value = parts();
}

/** Says something to a screen reader. */
export function say(text: string): void {
  const said = document.getElementById('said');
  if (said) said.textContent = text;
}

export interface Toast { id: number; text: string; tone?: 'bad'; action?: string; act?: () => void; ends?: () => void }

export const toasts = signal<Toast[]>([]);
let lastToast = 0;

/** Shows a line for some seconds. ends is called when it goes without having been
 *  acted on. Returns what takes it away, as if acted on. */
export function toast(text: string, options: Partial<Toast> & { ms?: number } = {}): () => void {
  const id = ++lastToast;
  toasts.value = [...toasts.value.slice(-2), { ...options, id, text }];
  say(options.action ? `${text}. ${options.action} is possible.` : text);
  const timer = setTimeout(() => close(true), options.ms ?? 6000);
  function close(ran: boolean): void {
    clearTimeout(timer);
    toasts.value = toasts.value.filter((t) => t.id !== id);
    if (ran) options.ends?.();
  }
  return () => close(false);
}

export function dismiss(t: Toast, acted: boolean): void {
  toasts.value = toasts.value.filter((other) => other !== t);
  if (acted) t.act?.();
}

/** Shows what went wrong with something a person asked for. That somebody is signed
 *  out is said once, for all that came of it. */
export function complain(err: unknown): void {
  if (!(err instanceof Error)) throw err;
  if (err instanceof Failed && err.status === 401) return;
  toast(err.message, { tone: 'bad', ms: 8000 });
}

export const panel = signal<'' | 'help' | 'palette' | 'why' | 'assign' | 'snooze' | 'resolve' | 'details'>('');

export async function begin(): Promise<void> {
  try {
    me.value = await api<Me>('GET', '/me', undefined, { quiet401: true });
    events.start(me.value.id);
    follow();
  } catch {
    me.value = null;
  }
}

/** What has a say before a person signs out, and what is cleared away once they have. */
export const leavers: { ask: () => Promise<boolean>; gone: () => void }[] = [];

export async function signOut(): Promise<void> {
  for (const l of leavers) if (!(await l.ask())) return undefined;
  try {
    await api('POST', '/logout');
  } catch (err) {
    return complain(err);
  }
  for (const l of leavers) l.gone();
  return leave();
}

function leave(): void {
  events.stop();
  forget();
  panel.value = '';
  me.value = null;
}

const who = computed(() => me.value?.id || '');
effect(() => callAs(who.value));

effect(() => {
  const why = signedOut.value;
  if (why && me.peek()) {
    toast(why.code === 'other_account' ? why.message : 'Your session has ended. Sign in again.', { tone: 'bad' });
    leave();
  }
});
