// Sending. A message is shown at once, and kept until the server has it; the id it
// carries makes sending it again store it once.
import { computed, effect, signal, untracked } from '@preact/signals';
import { api, Failed, named } from '../api';
import { plural } from '../format';
import { openId } from '../inbox/state';
import { confirmed } from '../parts/dialog';
import { prefs } from '../prefs';
import { complain, go, leavers, me, say, toast } from '../store';
import type { Message, State } from '../types';
import { toNewest } from './around';
import { filesReady, filesWait, putFilesBack, takeFiles } from './attach';
import { draft, mode, text, turnTo, write } from './drafts';
import { mentioned } from './mention';
import { messages, mine, take, takeState } from './state';
import { keep, left, onSettled, release, type Pending } from './unsent';

export { mode, text, turnTo, write, type Mode } from './drafts';
export type { Pending } from './unsent';

/** Of everybody who signed in on this page; each sees their own. */
export const pending = signal<Pending[]>([]);
export const pendingHere = computed(() => pending.value.filter((p) => p.conversation === openId.value && p.by === me.value?.id));

/** Writes into the composer and has its caret stand at a place. It stands there at once:
 *  moved after the next paint it would jump under who writes on. */
export function compose(value: string, caret: number): void {
  write(value);
  const area = document.getElementById('composer') as HTMLTextAreaElement | null;
  if (!area) return;
  area.value = value;
  area.focus();
  area.setSelectionRange(caret, caret);
}

function change(id: string, with_: Partial<Pending> | null): void {
  const had = pending.peek().find((p) => p.id === id);
  if (!had) return;
  const now = with_ && { ...had, ...with_ };
  if (now) keep(now);
  else release(had);
  pending.value = now ? pending.peek().map((p) => (p.id === id ? now : p)) : pending.peek().filter((p) => p.id !== id);
}

/** Whether there is anything to send, and all of it is there. */
export const sendable = computed(() => (mode.value === 'note' ? !!text.value.trim() : !filesWait.value && (filesReady.value || !!text.value.trim())));

/** Sends what is written. A reply can be taken back for some seconds; the bot falls
 *  silent at once, as if it had gone out. */
export async function send(): Promise<void> {
  const value = text.value.trim(), conversation = openId.value, by = me.value?.id;
  if (!sendable.value || !conversation || !by) return;
  const held = mode.value === 'reply' && prefs.value.undo > 0;
  const p: Pending = { id: newId(), by, conversation, mode: mode.value, text: value, at: new Date().toISOString(), state: held ? 'held' : 'sending', files: mode.value === 'reply' ? takeFiles() : undefined };
  keep(p); // before the draft goes
  pending.value = [...pending.value, p];
  write('');
  toNewest();
  if (!held) return deliver(p.id);
  if (!mine.value && !(await claim(conversation))) {
    if (me.value?.id === by) back(p, '');
    return undefined;
  }
  if (!pending.value.includes(p)) return undefined; // taken back meanwhile
  undo.set(p.id, toast('Sending', { action: 'Undo', ms: prefs.value.undo * 1000, act: () => back(p, 'Not sent', true), ends: () => deliver(p.id) }));
  return undefined;
}

const undo = new Map<string, () => void>();

/** Puts a message that was not sent back into the draft of its kind. That is shown when
 *  it was asked for, or nothing else is being written. */
function back(p: Pending, told: string, asked = false): void {
  undo.delete(p.id);
  const had = draft(p.conversation, p.mode);
  write(had ? p.text + '\n' + had : p.text, p.conversation, p.mode);
  putFilesBack(p.files);
  change(p.id, null); // after the draft is kept
  if (asked || !text.value || p.conversation !== openId.value) turnTo(p.mode, p.conversation);
  if (told) say(told);
  if (p.conversation === openId.value) document.getElementById('composer')?.focus();
}

/** Sends at once what could still be taken back. */
export async function flush(keepalive = false): Promise<void> {
  await Promise.all(pending.value.filter((p) => p.state === 'held').map((p) => {
    undo.get(p.id)?.();
    return deliver(p.id, keepalive);
  }));
}

export async function deliver(id: string, keepalive = false): Promise<void> {
  const p = pending.value.find((other) => other.id === id);
  if (!p) return;
  undo.delete(id);
  change(id, { state: 'sending', error: undefined });
  const by = named();
  try {
    const more = p.mode === 'note' ? { mentions: await mentioned(p.text) } : p.files?.length ? { attachments: p.files.map((f) => f.at!.id) } : {};
    if (!by.current()) throw new Failed(401, 'unauthenticated', ''); // or it would go out in the name of who signed in since
    const m = await api<Message>('POST', `/conversations/${p.conversation}/${p.mode}`, { text: p.text, id: p.id, ...more }, { keepalive });
    change(id, null);
    take(m);
  } catch (err) {
    if (!(err instanceof Failed)) throw err;
    if (err.takenBy && p.by === me.value?.id) {
      back(p, '');
      complain(new Error(`${err.takenBy.name} has this conversation. Your text is still here.`));
    } else {
      const why = err.status === 401 ? 'Your session ended before it was sent.' : err.message;
      change(id, { state: 'failed', error: why });
      say('Not sent: ' + why);
    }
  }
}

/** Gives a failed message up and keeps its text as the draft. */
export function revise(p: Pending): void { back(p, '', true); }

// A page that was left a moment ago has most likely sent it, and again does no harm. Of
// what is older its writer decides anew.
const freshMs = 2 * 60_000;

/** Takes up what somebody who has signed in could not send before. */
async function restore(who: string): Promise<void> {
  const found = await left(who);
  if (me.peek()?.id !== who) return;
  for (const p of found) {
    const goOn = p.state === 'sending' && Date.now() - Date.parse(p.at) < freshMs;
    const now: Pending = goOn ? p : { ...p, state: 'failed', error: p.error || 'The page was closed before it was sent.' };
    keep(now);
    pending.value = [...pending.peek(), now];
    if (goOn) deliver(p.id);
  }
  const lost = pending.peek().filter((p) => p.by === who && p.state === 'failed' && p.conversation !== openId.peek());
  if (lost.length) toast(plural(lost.length, 'message') + ' of yours could not be sent', { tone: 'bad', ms: 12_000, action: 'Show', act: () => go('inbox', 'all', lost[0].conversation) });
}

/** A session that ended sends nothing more: what was held waits for its writer. */
function ended(): void {
  for (const p of pending.peek()) if (p.state === 'held') {
    undo.get(p.id)?.();
    undo.delete(p.id);
    change(p.id, { state: 'failed', error: 'Your session ended before it was sent.' });
  }
}

const person = computed(() => (me.value ? me.value.id : me.value));
effect(() => {
  const who = person.value;
  untracked(() => { if (who) restore(who); else if (who === null) ended(); });
});

// What is in the log has come through, whatever its sender heard of it.
effect(() => {
  const there = pending.value.length > 0 && new Set(messages.value.map((m) => m.external_id));
  if (there) untracked(() => { for (const p of pending.value) if (p.state !== 'held' && there.has(p.id)) change(p.id, null); });
});
onSettled((id) => { pending.value = pending.value.filter((p) => p.id !== id || p.state !== 'failed'); });

leavers.push({
  async ask() {
    await flush();
    const own = pending.value.filter((p) => p.by === me.value?.id).length;
    return !own || confirmed('Sign out?', plural(own, 'message') + ' of yours could not be sent, and would be lost.', 'Sign out');
  },
  gone() { for (const p of pending.value) if (p.by === me.value?.id) change(p.id, null); },
});

/** Takes the conversation over; says who has it when somebody was faster. */
export async function claim(conversation: string): Promise<boolean> {
  try {
    takeState(await api<State>('POST', `/conversations/${conversation}/takeover`));
    return true;
  } catch (err) {
    if (err instanceof Failed && err.takenBy) complain(new Error(`${err.takenBy.name} took this conversation before you.`));
    else complain(err);
    return false;
  }
}

function newId(): string {
  if (crypto.randomUUID) return crypto.randomUUID(); // not over plain HTTP
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 15) | 64;
  b[8] = (b[8] & 63) | 128;
  const hex = [...b].map((n) => n.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

addEventListener('pagehide', () => flush(true));
