// What a person has set for themselves. It is kept on the server, so that it follows
// them, and here, so that a page looks right before the server has been asked.
import { computed, effect, signal } from '@preact/signals';
import { api, Failed } from './api';

export interface Prefs { theme: 'auto' | 'light' | 'dark'; keys: boolean; undo: 0 | 5 | 10; sound: boolean; notify: boolean; lang: string }

const name = 'frontdesk:prefs';
const standard: Prefs = { theme: 'auto', keys: true, undo: 5, sound: false, notify: false, lang: '' };
const settleMs = 300;

/** Takes from what was stored what is understood; what a newer page stored stays. */
function understood(stored: any): Prefs {
  const p: any = { ...standard, ...stored };
  const choices: Record<string, unknown[]> = { theme: ['auto', 'light', 'dark'], undo: [0, 5, 10], keys: [true, false], sound: [true, false], notify: [true, false] };
  for (const key in choices) if (!choices[key].includes(p[key])) p[key] = standard[key as keyof Prefs];
  if (!/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(p.lang)) p.lang = standard.lang;
  return p;
}

function read(): Prefs {
  try {
    return understood(JSON.parse(localStorage.getItem(name) || '{}'));
  } catch {
    return standard; // storage is off or damaged
  }
}

function keep(): void {
  try {
    localStorage.setItem(name, JSON.stringify(prefs.value));
  } catch {
    // it holds for this tab
  }
}

export const prefs = signal<Prefs>(read());
/** The language to translate into: the chosen one, or the browser's. */
export const readersLanguage = computed(() => prefs.value.lang || navigator.language.split('-')[0]);
/** What went wrong with keeping them; empty when nothing did. */
export const unkept = signal('');

let due = 0;
let changes = 0; // how often they were changed here
let keeping = 0; // how many of those are on their way to the server

export function set(change: Partial<Prefs>): void {
  prefs.value = { ...prefs.value, ...change };
  keep();
  changes++;
  clearTimeout(due);
  due = setTimeout(send, settleMs) as unknown as number;
}

async function send(): Promise<void> {
  due = 0;
  const at = changes;
  keeping++;
  try {
    await api('PUT', '/me/preferences', prefs.value, { keepalive: true });
    unkept.value = '';
  } catch (err) {
    if (!(err instanceof Failed)) throw err;
    unkept.value = err.message; // a token has none; they hold in this browser
  } finally {
    keeping--;
  }
  // Of two on their way the earlier may have come last.
  if (at !== changes && !due && !keeping) send();
}

/** Takes over what the person who has signed in set elsewhere. */
export async function follow(): Promise<void> {
  const at = changes, under = keeping;
  try {
    const stored = await api('GET', '/me/preferences');
    if (due || under || at !== changes) return; // changed meanwhile: that is on its way
    prefs.value = understood(stored);
    keep();
  } catch (err) {
    if (!(err instanceof Failed)) throw err; // what this browser has holds
  }
}

effect(() => {
  const { theme } = prefs.value;
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
});

addEventListener('pagehide', () => {
  if (!due) return;
  clearTimeout(due);
  send();
});
addEventListener('storage', (event) => {
  if (event.key === name) prefs.value = read();
});
