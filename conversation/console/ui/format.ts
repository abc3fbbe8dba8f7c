// How times, sizes and names are written.
import { signal } from '@preact/signals';
import type { Row } from './types';

/** Ticks, so that "3 min" goes on. */
export const now = signal(Date.now());
setInterval(() => { now.value = Date.now(); }, 20_000);

const number = new Intl.NumberFormat();
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const year = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const dayLong = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

export const count = (n: number): string => number.format(n);
export const exact = (at: string): string => full.format(new Date(at));
export const time = (at: string): string => clock.format(new Date(at));
export const dayOf = (at: string): string => dayLong.format(new Date(at));

/** Writes a moment in the past as short as it can be understood. */
export function short(at: string): string {
  const d = new Date(at), age = now.value - d.getTime();
  if (age < 60_000) return 'now';
  if (age < 3600_000) return Math.floor(age / 60_000) + ' min';
  if (d.toDateString() === new Date(now.value).toDateString()) return clock.format(d);
  if (age < 6 * 86400_000) return weekday.format(d);
  return d.getFullYear() === new Date(now.value).getFullYear() ? day.format(d) : year.format(d);
}

export function span(seconds: number): string {
  if (seconds < 60) return Math.max(1, Math.round(seconds)) + ' s';
  if (seconds < 3600) return Math.round(seconds / 60) + ' min';
  if (seconds < 86400) return Math.round(seconds / 3600) + ' h';
  return Math.round(seconds / 86400) + ' d';
}

export function size(bytes: number): string {
  if (bytes >= 1e6) return number.format(Math.round(bytes / 1e5) / 10) + ' MB';
  if (bytes >= 1e3) return number.format(Math.round(bytes / 100) / 10) + ' kB';
  return number.format(bytes) + ' B';
}

export function plural(n: number, one: string, many = one + 's'): string {
  return count(n) + ' ' + (n === 1 ? one : many);
}

/** Names who a conversation is with; strangers get a short one that stays theirs. */
export function whoIs(row: Pick<Row, 'id' | 'contact' | 'email'>): string {
  return row.contact || row.email || 'Visitor ' + row.id.slice(-4).toUpperCase();
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = [...(words[0] || '?')][0], last = words.length > 1 ? [...words[words.length - 1]][0] : '';
  return (first + last).toUpperCase();
}

const channels: Record<string, string> = { widget: 'Web chat', slack: 'Slack', telegram: 'Telegram' };
export const channelName = (c: string): string => channels[c] || c;

const reasons: Record<string, string> = {
  asked_for_person: 'asked for a person', no_grounded_answer: 'no grounded answer', thumbs_down: 'thumbs down', model_asked: 'the bot handed over',
  model_failure: 'the bot could not answer', budget: 'the budget is spent', takeover: 'taken over', staff_reply: 'staff replied', handback: 'handed back',
  staff_idle: 'staff let them wait', customer_silent: 'the customer fell silent', assigned: 'assigned',
  customer_chose_bot: 'the customer chose the bot', resolved: 'resolved', reopened: 'the customer wrote again',
};
export const reasonText = (r?: string): string => (r ? reasons[r] || r.replaceAll('_', ' ') : '');

const languages = typeof Intl.DisplayNames === 'function' ? new Intl.DisplayNames(undefined, { type: 'language' }) : null;

/** Names a language by its code; a code that is none stands for itself. */
export function languageName(code: string): string {
  try {
    return languages?.of(code) || code;
  } catch {
    return code;
  }
}

/** Leaves out the marks of Markdown, for where there is one line of text. */
export function unmarked(text: string): string {
  return text.replace(/\s*\[\^?\d{1,2}\]/g, '').replace(/!?\[([^\[\]]*)\]\([^()\s]*\)/g, '$1').replace(/(\*\*|__|~~|`+)(?=\S)([^]*?\S)\1/g, '$2').replace(/(^|\s)(#{1,6}|[-*+>])\s+/g, '$1');
}
