// What was heard of rows while they, or the list, were being read: an answer may be
// older than that.
import { api, Failed } from '../api';
import type { Row } from '../types';
import { loading, renew } from './state';

const settleMs = 150;

/** Rows that were heard of since the list under way was asked for: it may not know. */
export const missed = new Set<string>();

/** How often each row was heard of: what was asked for before that may be older. */
const heard = new Map<string, number>();
export function hear(id: string): void {
  heard.set(id, (heard.get(id) || 0) + 1);
  if (loading.peek()) missed.add(id);
}

const due = new Map<string, number>();
export function readSoon(id: string): void {
  if (due.has(id)) return;
  due.set(id, setTimeout(async () => {
    due.delete(id);
    const before = heard.get(id);
    try {
      const row = await api<Row>('GET', '/conversations/' + id);
      if (heard.get(id) === before) renew(row);
      else readSoon(id);
    } catch (err) {
      if (!(err instanceof Failed)) throw err; // the next reading of the list shows it
    }
  }, settleMs) as unknown as number);
}
