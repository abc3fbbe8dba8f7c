// Settings › Prices: what models are known to cost, and prices of one's own in their place.
import { useState } from 'preact/hooks';
import { isAdmin } from '../store';
import { digits, number } from './fields';
import { Frame } from './frame';
import { useModels, type Model } from './models';
import { useStored, type Faults, type Shape, type Value } from './stored';

type Price = 'input' | 'cached' | 'output';
const parts: Price[] = ['input', 'cached', 'output'];
const named: Record<Price, string> = { input: 'Input', cached: 'Cached input', output: 'Output' };

const shape: Shape = {
  open: (v) => Object.fromEntries(Object.entries(v.models || {}).map(([name, p]) => [name, Object.fromEntries(parts.map((k) => [k, digits((p as Record<Price, number>)[k])]))])),
  close: (typed) => {
    const faults: Faults = {}, models: Value = {};
    for (const [name, own] of Object.entries(typed)) {
      models[name] = {};
      for (const k of parts) {
        const n = number(own[k]);
        if (n === undefined || n === null) faults[name] = `${named[k]} needs a number: US dollars per million tokens, such as 0.15.`;
        models[name][k] = n ?? 0;
      }
    }
    return [{ models }, faults];
  },
  label: (key) => key,
  show: (_, v) => (v ? parts.map((k) => `${named[k].toLowerCase()} ${v[k]}`).join(', ') : 'No price of our own'),
};

const money = (n: number): string => '$' + digits(n);

export function Prices() {
  const s = useStored('prices', shape), models = useModels(s.at?.version), [name, setName] = useState('');
  const own = Object.keys(s.typed), key = name.trim().toLowerCase(), twice = own.includes(key);
  const lines: Model[] = [...models, ...own.filter((n) => !models.some((m) => m.name === n)).map((n) => ({ name: n, tasks: [], known: false, input: 0, cached: 0, output: 0, overridden: false, context: 0 }))];
  const used = (m: Model) => (m.name in s.typed ? 0 : m.tasks.length ? 1 : 2);
  const known = (m: Model): Record<Price, number> | null => m.listed || (m.known && !m.overridden ? m : null);
  const begin = (m: string, from: Record<Price, number> | null) => s.set({ [m]: Object.fromEntries(parts.map((k) => [k, from ? digits(from[k]) : ''])) });
  return <>
    <p class="muted lead">US dollars per million tokens. A name also holds for its dated snapshots and behind a vendor’s prefix. What was spent already stays as it was booked.</p>
    <Frame of={s} label="Prices">
      <div class="scrolls" tabIndex={0} role="region" aria-label="Prices of models"><table class="figures prices"><thead><tr><th scope="col">Model</th>{parts.map((k) => <th key={k} scope="col">{named[k]}</th>)}<th scope="col"><span class="hidden">Own price</span></th></tr></thead>
        <tbody>{lines.sort((a, b) => used(a) - used(b)).map((m) => {
          const mine = s.typed[m.name], list = known(m), fault = s.faults[m.name];
          return <tr key={m.name} class={mine ? 'own' : ''}><th scope="row"><span dir="auto">{m.name}</span>{m.tasks.length > 0 && <span class="chip ok">in use</span>}{fault && <span class="error" id={'price-' + m.name}>{fault}</span>}</th>
            {parts.map((k) => <td key={k}>{mine ? <><input inputMode="decimal" autocomplete="off" aria-label={`${named[k]}, ${m.name}`} aria-invalid={fault && (number(mine[k]) ?? -1) < 0 ? true : undefined} aria-describedby={fault ? 'price-' + m.name : undefined} value={mine[k]} onInput={(e) => s.set({ [m.name]: { ...mine, [k]: e.currentTarget.value } })} />
              {list && <span class="meta">known: {money(list[k])}</span>}</> : list ? money(list[k]) : <span class="meta">not known</span>}</td>)}
            <td>{isAdmin.value && (mine ? <button class="btn quiet bad" type="button" aria-label={'Remove the price of ' + m.name} onClick={() => s.set({ [m.name]: undefined })}>Remove</button>
              : <button class="btn quiet" type="button" aria-label={'Set a price for ' + m.name} onClick={() => begin(m.name, list)}>Set</button>)}</td></tr>;
        })}</tbody></table></div>
      {isAdmin.value && <div class="form line"><label class="field">Another model<input value={name} maxLength={200} autocomplete="off" onInput={(e) => setName(e.currentTarget.value)} onKeyDown={(e) => { if (e.key === 'Enter') e.preventDefault(); }} /></label>
        <button class="btn" type="button" disabled={!key || twice} onClick={() => { begin(key, null); setName(''); }}>Add a price</button></div>}
    </Frame>
  </>;
}
