// What a change of a conversation is called.
import { exact, reasonText } from '../format';
import { me } from '../store';
import type { Change } from '../types';

const nameless: Record<string, string> = { customer: 'The customer', bot: 'The bot', system: 'Frontdesk' };
const priorities = ['normal', 'low', 'high', 'urgent'];

function who(c: Change): string {
  const { id, name } = c.actor || {};
  if (!id) return nameless[name || 'system'] || name!;
  return id === me.value?.id ? 'You' : name || 'A former colleague';
}

function owner(c: Change, by: string): string {
  const why = c.reason ? ': ' + reasonText(c.reason) : '';
  switch (c.reason) {
    case 'takeover': return `${by} took over`;
    case 'staff_reply': return `${by} took over with a reply`;
    case 'handback': return `${by} handed back to the bot`;
    case 'asked_for_person': return by === nameless.system ? 'The customer asked for a person' : `${by} asked for a person`;
    case 'customer_chose_bot': return 'The customer chose the bot';
    case 'staff_idle': return 'Back in the queue: the customer was left waiting';
    case 'staff_gone': return 'Back in the queue: whoever held it no longer answers customers';
    case 'assigned': return c.to === 'staff' ? `${by} passed it on to a colleague` : `${by} took it from the bot for a colleague`;
  }
  if (c.to === 'queue') return 'Handed over to a person' + why;
  return c.to === 'bot' ? 'Back with the bot' + why : `${by} took over` + why;
}

function status(c: Change, by: string): string {
  if (c.to !== 'resolved') return by === nameless.customer || by === nameless.system ? 'The customer wrote again' : `${by} opened it again`;
  if (c.reason === 'customer_silent') return 'Resolved: the customer fell silent';
  return `${by} resolved it` + (hasReason(c) ? `: ${c.reason}` : '');
}

/** Whether staff said in their own words why. */
export function hasReason(c: Change): boolean {
  return c.kind === 'status' && c.to === 'resolved' && !!c.reason && !['resolved', 'customer_silent'].includes(c.reason);
}

function snooze(c: Change, by: string): string {
  if (c.to) return `${by} snoozed it until ${exact(c.to)}`;
  if (c.reason === 'customer_wrote') return 'The customer wrote, which ended the snooze';
  return c.reason === 'due' ? 'The snooze is over' : `${by} ended the snooze`;
}

function labels(c: Change, by: string): string {
  const names = (s?: string) => (s ? s.split(', ') : []), was = names(c.from), is = names(c.to);
  const added = is.filter((l) => !was.includes(l)), gone = was.filter((l) => !is.includes(l));
  return `${by} ` + [added.length && 'added the label ' + added.join(', '), gone.length && 'removed the label ' + gone.join(', ')].filter(Boolean).join(' and ');
}

function rating(c: Change): string {
  if (c.to === 'helpful') return 'The customer found an answer helpful';
  if (c.to === 'unhelpful') return 'The customer found an answer not helpful';
  return `The customer rated this ${'★'.repeat(+(c.to || 0))} ${c.to} of 5${c.from && c.from !== '0' ? `, ${c.from} before` : ''}`;
}

function contact(c: Change, by: string): string {
  if (c.reason === 'merged') return `${by} merged the customer with another contact`;
  return c.to === 'blocked' || c.to === 'unblocked' ? `${by} ${c.to} the customer` : `${by} changed the contact`;
}

export function changeText(c: Change): string {
  const by = who(c);
  switch (c.kind) {
    case 'owner': return owner(c, by);
    case 'status': return status(c, by);
    case 'rating': return rating(c);
    case 'snooze': return snooze(c, by);
    case 'label': return labels(c, by);
    case 'contact': return contact(c, by);
    case 'priority': return `${by} set the priority to ${priorities[+(c.to || 0)]}, from ${priorities[+(c.from || 0)]}`;
    case 'assign': return !c.to ? `${by} assigned it to nobody` : c.reason === 'round_robin' ? `${by} had it assigned to ${c.to}, who had the least to do` : `${by} assigned it to ${c.to}`;
  }
  return `${by} changed ${c.kind} to ${c.to || 'none'}`;
}
