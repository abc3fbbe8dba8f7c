// The views of the list: what belongs to each, and its order.
import { now } from '../format';
import { me } from '../store';
import type { Row } from '../types';

export type View = 'queue' | 'mine' | 'bot' | 'open' | 'snoozed' | 'resolved' | 'dropped' | 'all' | 'figure';

export const views: { name: View; title: string; empty: string }[] = [
  { name: 'queue', title: 'Needs a person', empty: 'Nobody is waiting for a person.' },
  { name: 'mine', title: 'Mine', empty: 'You hold no conversation.' },
  { name: 'dropped', title: 'Waiting for us', empty: 'Nobody has been left without an answer.' },
  { name: 'bot', title: 'Bot', empty: 'The bot is talking to nobody.' },
  { name: 'open', title: 'All open', empty: 'There is no open conversation.' },
  { name: 'snoozed', title: 'Snoozed', empty: 'Nothing is snoozed.' },
  { name: 'resolved', title: 'Resolved', empty: 'Nothing has been resolved yet.' },
  { name: 'all', title: 'All', empty: 'There are no conversations yet.' },
];

/** Shown only from a report, so it stands in no list. */
const figureView = { name: 'figure' as View, title: 'From a report', empty: 'These conversations are gone, or have changed since.' };
export const viewOf = (name: View) => views.find((v) => v.name === name) || figureView;

// The last word may be the customer's for this long before it counts as dropped.
const droppedAfterMs = 5 * 60_000;

/** Whether a conversation is held by the reader, or is to be. */
export function own(r: Row): boolean {
  return r.owner === 'staff' && r.staff?.id === me.value?.id || r.owner === 'queue' && r.assignee?.id === me.value?.id;
}

export function belongs(view: View, r: Row): boolean {
  const done = r.status === 'resolved', asleep = r.status === 'snoozed';
  switch (view) {
    case 'queue': return r.owner === 'queue' && !done && !asleep;
    case 'mine': return !done && !asleep && own(r);
    case 'bot': return r.owner === 'bot' && !done && !asleep;
    case 'open': return !done && !asleep;
    case 'snoozed': return asleep;
    case 'resolved': return done;
    case 'dropped': return !done && !asleep && r.preview_author === 'customer' && !!r.customer_at && now.value - Date.parse(r.customer_at) > droppedAfterMs;
    case 'all': case 'figure': return true;
  }
}

/** Reports whether a comes before b. */
export function before(view: View, a: Row, b: Row): boolean {
  if (view === 'queue') return (a.waiting_since || a.updated_at) < (b.waiting_since || b.updated_at);
  if (view === 'dropped') return (a.customer_at || '') < (b.customer_at || '');
  return a.updated_at > b.updated_at;
}
