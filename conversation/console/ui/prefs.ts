// What a person has set for themselves, kept in this browser.
import { effect, signal } from '@preact/signals';

export interface Prefs { theme: 'auto' | 'light' | 'dark'; keys: boolean; undo: 0 | 5 | 10; sound: boolean; notify: boolean }

const name = 'frontdesk:prefs';
const standard: Prefs = { theme: 'auto', keys: true, undo: 5, sound: false, notify: false };

function read(): Prefs {
  try {
    return { ...standard, ...JSON.parse(localStorage.getItem(name) || '{}') };
  } catch {
    return standard; // storage is off or damaged
  }
}

export const prefs = signal<Prefs>(read());

export function set(change: Partial<Prefs>): void {
  prefs.value = { ...prefs.value, ...change };
  try {
    localStorage.setItem(name, JSON.stringify(prefs.value));
  } catch {
    // it holds for this tab
  }
}

effect(() => {
  const { theme } = prefs.value;
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
});

addEventListener('storage', (event) => {
  if (event.key === name) prefs.value = read();
});
