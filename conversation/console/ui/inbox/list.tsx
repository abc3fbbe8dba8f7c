// The list. Only the rows in sight are in the page, so ten thousand scroll as
// ten do.
import { useLayoutEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { Empty, Skeleton } from '../parts/bits';
import { go } from '../store';
import type { Row } from '../types';
import { InboxRow, rowHeight } from './row';
import { filters, narrowed, noFilters } from './filters';
import { load, loading, next, openId, problem, rows, view } from './state';
import { viewOf } from './views';

const margin = 6; // rows beyond the edges
const ahead = 15; // rows before the end at which the next page is asked for

export function openRow(r: Row): void {
  go('inbox', view.value, r.id, ...(r.match?.seq ? [String(r.match.seq)] : [])); // to where the search found it
}

/** Opens the conversation so many rows further down. */
export function step(by: number): void {
  const list = rows.value;
  if (!list.length) return;
  const at = list.findIndex((r) => r.id === openId.value);
  const to = at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.max(0, Math.min(list.length - 1, at + by));
  openRow(list[to]);
}

export function InboxList() {
  const box = useRef<HTMLDivElement>(null);
  const top = useSignal(0), height = useSignal(800);
  const list = rows.value, at = list.findIndex((r) => r.id === openId.value);
  useLayoutEffect(() => {
    const seen = new ResizeObserver(() => { height.value = box.current?.clientHeight || 0; });
    seen.observe(box.current!);
    return () => seen.disconnect();
  }, []);
  useLayoutEffect(() => {
    const e = box.current!;
    if (at < 0) return;
    if (at * rowHeight < e.scrollTop) e.scrollTop = at * rowHeight;
    else if ((at + 1) * rowHeight > e.scrollTop + e.clientHeight) e.scrollTop = (at + 1) * rowHeight - e.clientHeight;
  }, [at]);
  useLayoutEffect(() => { box.current!.scrollTop = 0; }, [view.value, filters.value]);
  const first = Math.max(0, Math.floor(top.value / rowHeight) - margin);
  const last = Math.min(list.length, Math.ceil((top.value + height.value) / rowHeight) + margin);
  const wanting = !!next.value && last + ahead >= list.length;
  useLayoutEffect(() => { if (wanting && !loading.value) load(true); }, [wanting, list.length, loading.value]);
  const keys = (e: KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -list.length, End: list.length }[e.key];
    if (!move) return;
    e.preventDefault();
    step(move);
  };
  const nothing = !list.length;
  return <>
    <div ref={box} class="rows" role={nothing ? undefined : 'listbox'} aria-label={nothing ? undefined : 'Conversations'} tabIndex={nothing ? -1 : 0} id="rows"
      aria-activedescendant={at >= first && at < last ? 'row-' + openId.value : undefined}
      onKeyDown={keys} onScroll={(e) => { top.value = e.currentTarget.scrollTop; }}>
      {nothing ? <Nothing /> : <div role="presentation" class="rows-all" style={{ height: list.length * rowHeight + 'px' }}>
        {list.slice(first, last).map((r, i) => <InboxRow key={r.id} row={r} index={first + i} total={next.value ? -1 : list.length}
          chosen={r.id === openId.value} open={openRow} />)}
      </div>}
    </div>
  </>;
}

function Nothing() {
  if (loading.value === 'first') return <Skeleton rows={6} label="Reading the conversations" />;
  if (problem.value) return <Empty text={problem.value}><button class="btn" type="button" onClick={() => load()}>Try again</button></Empty>;
  if (view.value !== 'figure' && narrowed()) {
    return <Empty text="No conversation fits."><button class="btn" type="button" onClick={() => { filters.value = noFilters; }}>Clear the search</button></Empty>;
  }
  const v = viewOf(view.value);
  return <Empty text={v.empty}>{view.value !== 'open' && view.value !== 'all' && <button class="btn" type="button" onClick={() => go('inbox', 'all')}>Show all</button>}</Empty>;
}
