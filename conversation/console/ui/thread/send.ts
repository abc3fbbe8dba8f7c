// Writing: one draft per conversation that survives a reload, and messages on
// their way. A message is shown at once; the id it carries makes sending it again
// store it once.
import { computed, effect, signal } from '@preact/signals';
import { api, Failed } from '../api';
import { openId } from '../inbox/state';
import { prefs } from '../prefs';
import { complain, me, say, toast } from '../store';
import type { Message, State } from '../types';
import { filesReady, filesWait, putFilesBack, takeFiles, type Chosen } from './attach';
import { mentioned } from './mention';
import { head, mine, take, takeState } from './state';

export type Mode = 'reply' | 'note';
export interface Pending { id: string; conversation: string; mode: Mode; text: string; at: string; state: 'held' | 'sending' | 'failed'; error?: string; files?: Chosen[] }

export const mode = signal<Mode>('reply');
export const pending = signal<Pending[]>([]);
const drafts = signal<Record<string, string>>({});

export const text = computed(() => drafts.value[openId.value] || '');
export const pendingHere = computed(() => pending.value.filter((p) => p.conversation === openId.value));

const prefix = () => `frontdesk:draft:${me.peek()?.id}:`;

function stored(id: string): string {
  try {
    return localStorage.getItem(prefix() + id) || '';
  } catch {
    return ''; // storage is off: the draft lives as long as the tab
  }
}

effect(() => {
  const id = openId.value;
  if (!id || !me.value || drafts.peek()[id] !== undefined) return;
  drafts.value = { ...drafts.peek(), [id]: stored(id) };
});

export function write(value: string, id = openId.value): void {
  drafts.value = { ...drafts.value, [id]: value };
  try {
    if (value) localStorage.setItem(prefix() + id, value);
    else localStorage.removeItem(prefix() + id);
  } catch {
    // as above
  }
}

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

/** A person signed out: what they wrote is not the next one's. */
effect(() => { if (me.value === null) { drafts.value = {}; pending.value = []; } });

function change(id: string, with_: Partial<Pending> | null): void {
  pending.value = with_ ? pending.value.map((p) => (p.id === id ? { ...p, ...with_ } : p)) : pending.value.filter((p) => p.id !== id);
}

/** Whether there is anything to send, and all of it is there. */
export const sendable = computed(() => (mode.value === 'note' ? !!text.value.trim() : !filesWait.value && (filesReady.value || !!text.value.trim())));

/** Sends what is written. A reply can be taken back for some seconds; the bot falls
 *  silent at once, as if it had gone out. */
export async function send(): Promise<void> {
  const value = text.value.trim(), conversation = openId.value;
  if (!sendable.value || !conversation) return;
  const p: Pending = { id: newId(), conversation, mode: mode.value, text: value, at: new Date().toISOString(), state: 'sending', files: mode.value === 'reply' ? takeFiles() : undefined };
  write('');
  if (p.mode === 'note' || !prefs.value.undo) {
    pending.value = [...pending.value, p];
    return deliver(p.id);
  }
  p.state = 'held';
  pending.value = [...pending.value, p];
  if (!mine.value && !(await claim(conversation))) return back(p, '');
  if (!pending.value.includes(p)) return undefined; // taken back meanwhile
  undo.set(p.id, toast('Sending', { action: 'Undo', ms: prefs.value.undo * 1000, act: () => back(p, 'Not sent'), ends: () => deliver(p.id) }));
  return undefined;
}

const undo = new Map<string, () => void>();

/** Puts a message that was not sent back into the composer. */
function back(p: Pending, told: string): void {
  change(p.id, null);
  undo.delete(p.id);
  const had = drafts.value[p.conversation];
  write(had ? p.text + '\n' + had : p.text, p.conversation);
  putFilesBack(p.files);
  if (told) say(told);
  document.getElementById('composer')?.focus();
}

/** Sends at once what could still be taken back. */
export function flush(keepalive = false): void {
  for (const p of pending.value) if (p.state === 'held') {
    undo.get(p.id)?.();
    deliver(p.id, keepalive);
  }
}

export async function deliver(id: string, keepalive = false): Promise<void> {
  const p = pending.value.find((other) => other.id === id);
  if (!p) return;
  undo.delete(id);
  change(id, { state: 'sending', error: undefined });
  try {
    const m = await api<Message>('POST', `/conversations/${p.conversation}/${p.mode}`, { text: p.text, id: p.id, ...(p.files?.length ? { attachments: p.files.map((f) => f.at!.id) } : {}), ...(p.mode === 'note' ? { mentions: await mentioned(p.text) } : {}) }, { keepalive });
    take(m);
    change(id, null);
  } catch (err) {
    if (!(err instanceof Failed)) throw err;
    if (err.takenBy) {
      back(p, '');
      complain(new Error(`${err.takenBy.name} has this conversation. Your text is still here.`));
    } else {
      change(id, { state: 'failed', error: err.message });
      say('Not sent: ' + err.message);
    }
  }
}

/** Gives a failed message up and keeps its text as the draft. */
export function revise(p: Pending): void { back(p, ''); }

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
effect(() => { openId.value; mode.value = 'reply'; });

/** Whether the composer can be used at all. */
export const closed = computed(() => !head.value);
