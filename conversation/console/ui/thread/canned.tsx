// Canned replies: "/" and some letters in the composer find one, Enter puts it in
// with its variables filled.
import { signal } from '@preact/signals';
import { api, Failed, optional } from '../api';
import { openId } from '../inbox/state';
import { whoIs } from '../format';
import { me } from '../store';
import type { Canned } from '../types';
import { head } from './state';
import { text, write } from './send';

const found = signal<Canned[]>([]);
const at = signal(0);
let from = 0; // where the "/" stands
let to = 0;
const shownMost = 6;
const asked = /(?:^|\s)\/([\p{L}\p{N}_-]{0,30})$/u;

export function closeCanned(): void { found.value = []; }

/** Looks whether the caret stands after "/" and letters. */
export async function lookForCanned(area: HTMLTextAreaElement): Promise<void> {
  const before = area.value.slice(0, area.selectionStart), match = asked.exec(before);
  if (!match) return closeCanned();
  to = before.length;
  from = to - match[1].length - 1;
  const words = match[1].toLowerCase();
  const list = await optional<{ canned: Canned[] }>('/canned');
  if (area.value.slice(0, area.selectionStart) !== before) return; // written on meanwhile
  const all = (list?.canned || []).filter((c) => c.shortcut.toLowerCase().includes(words) || c.text.toLowerCase().includes(words));
  all.sort((a, b) => Number(b.shortcut.toLowerCase().startsWith(words)) - Number(a.shortcut.toLowerCase().startsWith(words)));
  found.value = all.slice(0, shownMost);
  at.value = 0;
}

/** Fills in what a reply leaves open: {{contact.name}}, {{staff.name}}. */
export function filled(s: string): string {
  const h = head.value;
  const values: Record<string, string> = {
    'contact.name': h?.contact || '', 'contact.first_name': h?.contact?.split(' ')[0] || '', 'contact.email': h?.email || '', 'staff.name': me.value?.name || '', 'staff.email': me.value?.email || '', 'customer.name': h ? whoIs(h) : '',
  };
  return s.replace(/\{\{\s*([a-z._]{1,60})\s*\}\}/g, (whole, name) => values[name] ?? whole);
}

/** The server knows all variables; where it cannot be asked, the usual ones are filled in here. */
async function rendered(c: Canned): Promise<string> {
  if (!c.text.includes('{{') || !head.value) return c.text;
  try {
    return (await api<{ text: string }>('POST', `/canned/${c.id}/render`, { conversation: head.value.id })).text;
  } catch (err) {
    if (err instanceof Failed) return filled(c.text);
    throw err;
  }
}

async function choose(c: Canned): Promise<void> {
  const id = openId.value, value = text.value, start = from, end = to;
  closeCanned();
  const reply = await rendered(c);
  if (id !== openId.value || text.value !== value) return; // written on, or gone elsewhere, meanwhile
  write(value.slice(0, start) + reply + value.slice(end));
  const area = document.getElementById('composer') as HTMLTextAreaElement | null;
  area?.focus();
  const caret = start + reply.length;
  requestAnimationFrame(() => area?.setSelectionRange(caret, caret));
}

/** Handles a key while the list is open; true when it was used. */
export function cannedKeys(e: KeyboardEvent): boolean {
  const list = found.value;
  if (!list.length) return false;
  if (e.key === 'ArrowDown' || e.key === 'ArrowUp') at.value = (at.value + (e.key === 'ArrowDown' ? 1 : list.length - 1)) % list.length;
  else if ((e.key === 'Enter' || e.key === 'Tab') && !e.ctrlKey && !e.metaKey) choose(list[at.value]);
  else if (e.key === 'Escape') closeCanned();
  else return false;
  e.preventDefault();
  return true;
}

export function CannedList() {
  if (!found.value.length) return null;
  return <ul class="canned" role="listbox" aria-label="Canned replies">{found.value.map((c, i) =>
    <li key={c.id} role="option" aria-selected={i === at.value} onMouseDown={(e) => { e.preventDefault(); choose(c); }}>
      <b>/{c.shortcut}</b><span dir="auto">{c.text}</span></li>)}</ul>;
}
