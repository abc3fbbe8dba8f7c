// What changed about the open conversation, beside what was said. It is read anew when
// its row tells of a change, whoever made it.
import { signal } from '@preact/signals';
import { api, Failed } from '../api';
import { openId } from '../inbox/state';
import type { Change, Row } from '../types';

export const changes = signal<Change[]>([]);

const settleMs = 150;
let there = true; // whether the server has one
let noted = '';
let due = 0;
let turn = 0;

/** Reads them; of several answers under way the last asked for counts. */
export async function readChanges(id: string): Promise<void> {
  if (!there) return;
  const mine = ++turn;
  try {
    const list = await api<{ events: Change[] }>('GET', `/conversations/${id}/timeline`);
    if (id === openId.value && mine === turn) changes.value = list.events;
  } catch (err) {
    if (err instanceof Failed && err.status === 404) there = false;
  }
}

/** Forgets what was known of another conversation. */
export function clearChanges(): void {
  clearTimeout(due);
  noted = '';
  changes.value = [];
}

/** Hears how the open conversation's row stands. */
export function heardRow(r: Row): void {
  const now = JSON.stringify([r.id, r.status, r.labels, r.priority, r.assignee, r.team, r.snoozed_until, r.rating]);
  if (now === noted) return;
  noted = now;
  clearTimeout(due);
  due = setTimeout(() => readChanges(r.id), settleMs) as unknown as number;
}
