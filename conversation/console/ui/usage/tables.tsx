// The tables below the chart: sums by group, and how calls ended.
import { useState } from 'preact/hooks';
import { count, plural } from '../format';
import { groups, named, type Group } from './groups';
import { money, outcomeName, percent, took } from './names';
import type { UsageRow } from './types';

const many = 25;

export function Rows({ of: rows, by }: { of: UsageRow[]; by: Group[] }) {
  const [all, setAll] = useState(false), title = 'By ' + by.map((g) => groups[g].toLowerCase()).join(' and ');
  const list = by[0] === 'day' ? [...rows].reverse() : [...rows].sort((a, b) => b.cost_usd - a.cost_usd || b.calls - a.calls);
  return <section class="part" aria-label={title}><h2>{title}</h2>
    <div class="table-box" tabIndex={0} role="region" aria-label={title + ', table'}><table class="sheet-table"><thead><tr>{by.map((g) => <th key={g} scope="col" class="left">{groups[g]}</th>)}
      <th scope="col">Cost</th><th scope="col">Calls</th><th scope="col">Failed</th><th scope="col">Tokens in</th><th scope="col">cached</th><th scope="col">out</th><th scope="col"><abbr title="Half of the calls took no longer">p50</abbr></th><th scope="col"><abbr title="95 % of the calls took no longer">p95</abbr></th></tr></thead>
      <tbody>{list.slice(0, all ? undefined : many).map((r, i) => <tr key={i}>{by.map((g, n) => (n ? <td key={g} class="left">{named[g](r[g] || '')}</td> : <th key={g} scope="row">{named[g](r[g] || '')}</th>))}
        <td>{money(r.cost_usd)}{r.unpriced > 0 && <span class="warn" title="Calls whose price is not known count as $0"> ?</span>}</td><td>{count(r.calls)}</td><td class={r.failed ? 'bad' : ''}>{count(r.failed)}</td>
        <td>{count(r.input_tokens)}</td><td>{r.input_tokens ? percent(r.cached_tokens / r.input_tokens) : '–'}</td><td>{count(r.output_tokens)}</td><td>{took(r.p50_ms)}</td><td>{took(r.p95_ms)}</td></tr>)}</tbody></table></div>
    {!all && list.length > many && <button class="btn middle" type="button" onClick={() => setAll(true)}>Show {plural(list.length - many, 'more row')}</button>}
    {list.some((r) => r.unpriced) && <p class="meta below">? Calls whose price is not known count as $0.</p>}
  </section>;
}

export function Errors({ of: rows, calls }: { of: UsageRow[]; calls: number }) {
  return <section class="part" aria-label="How calls ended"><h2>How calls ended</h2>
    <div class="table-box" tabIndex={0} role="region" aria-label="How calls ended, table"><table class="sheet-table"><thead><tr><th scope="col" class="left">Cause</th><th scope="col">Calls</th><th scope="col">Share</th><th scope="col"><abbr title="Half of the calls took no longer">p50</abbr></th><th scope="col"><abbr title="95 % of the calls took no longer">p95</abbr></th><th scope="col">Cost</th></tr></thead>
      <tbody>{[...rows].sort((a, b) => b.calls - a.calls).map((r) => <tr key={r.outcome}><th scope="row">{outcomeName(r.outcome || '')}</th><td>{count(r.calls)}</td><td>{percent(r.calls / calls)}</td><td>{took(r.p50_ms)}</td><td>{took(r.p95_ms)}</td><td>{money(r.cost_usd)}</td></tr>)}</tbody></table></div></section>;
}
