// What happened to the open conversation besides messages.
import { signal } from '@preact/signals';
import { api, Failed } from '../api';
import { openId } from '../inbox/state';
import type { Change } from '../types';

export const changes = signal<Change[]>([]);

let timeline = true; // whether the server has one
let turn = 0;

/** Reads them; of several answers under way the last asked for counts. */
export async function readChanges(id: string): Promise<void> {
  if (!timeline) return;
  const mine = ++turn;
  try {
    const list = await api<{ events: Change[] }>('GET', `/conversations/${id}/timeline`);
    if (id === openId.value && mine === turn) changes.value = list.events;
  } catch (err) {
    if (err instanceof Failed && err.status === 404) timeline = false;
  }
}
