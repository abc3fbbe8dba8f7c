// What staff do with the open conversation.
import { api, Failed } from '../api';
import { patch, put } from '../inbox/state';
import { complain, mayAct, say, toast } from '../store';
import type { Row, State } from '../types';
import { claim } from './send';
import { drafts, head, mine, silenced, takeState } from './state';

async function act(what: string, body?: unknown): Promise<boolean> {
  const id = head.value?.id;
  if (!id || !mayAct.value) return false;
  try {
    const s = await api<State>('POST', `/conversations/${id}/${what}`, body);
    takeState(s);
    patch(id, s);
    return true;
  } catch (err) {
    complain(err);
    return false;
  }
}

export async function takeOver(): Promise<void> {
  const id = head.value?.id;
  if (!id || !mayAct.value) return;
  const bot = head.value!.owner === 'bot', wrote = drafts.value.size > 0;
  if (!(await claim(id))) return;
  if (wrote) silenced.value = true;
  say(bot ? 'You have it. The bot has stopped.' : 'You have it.');
}

export async function handBack(): Promise<void> {
  if (await act('handback')) toast('Handed back to the bot', { action: 'Undo', act: takeOver });
}

/** Takes the conversation over, or hands it back when it is ours. */
export function takeOrGive(): Promise<void> {
  return mine.value ? handBack() : takeOver();
}

export async function resolve(): Promise<void> {
  const had = head.value;
  if (!had || had.status === 'resolved') return;
  if (await act('resolve')) toast('Resolved', { action: 'Undo', act: () => reopen(had) });
}

async function reopen(had: Row): Promise<void> {
  try {
    const s = await api<State>('POST', `/conversations/${had.id}/reopen`);
    takeState(s);
  } catch (err) {
    // A server that cannot reopen lets whoever takes it over do so.
    if (err instanceof Failed && err.status === 404) await takeOver();
    else complain(err);
  }
}

/** Changes labels, priority, assignee or snooze. False when the server cannot. */
export async function arrange(what: 'labels' | 'priority' | 'assign' | 'snooze', body: unknown): Promise<boolean> {
  const id = head.value?.id;
  if (!id) return false;
  try {
    const row = await api<Row>('PUT', `/conversations/${id}/${what}`, body);
    put(row);
    if (head.value?.id === id) head.value = { ...head.value, ...row, staff: row.staff, assignee: row.assignee, team: row.team, snoozed_until: row.snoozed_until };
    return true;
  } catch (err) {
    complain(err);
    return false;
  }
}

export function snooze(until: Date | null): void {
  arrange('snooze', { until: until && until.toISOString() }).then((done) => {
    if (done) toast(until ? 'Snoozed' : 'Woken up', { action: 'Undo', act: () => snooze(until ? null : new Date(Date.now() + 3600_000)) });
  });
}
