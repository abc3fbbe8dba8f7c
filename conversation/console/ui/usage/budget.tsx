// What of the day's budget is spent.
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api';
import { on } from '../events';
import { time } from '../format';
import { money, percent } from './names';
import type { Budget } from './types';

const levels: Record<string, [string, string]> = { ok: ['Within the budget', 'ok'], warn: ['Nearly spent', 'warn'], spent: ['Spent', 'bad'] };
const everyMs = 15_000;

export function BudgetCard() {
  const [b, setBudget] = useState<Budget | null>(null), [error, setError] = useState('');
  useEffect(() => {
    let here = true;
    const read = () => api<Budget>('GET', '/budget').then((got) => { if (here) { setBudget(got); setError(''); } }, (err) => { if (here) setError(err.message); });
    const timer = setInterval(() => { if (!document.hidden) read(); }, everyMs), end = on('alert', read);
    read();
    return () => { here = false; clearInterval(timer); end(); };
  }, []);
  if (!b) return error ? <p class="error" role="alert">{error}</p> : null;
  const d = b.day, limit = d.limit_usd, all = Math.max(limit || 0, d.spent_usd + d.reserved_usd) || 1, [name, tone] = levels[d.level];
  return <section class="cards budget" aria-label="Budget of today">
    <div class="pair"><h2>Today’s budget</h2>{limit !== null && <span class={'chip ' + tone}>{name}</span>}</div>
    <p class="spent"><b>{money(d.spent_usd)}</b> {limit === null ? 'spent; no limit is set' : `of ${money(limit)} spent (${percent(d.spent_usd / limit)})`}{d.reserved_usd > 0 ? `, ${money(d.reserved_usd)} held for calls under way` : ''}</p>
    {limit !== null && <svg class={'meter ' + tone} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width="100" height="8" /><rect class="fill" width={(d.spent_usd / all) * 100} height="8" /><rect class="held" x={(d.spent_usd / all) * 100} width={(d.reserved_usd / all) * 100} height="8" /></svg>}
    <p class="meta">{d.level === 'spent' ? 'The bot answers from the documents and brings in a person. ' : ''}Begins anew at {time(d.resets_at)}.
      {b.conversation_limit_usd !== null && ` A conversation may cost ${money(b.conversation_limit_usd)}.`}{b.visitor_limit_usd !== null && ` A visitor may cost ${money(b.visitor_limit_usd)} a day.`} <a href="#/settings/spending">Limits</a></p>
  </section>;
}
