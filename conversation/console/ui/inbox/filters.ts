// What the list is narrowed to. Days are the reader's own: a day begins and ends at
// midnight where they are, and the last one counts whole.
import { signal } from '@preact/signals';
import type { Row } from '../types';

export interface Filters { q: string; channel: string; label: string; assignee: string; team: string; lang: string; from: string; to: string; priority: string }
export const noFilters: Filters = { q: '', channel: '', label: '', assignee: '', team: '', lang: '', from: '', to: '', priority: '' };
export const filters = signal<Filters>(noFilters);

/** The beginning of a day such as 2026-11-30, or of one so many days after, as the API takes it. */
function midnight(day: string, later = 0): string {
  const [y, m, d] = day.split('-').map(Number), at = new Date(y, m - 1, d + later);
  if (y < 100) at.setFullYear(y);
  return day && !isNaN(at.getTime()) ? at.toISOString() : '';
}

/** What is asked of the server. */
export function asked(f: Filters): Record<string, string> {
  return { ...f, q: f.q.trim(), from: midnight(f.from), to: midnight(f.to, 1) };
}

export function narrowed(): boolean {
  return Object.values(filters.value).some(Boolean);
}

/** What an older server leaves to the browser. */
export function matches(r: Row, f: Filters): boolean {
  const words = f.q.trim().toLowerCase();
  return (!words || [r.contact, r.email, r.preview, r.asks].some((s) => s?.toLowerCase().includes(words))) && (!f.channel || r.channel === f.channel);
}
