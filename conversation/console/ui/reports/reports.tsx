// Reports: what became of the conversations that began in some days, beside the days
// before. Every figure opens the conversations it was taken from.
import { useEffect, useState } from 'preact/hooks';
import { optional, query } from '../api';
import { channelName, count, now, reasonText } from '../format';
import { Empty, Moment, Score, Skeleton } from '../parts/bits';
import { Icon } from '../parts/icons';
import type { Colleague, Label } from '../types';
import { Chart, dayName } from './chart';
import { Card, named, Value } from './figures';
import { ask, of, ranges, read, report, shift, trouble, type Comment, type Group, type Report } from './state';

function Filters({ of: r }: { of: Report | null }) {
  const [staff, setStaff] = useState<Colleague[]>([]), [labels, setLabels] = useState<Label[]>([]), [own, setOwn] = useState(false);
  useEffect(() => {
    optional<{ staff: Colleague[] }>('/staff').then((got) => setStaff(got?.staff || []));
    optional<{ labels: Label[] }>('/labels').then((got) => setLabels(got?.labels || []));
  }, []);
  const o = of.value, from = o.from || r?.from || '', to = o.to || r?.to || '', list = ranges(r?.timezone || 'UTC', now.value);
  const at = own ? -1 : list.findIndex(([, f, t]) => f === from && t === to);
  const pick = (i: number) => {
    setOwn(i < 0);
    if (i >= 0) ask({ from: list[i][1], to: list[i][2] });
  };
  return <div class="report-filters" role="group" aria-label="What the report is of">
    <label>Days<select value={String(r ? at : 1)} onChange={(e) => pick(+e.currentTarget.value)}>{list.map(([name], i) => <option key={name} value={i}>{name}</option>)}<option value="-1">Other days</option></select></label>
    {r && at < 0 && <><label>From<input type="date" value={from} max={to && shift(to, -1)} onChange={(e) => e.currentTarget.value && ask({ from: e.currentTarget.value, to })} /></label>
      <label>Until<input type="date" value={to && shift(to, -1)} min={from} onChange={(e) => e.currentTarget.value && ask({ from, to: shift(e.currentTarget.value, 1) })} /></label></>}
    <label>Channel<select value={o.channel} onChange={(e) => ask({ channel: e.currentTarget.value })}><option value="">All</option>{['widget', 'slack', 'telegram'].map((c) => <option key={c} value={c}>{channelName(c)}</option>)}</select></label>
    <label>Person<select value={o.staff} onChange={(e) => ask({ staff: e.currentTarget.value })}><option value="">Everybody</option>{staff.map((s) => <option key={s.id} value={s.id}>{s.name}</option>)}</select></label>
    {labels.length > 0 && <label>Label<select value={o.label} onChange={(e) => ask({ label: e.currentTarget.value })}><option value="">Any</option>{labels.map((l) => <option key={l.id} value={l.name}>{l.name}</option>)}</select></label>}
    <span class="push" />
    <a class="btn" href={'/api/v1/reports.csv' + query({ ...o })} download><Icon of="file" size={16} />CSV</a>
  </div>;
}

/** A table of groups, each figure of which opens its conversations. */
function Groups({ title, of: list, columns, name, first }: { title: string; of: Group[]; columns: [string, string][]; name: (g: Group) => string; first: string }) {
  if (!list.length) return null;
  return <section class="report-part" aria-label={title}><h2>{title}</h2><div class="table-box" tabIndex={0} role="region" aria-label={title + ', table'}><table class="figures">
    <thead><tr><th scope="col">{first}</th>{columns.map(([f, head]) => <th key={f} scope="col">{head}</th>)}</tr></thead>
    <tbody>{list.map((g) => <tr key={g.key}><th scope="row" dir="auto">{name(g)}</th>{columns.map(([f]) => <td key={f}><Value of={g.figures[f]} as={named[f]} about={name(g)} /></td>)}</tr>)}</tbody></table></div></section>;
}

const shownComments = 10;

/** What customers said beside their scores, the newest first. */
function Comments({ of: list }: { of: Comment[] }) {
  const [all, setAll] = useState(false);
  if (!list.length) return null;
  return <section class="report-part" aria-label="What customers said"><h2>What customers said</h2>
    <ul class="cards said-list" aria-label="Comments">{(all ? list : list.slice(0, shownComments)).map((c) => <li key={c.conversation + c.at}>
      <p class="said-top"><Score of={c.score} /><a href={'#/inbox/all/' + c.conversation} dir="auto">{c.contact || 'A visitor'}</a><span class="push" /><span class="meta"><Moment at={c.at} /></span></p>
      <blockquote class="plain-text" dir="auto">{c.comment}</blockquote></li>)}</ul>
    {list.length > shownComments && <button class="btn middle" type="button" aria-expanded={all} onClick={() => setAll(!all)}>{all ? 'Show fewer' : `Show all ${count(list.length)}`}</button>}
  </section>;
}

function Body({ of: r }: { of: Report }) {
  return <>
    <ul class="figure-cards">
      <Card of={r} main="conversations" more={['resolved']} />
      <Card of={r} main="bot_resolved_rate" more={['bot_confirmed', 'bot_assumed', 'bot_reopened']} />
      <Card of={r} main="handoff_rate" more={['handed_over']} />
      <Card of={r} main="csat_average" more={['csat_good_rate', 'rated']} />
      <Card of={r} main="staff_first_response_median_s" more={['staff_first_response_p90_s']} />
      <Card of={r} main="staff_resolution_median_s" more={['staff_resolution_p90_s']} />
      <Card of={r} main="bot_resolution_median_s" more={['bot_resolution_p90_s', 'bot_first_response_median_s']} />
      <Card of={r} main="waits_kept_rate" more={['waits', 'waits_promised_median_s', 'waits_actual_median_s']} />
    </ul>
    <div class="charts">
      <Chart figure="conversations" days={r.days} /><Chart figure="bot_resolved_rate" days={r.days} line />
      <Chart figure="handed_over" days={r.days} /><Chart figure="csat_average" days={r.days} line />
    </div>
    <Comments of={r.comments || []} />
    <Groups title="Why conversations were given to a person" of={r.reasons} first="Reason" name={(g) => { const t = reasonText(g.key); return t[0]?.toUpperCase() + t.slice(1); }} columns={[['conversations', 'Conversations']]} />
    <Groups title="Channels" of={r.channels} first="Channel" name={(g) => channelName(g.key)} columns={[['conversations', 'Conversations'], ['bot_resolved_rate', 'By the bot'], ['handoff_rate', 'To a person'], ['staff_first_response_median_s', 'First reply'], ['csat_average', 'Score']]} />
    <Groups title="People" of={r.staff} first="Replied first" name={(g) => g.name || 'Somebody who left'} columns={[['conversations', 'Conversations'], ['staff_first_response_median_s', 'First reply'], ['staff_resolution_median_s', 'Until resolved'], ['csat_average', 'Score'], ['rated', 'Scores']]} />
    <Groups title="Labels" of={r.labels} first="Label" name={(g) => g.key} columns={[['conversations', 'Conversations'], ['bot_resolved_rate', 'By the bot'], ['handoff_rate', 'To a person'], ['csat_average', 'Score']]} />
    <p class="meta">Counted are conversations that began on these days, in the time zone {r.timezone}. Arrows compare with as many days before.</p>
  </>;
}

export function Reports() {
  const o = of.value, r = report.value;
  useEffect(() => { read(); }, [JSON.stringify(o)]);
  const nothing = r && !r.totals.conversations?.value, narrowed = o.channel || o.label || o.staff;
  return <main class="page" id="page" tabIndex={-1}><div class="page-in reports">
    <header class="page-head"><h1>Reports</h1>{r && <span class="meta">{dayName(r.from)} – {dayName(shift(r.to, -1))}</span>}</header>
    <Filters of={r} />
    {trouble.value && <p class="error" role="alert">{trouble.value} <button class="btn link" type="button" onClick={read}>Try again</button></p>}
    {!r ? !trouble.value && <Skeleton rows={6} label="Reading the report" />
      : nothing ? <div class="cards"><Empty text={narrowed ? 'No conversation of these days fits.' : 'No conversation began on these days.'}>
        {narrowed ? <button class="btn" type="button" onClick={() => ask({ channel: '', label: '', staff: '' })}>Show all of them</button>
          : <button class="btn" type="button" onClick={() => { const [, from, to] = ranges(r.timezone, now.value)[2]; ask({ from, to }); }}>Look at the last 90 days</button>}</Empty></div>
        : <Body of={r} />}
  </div></main>;
}
