// Tells admins, on every page, what will cost them more than a conversation: a budget
// that is nearly or all spent, a webhook that was switched off.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api, Failed } from '../api';
import { on } from '../events';
import { Icon } from '../parts/icons';
import { isAdmin, say } from '../store';
import { money, percent } from './names';
import type { Budget } from './types';

interface Notice { kind: string; text: string; until?: string }
const notices = signal<Notice[]>([]);
const links: Record<string, [string, string]> = { budget_warning: ['usage', 'Usage and cost'], budget_spent: ['usage', 'Usage and cost'], webhook_off: ['settings/webhooks', 'Webhooks'] };
const name = 'frontdesk:seen-notices';
const everyMs = 60_000;

/** Whether a notice of this day was put away in this tab. */
function seen(key: string): boolean {
  try {
    return (sessionStorage.getItem(name) || '').split(' ').includes(key);
  } catch {
    return false; // storage is off
  }
}

function putAway(n: Notice): void {
  notices.value = notices.value.filter((other) => other !== n);
  if (!n.until) return;
  try {
    sessionStorage.setItem(name, `${(sessionStorage.getItem(name) || '').slice(-500)} ${n.kind}@${n.until}`);
  } catch {
    // it comes back with the next page
  }
}

function show(n: Notice): void {
  if (!isAdmin.value) return; // signed out meanwhile
  if (n.until && seen(`${n.kind}@${n.until}`)) return;
  const budget = n.kind.startsWith('budget'), same = notices.value.find((o) => o.kind === n.kind && (budget || o.text === n.text));
  if (same?.text === n.text) return;
  notices.value = [...notices.value.filter((o) => o !== same && !(budget && o.kind.startsWith('budget'))), n].slice(-4);
  say(n.text);
}

/** Reads how the budget stands, for whoever came after it was told. */
async function look(): Promise<void> {
  try {
    const { day } = await api<Budget>('GET', '/budget');
    if (day.level === 'ok') notices.value = notices.value.filter((n) => !n.kind.startsWith('budget')); // it was raised, or the day is over
    else if (day.level === 'spent') show({ kind: 'budget_spent', until: day.resets_at, text: `Today’s budget of ${money(day.limit_usd!)} for models is spent. The bot answers from the documents and brings in a person.` });
    else show({ kind: 'budget_warning', until: day.resets_at, text: `${percent((day.spent_usd + day.reserved_usd) / day.limit_usd!)} of today’s budget of ${money(day.limit_usd!)} for models is used up.` });
  } catch (err) {
    if (!(err instanceof Failed)) throw err; // the page on usage says it
  }
}

export function Notices() {
  const admin = isAdmin.value;
  useEffect(() => {
    if (!admin) return undefined;
    look();
    const ends = [on('open', look), on('alert', (e: { kind: string; text: string }) => {
      if (e.kind.startsWith('budget')) look();
      else if (e.kind === 'webhook_off') show(e);
    })];
    const timer = setInterval(() => { if (notices.value.some((n) => n.kind.startsWith('budget'))) look(); }, everyMs);
    return () => { clearInterval(timer); ends.forEach((end) => end()); notices.value = []; };
  }, [admin]);
  return <>{notices.value.map((n) => { const [to, title] = links[n.kind]; return <div key={n.kind + n.text} class={'notice' + (n.kind === 'budget_warning' ? '' : ' grave')} role="alert">
    <Icon of="alert" size={16} /><p class="grow">{n.text} <a href={'#/' + to}>{title}</a></p>
    <button class="btn quiet square" type="button" aria-label="Put this notice away" onClick={() => putAway(n)}><Icon of="close" size={16} /></button></div>; })}</>;
}
