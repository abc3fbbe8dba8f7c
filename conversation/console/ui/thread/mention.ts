// Naming colleagues in a note: "@" and some letters find one.
import { me } from '../store';
import type { Colleague } from '../types';
import type { Finder } from './caret';
import { colleagues } from './named';

async function others(): Promise<Colleague[]> {
  return (await colleagues()).filter((s) => !s.disabled && s.id !== me.value?.id);
}

export const mention: Finder = {
  label: 'Colleagues', asked: /(?:^|[\s(])@([\p{L}\p{N}_.'-]{0,30})$/u,
  async find(words) {
    const fit = (await others()).filter((s) => s.name.toLowerCase().split(/\s+/).some((w) => w.startsWith(words)) || s.name.toLowerCase().startsWith(words) || s.email.startsWith(words));
    return fit.map((s) => ({ id: s.id, name: s.name, text: s.email, put: () => `@${s.name} ` }));
  },
};

/** The ids of those whom a note names. Of two names that begin alike the longer counts. */
export async function mentioned(note: string): Promise<string[]> {
  if (!note.includes('@')) return [];
  const ids: string[] = [], byLength = (await others()).sort((a, b) => b.name.length - a.name.length);
  let rest = note.toLowerCase();
  for (const s of byLength) {
    const name = '@' + s.name.toLowerCase();
    if (!rest.includes(name)) continue;
    ids.push(s.id);
    rest = rest.split(name).join(' ');
  }
  return ids;
}
