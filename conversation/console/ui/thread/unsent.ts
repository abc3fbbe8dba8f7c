// Messages on their way are kept in this browser until the server has said that it has
// them, whatever becomes of the page or the session meanwhile. Each belongs to the page
// that sends it, which shows by a lock that it is there; another page takes up only what
// nobody has.
import type { Chosen } from './attach';
import type { Mode } from './drafts';

export interface Pending {
  id: string; by: string; conversation: string; mode: Mode; text: string; at: string;
  state: 'held' | 'sending' | 'failed'; error?: string; page?: string; files?: Chosen[];
}

const prefix = 'frontdesk:unsent:';
const page = String(Math.random()).slice(2);
const nobody = () => undefined;
let letGo: () => void = nobody;

function beHere(): void {
  navigator.locks?.request(prefix + page, () => new Promise<void>((done) => { letGo = done; })).catch(nobody);
}
beHere();
addEventListener('pagehide', () => {
  letGo();
  addEventListener('pageshow', (e) => { if (e.persisted) beHere(); }, { once: true });
});

export function keep(p: Pending): void {
  try {
    localStorage.setItem(prefix + p.by + ':' + p.id, JSON.stringify({ ...p, page }, (_, v) => (v instanceof File ? { name: v.name, size: v.size } : v)));
  } catch {
    // storage is off or full: it lives as long as the tab
  }
}

export function release(p: Pending): void {
  try {
    localStorage.removeItem(prefix + p.by + ':' + p.id);
  } catch {
    // it was not kept
  }
}

function understood(s: string | null): Pending | null {
  try {
    const p = JSON.parse(s || 'null');
    return p && ['id', 'by', 'conversation', 'text', 'at'].every((k) => typeof p[k] === 'string') && ['reply', 'note'].includes(p.mode) ? p : null;
  } catch {
    return null; // damaged
  }
}

/** What a person wrote on pages that are gone. */
export async function left(by: string): Promise<Pending[]> {
  const out: Pending[] = [], there = new Set([prefix + page]);
  if (navigator.locks) for (const lock of (await navigator.locks.query()).held || []) there.add(lock.name || '');
  try {
    for (const key of Object.keys(localStorage)) {
      const p = key.startsWith(prefix + by + ':') ? understood(localStorage.getItem(key)) : null;
      if (p && p.by === by && !there.has(prefix + p.page)) out.push(p);
    }
  } catch {
    // storage is off
  }
  return out.sort((a, b) => (a.at < b.at ? -1 : 1));
}

/** Calls back with the id of what another page has dealt with. */
export function onSettled(settled: (id: string) => void): void {
  addEventListener('storage', (e) => { if (e.key?.startsWith(prefix) && e.newValue === null) settled(e.key.split(':')[3]); });
}
