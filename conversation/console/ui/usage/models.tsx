// The models with their prices, and which of them will be shut down.
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api';
import { count, plural } from '../format';
import type { Model } from './types';

const soonDays = 90;
const dayText = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });
const day = (date: string): string => dayText.format(new Date(date + 'T12:00:00Z'));
const price = (usd: number): string => '$' + (+(usd * 100).toFixed(4) % 1 ? String(+usd.toFixed(4)) : usd.toFixed(2));

function leaving(m: Model): string {
  const left = m.days_left!;
  return `${left < 0 ? 'was shut down on' : 'is shut down on'} ${day(m.shutdown!)}${left >= 0 ? ` (in ${plural(left, 'day')})` : ''}${m.successor ? `; ${m.successor} follows it` : ''}.`;
}

export function Models() {
  const [list, setList] = useState<Model[] | null>(null), [error, setError] = useState(''), [all, setAll] = useState(false);
  useEffect(() => { api<{ models: Model[] }>('GET', '/models').then((got) => setList(got.models), (err) => setError(err.message)); }, []);
  if (error) return <p class="error" role="alert">{error}</p>;
  if (!list) return null;
  const used = list.filter((m) => m.tasks.length), others = list.length - used.length, shown = all || !used.length ? list : used;
  const going = used.filter((m) => m.days_left !== undefined && m.days_left <= soonDays);
  return <section class="part" aria-label="Models"><h2>Models</h2>
    {going.map((m) => <p key={m.name} class="trouble" role="note"><span><b>{m.name}</b> {leaving(m)}</span></p>)}
    {shown.length ? <div class="table-box" tabIndex={0} role="region" aria-label="Models, table"><table class="sheet-table"><thead><tr><th scope="col">Model</th><th scope="col" class="left">Used for</th><th scope="col">Input</th><th scope="col">Cached</th><th scope="col">Output</th><th scope="col">Context</th></tr></thead>
      <tbody>{shown.map((m) => <tr key={m.name}><th scope="row">{m.name}{m.overridden && <> <span class="chip accent">Own price</span></>}{m.shutdown && <p class={'meta' + (m.days_left! <= soonDays ? ' warn' : '')}>{m.days_left! < 0 ? 'Shut down ' : 'Until '}{day(m.shutdown)}{m.successor ? ', then ' + m.successor : ''}</p>}</th>
        <td class="left">{m.tasks.join(', ') || '–'}</td>{m.known ? <><td>{price(m.input)}</td><td>{price(m.cached)}</td><td>{price(m.output)}</td></> : <td colSpan={3} class="warn">price not known: counted as $0</td>}<td>{m.context ? count(m.context) : '–'}</td></tr>)}</tbody></table></div>
      : <p class="muted">No model is configured.</p>}
    <p class="meta below">US dollars per million tokens. {others > 0 && used.length > 0 && <button class="btn link" type="button" aria-expanded={all} onClick={() => setAll(!all)}>{all ? 'Only those in use' : `Show ${plural(others, 'other model')}`}</button>}</p>
  </section>;
}
