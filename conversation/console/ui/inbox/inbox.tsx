// The left pane: views with their counts, search, filters, the list.
import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { count, channelName } from '../format';
import { Icon } from '../parts/icons';
import { useShared } from '../parts/shared';
import { go, me } from '../store';
import type { Colleague, Label, Person } from '../types';
import { HoursChip } from './closed';
import { InboxList } from './list';
import { filters, noFilters } from './filters';
import { counts, full, view } from './state';
import { figure } from './figure';
import { views, viewOf } from './views';

const typingMs = 200;

function Views() {
  return <nav class="views" aria-label="Views">
    {views.map((v) => {
      const n = counts.value[v.name];
      return <a key={v.name} href={'#/inbox/' + v.name} class="view" aria-current={v.name === view.value ? 'page' : undefined}>
        <span>{v.title}</span>{n !== undefined && v.name !== 'all' && v.name !== 'resolved' && <span class="view-n">{count(n)}</span>}
      </a>;
    })}
  </nav>;
}

/** Finds as one types. */
function Search() {
  const box = useRef<HTMLInputElement>(null), timer = useRef(0);
  useEffect(() => { if (box.current && !filters.value.q) box.current.value = ''; }, [filters.value.q]);
  const find = (q: string) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => { filters.value = { ...filters.value, q }; }, typingMs) as unknown as number;
  };
  return <div class="search" role="search"><Icon of="find" size={16} />
    <input ref={box} id="search" type="search" aria-label="Search messages and people" placeholder="Search messages and people" maxLength={200} autocomplete="off"
      onInput={(e) => find(e.currentTarget.value)}
      onKeyDown={(e) => { if (e.key === 'Escape') { find(e.currentTarget.value = ''); e.currentTarget.blur(); } else if (e.key === 'ArrowDown') { e.preventDefault(); document.getElementById('rows')?.focus(); } }} />
  </div>;
}

function Filters() {
  const staff = useShared<Colleague>('/staff', 'staff') || [], labels = useShared<Label>('/labels', 'labels') || [], teams = useShared<Person>('/teams', 'teams') || [];
  const f = filters.value, set = (change: Partial<typeof f>) => { filters.value = { ...f, ...change }; };
  return <div class="filters" id="filters" role="group" aria-label="Filters">
    <label>Channel<select value={f.channel} onChange={(e) => set({ channel: e.currentTarget.value })}>
      <option value="">Any</option>{['widget', 'slack', 'telegram'].map((c) => <option key={c} value={c}>{channelName(c)}</option>)}</select></label>
    {full.value && <>
      {labels.length > 0 && <label>Label<select value={f.label} onChange={(e) => set({ label: e.currentTarget.value })}>
        <option value="">Any</option>{labels.map((l) => <option key={l.id} value={l.name}>{l.name}</option>)}</select></label>}
      {staff.length > 0 && <label>Assigned to<select value={f.assignee} onChange={(e) => set({ assignee: e.currentTarget.value })}>
        <option value="">Anybody</option><option value="none">Nobody</option>{staff.map((s) => <option key={s.id} value={s.id}>{s.name}</option>)}</select></label>}
      {teams.length > 0 && <label>Team<select value={f.team} onChange={(e) => set({ team: e.currentTarget.value })}>
        <option value="">Any</option><option value="mine">My teams</option>{teams.map((t) => <option key={t.id} value={t.id}>{t.name}</option>)}</select></label>}
      <label>Priority<select value={f.priority} onChange={(e) => set({ priority: e.currentTarget.value })}>
        <option value="">Any</option><option value="1">Low</option><option value="2">High</option><option value="3">Urgent</option></select></label>
      <label>Language<input value={f.lang} size={4} maxLength={8} placeholder="de" onChange={(e) => set({ lang: e.currentTarget.value.trim() })} /></label>
      <label>From<input type="date" value={f.from} onChange={(e) => set({ from: e.currentTarget.value })} /></label>
      <label>To<input type="date" value={f.to} onChange={(e) => set({ to: e.currentTarget.value })} /></label>
    </>}
    <button class="btn quiet" type="button" onClick={() => { filters.value = noFilters; }}>Clear</button>
  </div>;
}

export function InboxPane() {
  const open = useSignal(false);
  const active = Object.entries(filters.value).filter(([name, value]) => name !== 'q' && value).length;
  const v = viewOf(view.value), behind = view.value === 'figure' ? figure.value : null;
  return <section class="list" aria-label="Inbox">
    <header class="bar"><h1>{v.title}</h1>
      <select class="view-pick" aria-label="View" value={view.value} onChange={(e) => go('inbox', e.currentTarget.value)}>
        {views.map((w) => <option key={w.name} value={w.name}>{w.title}{counts.value[w.name] !== undefined ? ` (${counts.value[w.name]})` : ''}</option>)}{behind && <option value="figure">{v.title}</option>}</select>
      <HoursChip />
      <span class="push" />
      {!behind && <button class="btn quiet square" type="button" aria-label={active ? `Filters, ${active} set` : 'Filters'} title="Filters" aria-expanded={open.value} aria-controls="filters"
        onClick={() => { open.value = !open.value; }}><Icon of="filter" />{active > 0 && <i class="dot" />}</button>}
    </header>
    <Views />
    {behind ? <div class="behind"><p><b>{behind.title}</b> <span class="meta">{behind.days}</span></p><a href={behind.back}>Back to the report</a></div> : <Search />}
    {open.value && !behind && <Filters />}
    <InboxList />
    {me.value?.role === 'viewer' && <p class="meta foot">You may look, not write.</p>}
  </section>;
}
