// A figure by day, drawn, with the same as a table for whoever cannot see it.
import { openFigure } from '../inbox/figure';
import { named, written } from './figures';
import { ceiling } from '../parts/scale';
import type { Group } from './state';

const width = 600, height = 132, top = 8;
const dayText = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
export const dayName = (date: string): string => dayText.format(new Date(date + 'T12:00:00Z'));

export function Chart({ figure, days, line }: { figure: string; days: Group[]; line?: boolean }) {
  const n = named[figure], values = days.map((d) => d.figures[figure]?.value ?? (n.kind === 'count' ? 0 : undefined));
  const most = n.kind === 'share' ? 1 : n.kind === 'score' ? 5 : ceiling(Math.max(0, ...values.map((v) => v || 0)), n.kind === 'count');
  const step = width / days.length, bar = Math.max(1, Math.min(28, step * 0.7)), y = (v: number) => top + (height - top) * (1 - v / most);
  const open = (d: Group) => openFigure({ query: d.figures[figure].query, title: `${n.title}, ${dayName(d.key)}`, back: location.hash, days: d.key });
  return <figure class="chart">
    <figcaption><h2>{n.title} by day</h2></figcaption>
    <div class="plot" aria-hidden="true">
      <span class="meta axis">{written(n.kind, most)}</span><span class="meta axis">{written(n.kind, n.kind === 'share' ? 0.5 : most / 2)}</span><span class="meta axis">0</span>
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none">
        {[0, 0.5, 1].map((at) => <line key={at} class="grid" x1="0" x2={width} y1={y(most * at)} y2={y(most * at)} />)}
        {line ? <path class="line" d={path(values, (i) => (i + 0.5) * step, y)} />
          : days.map((d, i) => (values[i] ? <rect key={d.key} class="bar-fill" x={i * step + (step - bar) / 2} width={bar} y={y(values[i]!)} height={height - y(values[i]!)} /> : null))}
        {days.map((d, i) => <rect key={'over' + d.key} class="over" x={i * step} width={step} y="0" height={height} onClick={values[i] ? () => open(d) : undefined}>
          <title>{`${dayName(d.key)}: ${written(n.kind, values[i])}`}</title></rect>)}
      </svg>
      <span class="meta ends"><span>{days.length > 0 && dayName(days[0].key)}</span><span>{days.length > 1 && dayName(days[days.length - 1].key)}</span></span>
    </div>
    <div class="hidden"><table><caption>{n.title} by day</caption><thead><tr><th scope="col">Day</th><th scope="col">{n.title}</th></tr></thead>
      <tbody>{days.map((d, i) => <tr key={d.key}><th scope="row">{dayName(d.key)}</th><td>{values[i] === undefined ? 'none' : written(n.kind, values[i])}</td></tr>)}</tbody></table></div>
  </figure>;
}

/** Joins the points there are; a day without one breaks the line, a lone one is a dash. */
function path(values: (number | undefined)[], x: (i: number) => number, y: (v: number) => number): string {
  let d = '';
  values.forEach((v, i) => {
    if (v === undefined) return;
    const at = `${x(i).toFixed(1)} ${y(v).toFixed(1)}`;
    d += (i && values[i - 1] !== undefined ? 'L' : 'M') + at;
    if ((!i || values[i - 1] === undefined) && values[i + 1] === undefined) d += 'h4';
  });
  return d;
}
