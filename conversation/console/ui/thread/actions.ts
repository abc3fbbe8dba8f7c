// What staff do with the open conversation.
import { api, Failed } from '../api';
import { patch, renew, renewed } from '../inbox/state';
import { complain, mayAct, say, toast } from '../store';
import type { Row, State } from '../types';
import { brief } from './brief';
import { claim } from './send';
import { drafts, head, mine, newestSeen, silenced, takeState } from './state';

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

export async function takeOver(id = head.value?.id): Promise<void> {
  if (!id || !mayAct.value) return;
  const here = head.value?.id === id, bot = here && head.value!.owner === 'bot', wrote = here && drafts.value.size > 0;
  if (!(await claim(id))) return;
  if (wrote) silenced.value = true;
  brief(id);
  say(bot ? 'You have it. The bot has stopped.' : 'You have it.');
}

export async function handBack(): Promise<void> {
  const id = head.value?.id;
  if (await act('handback', { seen_seq: newestSeen() })) toast('Handed back to the bot', { action: 'Undo', act: () => { takeOver(id); } });
}

/** Takes the conversation over, or hands it back when it is ours. */
export function takeOrGive(): Promise<void> {
  return mine.value ? handBack() : takeOver();
}

/** seen is the newest message that whoever resolves it has seen. */
export async function resolve(reason: string, seen: number): Promise<void> {
  const had = head.value;
  if (!had || had.status === 'resolved') return;
  if (await act('resolve', { seen_seq: seen, ...(reason && { reason }) })) toast('Resolved', { action: 'Undo', act: () => reopen(had) });
}

async function reopen(had: Row): Promise<void> {
  try {
    const s = await api<State>('POST', `/conversations/${had.id}/reopen`);
    takeState(s);
  } catch (err) {
    // A server that cannot reopen lets whoever takes it over do so.
    if (err instanceof Failed && err.status === 404) await takeOver(had.id);
    else complain(err);
  }
}

/** Changes labels, priority, assignee or snooze, of the open conversation unless another
 *  is named. False when the server cannot. */
export async function arrange(what: 'labels' | 'priority' | 'assign' | 'snooze', body: unknown, id = head.value?.id): Promise<boolean> {
  if (!id) return false;
  try {
    const row = await api<Row>('PUT', `/conversations/${id}/${what}`, body);
    renew(row);
    if (head.value?.id === id) head.value = renewed(head.value, row);
    return true;
  } catch (err) {
    complain(err);
    return false;
  }
}

/** Puts the open conversation off, or wakes it. To undo that is to have it as it was. */
export async function snooze(until: Date | null): Promise<void> {
  const h = head.value, was = h?.snoozed_until ? new Date(h.snoozed_until) : null;
  if (!h || !(await arrange('snooze', { until: until && until.toISOString() }, h.id))) return;
  const undo = () => { arrange('snooze', { until: was && was.getTime() > Date.now() ? was.toISOString() : null }, h.id); };
  toast(until ? 'Snoozed' : 'Woken up', { action: 'Undo', act: undo });
}
