// What models cost, by day, model, channel and purpose, and how they did.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, query } from '../api';
import { Tabs } from '../ask/tabs';
import { count, plural } from '../format';
import { Empty, Skeleton } from '../parts/bits';
import { Icon } from '../parts/icons';
import { BudgetCard } from './budget';
import { Chart, type Series } from './chart';
import { dayName, groups, type Group } from './groups';
import { Models } from './models';
import { money, percent, took } from './names';
import { Errors, Rows } from './tables';
import type { Totals, Usage, UsageRow } from './types';

const dayMs = 86_400_000, mostDays = 400;
const iso = (at: number): string => new Date(at).toISOString().slice(0, 10);
const periods: [string, number][] = [['Today', 1], ['7 days', 7], ['30 days', 30], ['90 days', 90], ['A year', 365]];

interface Range { from: string; to: string }
const back = (days: number): Range => ({ from: iso(Date.now() - (days - 1) * dayMs), to: iso(Date.now() + dayMs) });

/** The days of a range, as they are in UTC. */
function daysOf(r: Range): string[] {
  const out: string[] = [];
  for (let at = Date.parse(r.from); at < Date.parse(r.to) && out.length < mostDays; at += dayMs) out.push(iso(at));
  return out;
}

function Figures({ of: t }: { of: Totals }) {
  const each = (n: number | null) => (n === null ? '–' : money(n));
  const list: [string, string, string][] = [
    ['Cost', money(t.cost_usd), t.unpriced ? `${count(t.unpriced)} calls of unknown price` : `${count(t.calls)} calls`],
    ['Per conversation', each(t.cost_per_conversation_usd), plural(t.conversations, 'conversation')], ['Per resolved one', each(t.cost_per_resolved_usd), `${count(t.resolved)} resolved`],
    ['Tokens in', count(t.input_tokens), `${percent(t.cached_share)} cached`], ['Tokens out', count(t.output_tokens), t.calls ? `${count(Math.round(t.output_tokens / t.calls))} a call` : ''],
    ['Failed', t.calls ? percent(t.failed / t.calls) : '–', `p50 ${took(t.p50_ms)} · p95 ${took(t.p95_ms)}`]];
  return <dl class="numbers-row">{list.map(([name, n, about]) => <div key={name}><dt>{name}</dt><dd>{n}</dd><dd class="meta">{about}</dd></div>)}</dl>;
}

type Metric = 'cost' | 'calls' | 'tokens';
function series(what: Metric, days: string[], rows: UsageRow[]): Series[] {
  const at = new Map(rows.map((r) => [r.day, r])), of = (f: (r: UsageRow) => number) => days.map((d) => { const r = at.get(d); return r ? f(r) : 0; });
  if (what === 'cost') return [{ name: 'Cost', values: of((r) => r.cost_usd) }];
  if (what === 'calls') return [{ name: 'Answered', values: of((r) => r.calls - r.failed) }, { name: 'Failed', values: of((r) => r.failed) }];
  return [{ name: 'Input', values: of((r) => r.input_tokens - r.cached_tokens) }, { name: 'Input, cached', values: of((r) => r.cached_tokens) }, { name: 'Output', values: of((r) => r.output_tokens) }];
}

export function UsagePage() {
  const [range, setRange] = useState(() => back(30)), [first, setFirst] = useState<Group>('model'), [second, setSecond] = useState<Group | ''>('purpose'), [metric, setMetric] = useState<Metric>('cost');
  const [data, setData] = useState<{ days: Usage; rows: Usage; outcomes: Usage; range: Range; by: Group[] } | null>(null), [error, setError] = useState(''), turn = useRef(0), [own, setOwn] = useState(false);
  const by = [first, ...(second && second !== first ? [second] : [])];
  const read = async () => {
    const mine = ++turn.current, get = (group: string) => api<Usage>('GET', '/usage' + query({ ...range, group }));
    try {
      const [days, rows, outcomes] = await Promise.all([get('day'), get(by.join()), get('outcome')]);
      if (mine === turn.current) { setData({ days, rows, outcomes, range, by }); setError(''); }
    } catch (err) {
      if (mine === turn.current) setError((err as Error).message);
    }
  };
  useEffect(() => { read(); }, [range.from, range.to, by.join()]);
  const at = own ? -1 : periods.findIndex(([, n]) => { const r = back(n); return r.from === range.from && r.to === range.to; });
  const days = data ? daysOf(data.range) : [];
  const choose = (name: string, value: string, set: (g: any) => void, none = false) => <label>{name}<select value={value} onChange={(e) => set(e.currentTarget.value)}>{none && <option value="">–</option>}{Object.entries(groups).map(([g, n]) => <option key={g} value={g} disabled={none && g === first}>{n}</option>)}</select></label>;
  return <main class="page" id="page" tabIndex={-1}><div class="page-in usage">
    <Tabs here="usage" />
    <header class="page-head"><h1>Usage and cost</h1></header>
    <BudgetCard />
    <div class="choose" role="group" aria-label="What is shown">
      <label>Days<select value={String(at)} onChange={(e) => { const i = +e.currentTarget.value; setOwn(i < 0); if (i >= 0) setRange(back(periods[i][1])); }}>{periods.map(([name], i) => <option key={name} value={i}>{name}</option>)}<option value="-1">Other days</option></select></label>
      {at < 0 && <><label>From<input type="date" value={range.from} onChange={(e) => e.currentTarget.value && setRange({ ...range, from: e.currentTarget.value })} /></label>
        <label>Until<input type="date" value={iso(Date.parse(range.to) - dayMs)} onChange={(e) => e.currentTarget.value && setRange({ ...range, to: iso(Date.parse(e.currentTarget.value) + dayMs) })} /></label></>}
      {choose('By', first, setFirst)}{choose('and by', second === first ? '' : second, setSecond, true)}
      <span class="push" /><a class="btn" href={'/api/v1/usage.csv' + query({ ...range, group: by.join() })} download="usage.csv"><Icon of="file" size={16} />CSV</a></div>
    {error && <p class="error" role="alert">{error} <button class="btn link" type="button" onClick={read}>Try again</button></p>}
    {!data ? !error && <Skeleton rows={5} label="Reading the usage" /> : data.days.totals.calls ? <>
      <Figures of={data.days.totals} />
      <Chart title="By day (UTC)" first="Day" labels={days.map(dayName)} series={series(metric, days, data.days.rows)} whole={metric !== 'cost'} write={metric === 'cost' ? (n) => '$' + (n >= 1 || !n ? n.toFixed(2) : n.toPrecision(2)) : (n) => (n > 99_999 ? count(Math.round(n / 1000)) + 'k' : count(+n.toFixed(1)))}>
        <select aria-label="What is drawn" value={metric} onChange={(e) => setMetric(e.currentTarget.value as Metric)}><option value="cost">Cost</option><option value="calls">Calls</option><option value="tokens">Tokens</option></select></Chart>
      <Rows of={data.rows.rows} by={data.by} />
      <Errors of={data.outcomes.rows} calls={data.days.totals.calls} /></>
      : <div class="cards"><Empty text="No model was called on these days.">{at !== 3 && <button class="btn" type="button" onClick={() => { setOwn(false); setRange(back(90)); }}>Look at the last 90 days</button>}</Empty></div>}
    <Models />
  </div></main>;
}
