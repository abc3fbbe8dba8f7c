// The report that is shown: what it is of, and what came back. What it is of stands in
// the address, so that it can be kept and sent on.
import { computed, signal } from '@preact/signals';
import { api, Failed, query } from '../api';
import { local } from '../hours';
import { route, swap } from '../store';

export interface Figure { value?: number; previous?: number; query: string }
export interface Group { key: string; name?: string; figures: Record<string, Figure> }
export interface Report {
  from: string; to: string; timezone: string; totals: Record<string, Figure>;
  days: Group[]; reasons: Group[]; channels: Group[]; staff: Group[]; labels: Group[]; comments?: Comment[];
}

/** What a customer said beside a score. */
export interface Comment { conversation: string; contact?: string; score: number; comment: string; at: string }

/** Days are as the server has them: to is the day after the last. */
export interface Of { from: string; to: string; channel: string; label: string; staff: string }
const names = ['from', 'to', 'channel', 'label', 'staff'] as const;

export const of = computed<Of>(() => {
  route.value; // read anew with the address
  const q = new URLSearchParams(location.hash.split('?')[1] || '');
  return Object.fromEntries(names.map((n) => [n, q.get(n) || ''])) as unknown as Of;
});

/** Shows another report in place of this one. */
export function ask(change: Partial<Of>): void {
  swap('reports', query({ ...of.value, ...change }));
}

export const report = signal<Report | null>(null);
export const trouble = signal('');
let turn = 0;

export async function read(): Promise<void> {
  const mine = ++turn;
  try {
    const got = await api<Report>('GET', '/reports' + query({ ...of.value }));
    if (mine !== turn) return;
    report.value = { ...got, days: everyDay(got) };
    trouble.value = '';
  } catch (err) {
    if (!(err instanceof Failed)) throw err;
    if (mine === turn) trouble.value = err.message;
  }
}

/** The report leaves out days on which nothing began. */
function everyDay(r: Report): Group[] {
  const known = new Map(r.days.map((d) => [d.key, d])), out: Group[] = [];
  for (let day = r.from; day < r.to; day = shift(day, 1)) out.push(known.get(day) || { key: day, figures: {} });
  return out;
}

export function shift(date: string, days: number): string {
  return new Date(Date.parse(date + 'T12:00:00Z') + days * 86400_000).toISOString().slice(0, 10);
}

/** Ranges that are asked for often, as [name, from, to], where the hours hold. */
export function ranges(zone: string, now: number): [string, string, string][] {
  const today = local(now, zone).date, tomorrow = shift(today, 1), month = today.slice(0, 8) + '01';
  return [
    ['Last 7 days', shift(tomorrow, -7), tomorrow], ['Last 30 days', shift(tomorrow, -30), tomorrow], ['Last 90 days', shift(tomorrow, -90), tomorrow],
    ['This month', month, tomorrow], ['Last month', shift(month, -1).slice(0, 8) + '01', month],
  ];
}
