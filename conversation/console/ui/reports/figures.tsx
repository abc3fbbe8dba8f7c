// The figures of a report: what each is called, how it is written, and whether more of
// it is good.
import { count, span } from '../format';
import { openFigure } from '../inbox/figure';
import { of, type Figure, type Report } from './state';

type Kind = 'count' | 'share' | 'time' | 'score';
export interface Named { name: string; title: string; kind: Kind; good: 1 | -1 | 0; about?: string }

export const named: Record<string, Named> = Object.fromEntries(([
  ['conversations', 'Conversations', 'count', 0],
  ['resolved', 'Closed', 'count', 1],
  ['bot_resolved_rate', 'Resolved by the bot', 'share', 1, 'Closed, never given to a person, and the customer did not come back within 7 days'],
  ['bot_resolved', 'Resolved by the bot', 'count', 1],
  ['bot_confirmed', 'of these confirmed', 'count', 1, 'The customer said so: by a thumb, by thanks or by a score of 4 or 5'],
  ['bot_assumed', 'assumed', 'count', 0, 'The customer just fell silent'],
  ['bot_reopened', 'came back within 7 days', 'count', -1, 'And are therefore not counted as resolved'],
  ['handoff_rate', 'Given to a person', 'share', -1],
  ['handed_over', 'Given to a person', 'count', -1],
  ['bot_first_response_median_s', 'First answer of the bot', 'time', -1], ['bot_first_response_p90_s', '9 of 10 within', 'time', -1],
  ['staff_first_response_median_s', 'First reply of a person', 'time', -1, 'From when the conversation was given to people'], ['staff_first_response_p90_s', '9 of 10 within', 'time', -1],
  ['bot_resolution_median_s', 'Until resolved, by the bot', 'time', -1], ['bot_resolution_p90_s', '9 of 10 within', 'time', -1],
  ['staff_resolution_median_s', 'Until resolved, by a person', 'time', -1], ['staff_resolution_p90_s', '9 of 10 within', 'time', -1],
  ['csat_average', 'Score', 'score', 1, 'The average of what customers gave, from 1 to 5'],
  ['csat_good_rate', 'gave 4 or 5', 'share', 1], ['rated', 'scores', 'count', 1],
  ['waits_kept_rate', 'Waits as promised', 'share', 1, 'Of those who were told a typical wait, who had a reply within it'],
  ['waits', 'waited', 'count', 0], ['waits_promised_median_s', 'promised', 'time', 0], ['waits_actual_median_s', 'taken', 'time', -1],
] as [string, string, Kind, 1 | -1 | 0, string?][]).map(([name, title, kind, good, about]) => [name, { name, title, kind, good, about }]));

const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 0 });
const decimal = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export function written(kind: Kind, value?: number): string {
  if (value === undefined) return '–';
  if (kind === 'share') return percent.format(value);
  if (kind === 'score') return decimal.format(value);
  if (kind === 'time') return value < 1 ? 'under 1 s' : value >= 3600 ? decimal.format(value / 3600) + ' h' : span(value);
  return count(value);
}

/** How a figure moved against the days before. */
export function Trend({ of: f, as: n }: { of?: Figure; as: Named }) {
  if (f?.value === undefined || f.previous === undefined) return <span class="meta trend">nothing to compare</span>;
  const by = f.value - f.previous, same = written(n.kind, f.value) === written(n.kind, f.previous);
  const size = n.kind === 'share' ? `${Math.abs(Math.round(by * 100))} points` : n.kind === 'score' ? decimal.format(Math.abs(by)) : f.previous ? percent.format(Math.abs(by / f.previous)) : '';
  const tone = same || !n.good ? '' : Math.sign(by) === n.good ? ' ok' : ' bad';
  return <span class={'trend meta' + tone}>{same ? 'as before' : <>{by > 0 ? '▲' : '▼'}<span class="hidden">{by > 0 ? 'up by' : 'down by'}</span> {size} </>}{!same && <span class="was">from {written(n.kind, f.previous)}</span>}</span>;
}

/** A figure that opens the conversations it was taken from. */
export function Value({ of: f, as: n, about = '' }: { of?: Figure; as: Named; about?: string }) {
  const text = written(n.kind, f?.value);
  if (!f || f.value === undefined || (n.kind === 'count' && !f.value)) return <span class="none">{text}</span>;
  const title = [n.title, about].filter(Boolean).join(', ');
  return <button class="value" type="button" title="Show the conversations" aria-label={`${title}: ${text}. Show the conversations`}
    onClick={() => openFigure({ query: f.query, title, back: location.hash, days: days(f.query) })}>{text}</button>;
}

function days(query: string): string {
  const q = new URLSearchParams(query.split('?')[1] || '');
  return `${q.get('from') || of.value.from} to ${q.get('to') || of.value.to}`;
}

/** One figure large, with those that explain it below. */
export function Card({ of: r, main, more = [] }: { of: Report; main: string; more?: string[] }) {
  const n = named[main], f = r.totals[main];
  return <li class="figure">
    <h2 title={n.about}>{n.title}</h2>
    <p class="large"><Value of={f} as={n} /></p>
    <Trend of={f} as={n} />
    {n.about && <p class="meta">{n.about}.</p>}
    {more.length > 0 && <ul class="more">{more.map((name) => <li key={name} title={named[name].about}><Value of={r.totals[name]} as={named[name]} /> <span class="meta">{named[name].title}</span></li>)}</ul>}
  </li>;
}
