// Runs of the test set: the one under way, those before, and how the figures went.
import { useState } from 'preact/hooks';
import { exact, plural } from '../format';
import { Moment } from '../parts/bits';
import { mayAct } from '../store';
import { Chart } from '../usage/chart';
import { money, percent } from '../usage/names';
import { cancel } from './state';
import { triggers, underWay, type TestRun } from './types';

const states: Record<string, [string, string]> = { queued: ['Waiting', 'accent'], running: ['Running', 'accent'], done: ['Done', 'plain'], failed: ['Failed', 'bad'], cancelled: ['Cancelled', 'plain'] };
const few = 5;
export const figure = (n: number | null): string => (n === null ? '–' : n.toFixed(3));

export function RunChip({ of: r }: { of: TestRun }) {
  if (r.state === 'done') return <span class={'chip ' + (r.passed === r.cases ? 'ok' : 'warn')}>{r.passed} of {r.cases}</span>;
  const [name, tone] = states[r.state];
  return <span class={'chip ' + tone}>{name}</span>;
}

export function Progress({ of: r }: { of: TestRun }) {
  return <div class="cards progress-card" role="group" aria-label="Run under way"><div class="pair"><p role="status"><b>{r.state === 'queued' ? 'The run begins in a moment' : `${r.done} of ${r.cases} asked`}</b></p>
    {mayAct.value && <button class="btn" type="button" onClick={() => cancel(r)}>Cancel the run</button>}</div>
    <progress max={Math.max(1, r.cases)} value={r.done} aria-label="Tests asked" /></div>;
}

export function Figures({ of: r }: { of: TestRun }) {
  const list: [string, string, string][] = [['Passed', r.cases ? percent(r.passed / r.cases) : '–', `${r.passed} of ${r.cases}`], ['nDCG at 5', figure(r.ndcg5), 'order of what was found'], ['Recall at 5', figure(r.recall5), 'found among the first five'],
    ['MRR', figure(r.mrr), 'how far up'], ['AUROC', figure(r.auroc), 'known from unknown']];
  return <dl class="numbers-row">{list.map(([name, n, about]) => <div key={name}><dt>{name}</dt><dd>{n}</dd><dd class="meta">{about}</dd></div>)}</dl>;
}

function Line({ of: r }: { of: TestRun }) {
  return <li class="item run"><a class="grow" href={'#/tests/runs/' + r.id}><Moment at={r.at} /> <span class="meta">{triggers[r.trigger] || r.trigger}</span></a>
    {r.state === 'done' && <span class="meta hide-phone">nDCG {figure(r.ndcg5)} · MRR {figure(r.mrr)}{r.cost_usd ? ' · ' + money(r.cost_usd) : ''}</span>}
    {r.error && <span class="bad">{r.error}</span>}<RunChip of={r} /></li>;
}

export function Runs({ of: list }: { of: TestRun[] }) {
  const [all, setAll] = useState(false), ended = list.filter((r) => !underWay(r)), done = ended.filter((r) => r.state === 'done').reverse();
  if (!ended.length) return null;
  const latest = done[done.length - 1];
  return <>
    {latest && <section aria-label="Newest figures"><Figures of={latest} /></section>}
    {done.length > 1 && <Chart title="Figures over time" first="Run" line most={1} labels={done.map((r) => exact(r.at))} write={(n) => n.toFixed(2)}
      series={[{ name: 'Passed', values: done.map((r) => (r.cases ? r.passed / r.cases : null)) }, { name: 'nDCG at 5', values: done.map((r) => r.ndcg5) }, { name: 'MRR', values: done.map((r) => r.mrr) }]} />}
    <section class="part" aria-label="Runs"><h2>Runs</h2><ul class="cards items" aria-label="Runs">{ended.slice(0, all ? undefined : few).map((r) => <Line key={r.id} of={r} />)}</ul>
      {!all && ended.length > few && <button class="btn middle" type="button" onClick={() => setAll(true)}>Show {plural(ended.length - few, 'more run')}</button>}</section>
  </>;
}
