// Figures in a row of days or runs, drawn, with a hidden table of the same.
import type { ComponentChildren } from 'preact';
import { ceiling } from '../parts/scale';

const width = 600, height = 140, top = 8;

export interface Series { name: string; values: (number | null)[] }
interface Props { title: string; labels: string[]; series: Series[]; write: (n: number) => string; most?: number; line?: boolean; whole?: boolean; first: string; children?: ComponentChildren }

/** Bars stand on each other, series by series; lines break where there is no figure.
 *  whole says that they count something. */
export function Chart({ title, labels, series, write, most: end, line, whole, first, children }: Props) {
  const sums = labels.map((_, i) => series.reduce((sum, s) => sum + (s.values[i] || 0), 0));
  const most = end ?? ceiling(Math.max(0, ...(line ? series.flatMap((s) => s.values.map((v) => v || 0)) : sums)), whole);
  const step = width / Math.max(1, labels.length), bar = Math.max(1.5, Math.min(28, step * 0.72)), y = (v: number) => top + (height - top) * (1 - v / most);
  const points = (values: (number | null)[]) => {
    let d = '';
    values.forEach((v, i) => {
      if (v === null) return;
      const joined = i > 0 && values[i - 1] !== null;
      d += `${joined ? 'L' : 'M'}${((i + 0.5) * step).toFixed(1)} ${y(v).toFixed(1)}`;
      if (!joined && (values[i + 1] ?? null) === null) d += 'h.01'; // a point
    });
    return d;
  };
  const above = labels.map(() => 0);
  return <figure class="graph">
    <figcaption class="graph-head"><h2>{title}</h2>{children}</figcaption>
    {series.length > 1 && <ul class="legend" aria-hidden="true">{series.map((s, n) => <li key={s.name}><svg viewBox="0 0 8 8" width="8" height="8"><rect class={'series-' + n} width="8" height="8" rx="2" /></svg>{s.name}</li>)}</ul>}
    <div class="graph-plot" aria-hidden="true">
      <span class="meta">{write(most)}</span><span class="meta">{write(most / 2)}</span><span class="meta">{write(0)}</span>
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none">
        {[0, 0.5, 1].map((at) => <line key={at} class="grid" x1="0" x2={width} y1={y(most * at)} y2={y(most * at)} />)}
        {series.map((s, n) => (line ? <path key={s.name} class={'line line-' + n} d={points(s.values)} />
          : s.values.map((v, i) => {
            if (!v) return null;
            above[i] += v;
            return <rect key={s.name + i} class={'series-' + n} x={i * step + (step - bar) / 2} width={bar} y={y(above[i])} height={y(0) - y(v)} />;
          })))}
        {labels.map((l, i) => <rect key={'over' + i} class="over" x={i * step} width={step} y="0" height={height}>
          <title>{[l, ...series.map((s) => `${series.length > 1 ? s.name + ': ' : ''}${s.values[i] === null ? 'none' : write(s.values[i]!)}`)].join('\n')}</title></rect>)}
      </svg>
      <span class="meta ends"><span>{labels[0]}</span>{labels.length > 1 && <span>{labels[labels.length - 1]}</span>}</span>
    </div>
    <div class="hidden"><table><caption>{title}</caption><thead><tr><th scope="col">{first}</th>{series.map((s) => <th key={s.name} scope="col">{s.name}</th>)}</tr></thead>
      <tbody>{labels.map((l, i) => <tr key={i}><th scope="row">{l}</th>{series.map((s) => <td key={s.name}>{s.values[i] === null ? 'none' : write(s.values[i]!)}</td>)}</tr>)}</tbody></table></div>
  </figure>;
}
