// Canned replies: "/" and some letters in the composer find one, with its variables
// filled.
import { api, Failed, optional } from '../api';
import { whoIs } from '../format';
import { me } from '../store';
import type { Canned } from '../types';
import type { Finder } from './caret';
import { head } from './state';

export const canned: Finder = {
  label: 'Canned replies', asked: /(?:^|\s)\/([\p{L}\p{N}_-]{0,30})$/u,
  async find(words) {
    const list = await optional<{ canned: Canned[] }>('/canned');
    const fit = (list?.canned || []).filter((c) => c.shortcut.toLowerCase().includes(words) || c.text.toLowerCase().includes(words));
    fit.sort((a, b) => Number(b.shortcut.toLowerCase().startsWith(words)) - Number(a.shortcut.toLowerCase().startsWith(words)));
    return fit.map((c) => ({ id: c.id, name: '/' + c.shortcut, text: c.text, put: () => rendered(c) }));
  },
};

/** Fills in what a reply leaves open: {{contact.name}}, {{staff.name}}. */
export function filled(s: string, values: Record<string, string>): string {
  return s.replace(/\{\{\s*([a-z._]{1,60})\s*\}\}/g, (whole, name) => values[name] ?? whole);
}

/** The server knows all variables; where it cannot be asked, the usual ones are filled in here. */
async function rendered(c: Canned): Promise<string> {
  const h = head.value;
  if (!c.text.includes('{{') || !h) return c.text;
  try {
    return (await api<{ text: string }>('POST', `/canned/${c.id}/render`, { conversation: h.id })).text;
  } catch (err) {
    if (!(err instanceof Failed)) throw err;
    return filled(c.text, { 'contact.name': h.contact || '', 'contact.first_name': h.contact?.split(' ')[0] || '', 'contact.email': h.email || '',
      'staff.name': me.value?.name || '', 'staff.first_name': me.value?.name.split(' ')[0] || '', 'customer.name': whoIs(h) });
  }
}
