// Naming colleagues in a note: "@" and some letters find one.
import { optional } from '../api';
import { me } from '../store';
import type { Colleague } from '../types';
import type { Finder } from './caret';
import { learn } from './named';

const freshMs = 60_000; // who came since is found by then

async function colleagues(): Promise<Colleague[]> {
  const list = await optional<{ staff: Colleague[] }>('/staff', 'colleagues ' + Math.floor(Date.now() / freshMs));
  if (list) learn(list.staff);
  return (list?.staff || []).filter((s) => !s.disabled && s.id !== me.value?.id);
}

export const mention: Finder = {
  label: 'Colleagues', asked: /(?:^|[\s(])@([\p{L}\p{N}_.'-]{0,30})$/u,
  async find(words) {
    const fit = (await colleagues()).filter((s) => s.name.toLowerCase().split(/\s+/).some((w) => w.startsWith(words)) || s.name.toLowerCase().startsWith(words) || s.email.startsWith(words));
    return fit.map((s) => ({ id: s.id, name: s.name, text: s.email, put: () => `@${s.name} ` }));
  },
};

/** The ids of those whom a note names. Of two names that begin alike the longer counts. */
export async function mentioned(note: string): Promise<string[]> {
  if (!note.includes('@')) return [];
  const ids: string[] = [], byLength = (await colleagues()).sort((a, b) => b.name.length - a.name.length);
  let rest = note.toLowerCase();
  for (const s of byLength) {
    const name = '@' + s.name.toLowerCase();
    if (!rest.includes(name)) continue;
    ids.push(s.id);
    rest = rest.split(name).join(' ');
  }
  return ids;
}
