// What people, tokens and commands changed.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, optional, query } from '../api';
import { exact } from '../format';
import { Empty, Skeleton } from '../parts/bits';
import type { Colleague } from '../types';

interface Entry { id: string; at: string; actor: { kind: string; id?: string; name: string }; action: string; target?: string; detail: Record<string, string>; ip?: string }
interface Filter { actor: string; action: string; target: string }
const none: Filter = { actor: '', action: '', target: '' };
const page = 50;

/** What the API says its actions do: the first sentence of each description. */
async function actions(): Promise<Map<string, string>> {
  const told = new Map<string, string>(), spec = await optional<{ paths: Record<string, Record<string, { summary?: string }>> }>('/openapi.json');
  for (const [path, methods] of Object.entries(spec?.paths || {})) for (const [method, o] of Object.entries(methods)) {
    if (method !== 'get' && o.summary) told.set(`${method.toUpperCase()} ${path}`, o.summary.split(/[.;:] |\.$/)[0]);
  }
  return told;
}

export function Audit() {
  const [filter, setFilter] = useState(none), [list, setList] = useState<Entry[] | null>(null), [next, setNext] = useState(''), [error, setError] = useState('');
  const [names, setNames] = useState(new Map<string, string>()), [who, setWho] = useState<{ id: string; name: string }[]>([]), turn = useRef(0);
  const read = async (cursor = '') => {
    const mine = ++turn.current;
    try {
      const got = await api<{ entries: Entry[]; next?: string }>('GET', '/audit' + query({ ...filter, cursor, limit: page }));
      if (mine !== turn.current) return;
      setList((had) => (cursor && had ? [...had, ...got.entries] : got.entries));
      setNext(got.next || '');
      setError('');
    } catch (err) {
      if (mine === turn.current) setError((err as Error).message);
    }
  };
  useEffect(() => { setList(null); read(); }, [filter]);
  useEffect(() => {
    actions().then(setNames);
    Promise.all([optional<{ staff: Colleague[] }>('/staff'), optional<{ tokens: { id: string; name: string }[] }>('/tokens')])
      .then(([s, t]) => setWho([...(s?.staff || []), ...(t?.tokens || []).map((one) => ({ id: one.id, name: one.name + ' (token)' }))]));
  }, []);
  const set = (change: Partial<Filter>) => setFilter({ ...filter, ...change });
  return <>
    <div class="form line" role="search" aria-label="Filters">
      <label class="field">By<select value={filter.actor} onChange={(e) => set({ actor: e.currentTarget.value })}><option value="">Anybody</option>{who.map((w) => <option key={w.id} value={w.id}>{w.name}</option>)}</select></label>
      <label class="field">What<select value={filter.action} onChange={(e) => set({ action: e.currentTarget.value })}><option value="">Anything</option>
        {[...names].sort((a, b) => a[1].localeCompare(b[1])).map(([action, name]) => <option key={action} value={action}>{name}</option>)}</select></label>
      <label class="field">About the id<input value={filter.target} maxLength={100} autocomplete="off" onChange={(e) => set({ target: e.currentTarget.value.trim() })} /></label>
      {filter !== none && <button class="btn quiet" type="button" onClick={() => setFilter(none)}>Clear</button>}
    </div>
    {error && <p class="error" role="alert">{error} <button class="btn link" type="button" onClick={() => read()}>Try again</button></p>}
    {!list ? !error && <Skeleton rows={6} label="Reading the audit log" />
      : list.length ? <ul class="cards items" aria-label="Audit log">{list.map((e) => <li key={e.id} class="item audit"><div class="grow">
        <p><b>{names.get(e.action) || e.action}</b></p>
        {Object.keys(e.detail).length > 0 && <dl class="facts">{Object.entries(e.detail).map(([k, v]) => <div key={k}><dt>{k.replaceAll('_', ' ')}</dt><dd dir="auto">{v}</dd></div>)}</dl>}
        <p class="meta"><span dir="auto">{e.actor.name || e.actor.kind}</span>{e.actor.kind !== 'staff' ? ` (${e.actor.kind})` : ''}{e.ip ? ' · ' + e.ip : ''}{e.target && <> · <button class="btn link" type="button" title={e.target} aria-label={'Show only what is about ' + e.target} onClick={() => set({ target: e.target! })}>{e.target.length > 12 ? e.target.slice(0, 8) + '…' : e.target}</button></>}</p></div>
        <time class="meta" dateTime={e.at}>{exact(e.at)}</time></li>)}</ul>
        : <div class="cards"><Empty text={filter === none ? 'Nothing has been changed yet.' : 'No entry fits.'}>{filter !== none && <button class="btn" type="button" onClick={() => setFilter(none)}>Clear the filters</button>}</Empty></div>}
    {next && <button class="btn middle" type="button" onClick={() => read(next)}>Show more</button>}
  </>;
}
