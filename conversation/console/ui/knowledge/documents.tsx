// The documents the bot answers from.
import { useEffect, useRef, useState } from 'preact/hooks';
import { count, exact, plural, size } from '../format';
import { Empty, Moment, Skeleton } from '../parts/bits';
import { Icon } from '../parts/icons';
import { isAdmin } from '../store';
import { Deleted } from './deleted';
import { anything, docs, filter, filtered, load, more, narrow, reading, remove, retry, states, trouble, underWay, watch } from './state';
import { Trouble, useRested } from './list';
import type { ShelfDoc } from './types';
import { again, forget, upload, uploads, type Upload } from './upload';

const shownWarnings = 3;
const shownLeft = 10;

function Drop() {
  const picker = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  return <div class={'drop' + (over ? ' over' : '')} onDragOver={(e) => { e.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)}
    onDrop={(e) => { e.preventDefault(); setOver(false); upload([...(e.dataTransfer?.files || [])]); }}>
    <button class="btn main" type="button" onClick={() => picker.current!.click()}><Icon of="upload" size={16} />Upload files</button>
    <input ref={picker} type="file" multiple class="hidden" tabIndex={-1} aria-hidden="true"
      onChange={(e) => { const files = [...(e.currentTarget.files || [])]; e.currentTarget.value = ''; upload(files); }} />
    <p class="meta">Or drop many here: PDF, Word, PowerPoint, Excel, HTML, Markdown, CSV, text, ZIP. Up to 64 MB each.</p>
    <a class="btn" href="#/knowledge/sites">Add a website</a><a class="btn" href="#/knowledge/faq/new">Write an entry</a>
  </div>;
}

function UploadRow({ of: u }: { of: Upload }) {
  const name = u.file.name, gone = u.state === 'failed' || u.state === 'left';
  const [text, tone] = u.state === 'failed' ? ['Not uploaded', 'bad'] : u.left ? [count(u.left.length) + ' left out', 'warn'] : u.state === 'sending' ? ['Uploading', 'accent'] : ['Next', 'plain'];
  return <li class="doc over" aria-label={u.left ? 'Left out of ' + name : name}>
    <span class="name" dir="auto">{name}</span>
    <span class={'chip ' + tone}>{text}</span>
    <span class="row tight">{u.state === 'failed' && <button class="btn quiet" type="button" aria-label={'Retry ' + name} onClick={() => again(u)}>Retry</button>}
      {gone ? <button class="btn quiet square" type="button" aria-label={'Dismiss ' + name} onClick={() => forget(u)}><Icon of="close" size={16} /></button>
        : <button class="btn quiet" type="button" aria-label={'Cancel ' + name} onClick={() => forget(u)}>Cancel</button>}</span>
    {u.state === 'sending' && <progress class="more" max={1} value={u.part} aria-label={'Uploading ' + name} />}
    {u.error && <p class="more error" role="alert">{u.error}</p>}
    {u.left && <ul class="more warning">{u.left.slice(0, shownLeft).map((l) => <li key={l.name} dir="auto">{l.name}: {l.reason}</li>)}
      {u.left.length > shownLeft && <li>and {count(u.left.length - shownLeft)} more</li>}</ul>}
  </li>;
}

/** Shows the first few at once; what they quote is a stranger's text. */
export function Warnings({ of: d }: { of: ShelfDoc }) {
  if (!d.warnings.length) return null;
  const rest = d.warnings.slice(shownWarnings);
  return <div class="more warning"><p>Worth a look:</p>
    <ul aria-label={'Warnings about ' + d.name}>{d.warnings.slice(0, shownWarnings).map((w) => <li key={w} dir="auto">{w}</li>)}</ul>
    {rest.length > 0 && <details><summary>{count(rest.length)} more</summary><ul aria-label={'More warnings about ' + d.name}>{rest.map((w) => <li key={w} dir="auto">{w}</li>)}</ul></details>}
  </div>;
}

export function Uses({ hits, last }: { hits?: number; last?: string }) {
  if (hits === undefined) return null;
  return <span title="Answers that cite it">{hits ? <>cited {plural(hits, 'time')}{last && <>, last <Moment at={last} /></>}</> : 'never cited'}</span>;
}

export function Stage({ of: d }: { of: ShelfDoc }) {
  const label = states[d.status]?.[0] || d.status;
  return <>{underWay(d) && d.progress && <progress class="more" max={d.progress.total} value={d.progress.done} aria-label={`${label}: ${d.progress.done} of ${d.progress.total}`} />}
    {d.error && <p class="more error">{d.error}</p>}</>;
}

function DocRow({ of: d }: { of: ShelfDoc }) {
  const [label, tone] = states[d.status] || [d.status, 'warn'];
  const facts = [d.status === 'ready' ? plural(d.passages, 'passage') : '', d.bytes ? size(d.bytes) : '', d.lang || '', exact(d.created_at)].filter(Boolean);
  return <li class="doc">
    <a class="name" dir="auto" href={'#/knowledge/documents/' + d.id}>{d.name}</a><span class={'chip ' + tone}>{label}</span>
    {isAdmin.value ? <span class="row tight">
      {d.status === 'failed' && <button class="btn quiet" type="button" aria-label={'Retry ' + d.name} onClick={() => retry(d)}>Retry</button>}
      <button class="btn quiet bad" type="button" aria-label={(underWay(d) && !d.passages ? 'Cancel ' : 'Delete ') + d.name} onClick={() => remove(d)}>{underWay(d) && !d.passages ? 'Cancel' : 'Delete'}</button></span> : <span />}
    <span class="more meta dots">{facts.map((f) => <span key={f}>{f}</span>)}<Uses hits={d.hits} last={d.last_used} />
      {d.review_by && <span class={d.stale ? 'warn' : ''}>{d.stale ? 'review was due ' : 'review by '}{d.review_by}</span>}</span>
    <Stage of={d} />
    <Warnings of={d} />
  </li>;
}

function Filters() {
  const [words, setWords] = useState(filter.value.q), rested = useRested(words.trim());
  useEffect(() => { if (rested !== filter.value.q) narrow({ q: rested }); }, [rested]);
  const f = filter.value;
  return <form class="sift" role="search" onSubmit={(e) => { e.preventDefault(); narrow({ q: words.trim() }); }}>
    <input type="search" class="grow" aria-label="Name or address" placeholder="Name or address" maxLength={200} value={words} onInput={(e) => setWords(e.currentTarget.value)} dir="auto" />
    <select aria-label="State" value={f.status} onChange={(e) => narrow({ status: e.currentTarget.value })}><option value="">Any state</option>{Object.entries(states).map(([v, [t]]) => <option key={v} value={v}>{t}</option>)}</select>
    <select aria-label="Kind" value={f.kind} onChange={(e) => narrow({ kind: e.currentTarget.value })}><option value="">Files and pages</option><option value="file">Files</option><option value="page">Pages of sites</option></select>
    <select aria-label="Review" value={f.stale} onChange={(e) => narrow({ stale: e.currentTarget.value })}><option value="">Reviewed or not</option><option value="true">Review overdue</option></select>
    <input class="lang" aria-label="Language" placeholder="Language" maxLength={35} value={f.lang} onChange={(e) => narrow({ lang: e.currentTarget.value.trim() })} />
    {filtered() && <button class="btn quiet" type="button" onClick={() => { setWords(''); narrow(anything); }}>Clear</button>}
  </form>;
}

export function Documents() {
  useEffect(watch, []);
  const list = docs.value, sending = uploads.value;
  return <section aria-labelledby="title">
    <header class="page-head"><h1 id="title">Documents</h1>{!reading.value && <span class="meta" role="status">{count(list.length)}{more.value ? '+' : ''} {list.length === 1 ? 'document' : 'documents'}</span>}</header>
    {isAdmin.value && <Drop />}
    {sending.length > 0 && <ul class="cards first" aria-label="Uploads">{sending.map((u) => <UploadRow key={u.id} of={u} />)}</ul>}
    <Filters />
    <Trouble error={trouble.value} again={() => load()} />
    {reading.value ? <Skeleton rows={5} label="Reading the documents" />
      : list.length ? <ul class="cards" aria-label="Documents">{list.map((d) => <DocRow key={d.id} of={d} />)}</ul>
        : !trouble.value && (filtered() ? <Empty text="No document is like that."><button class="btn" type="button" onClick={() => narrow(anything)}>Show all</button></Empty>
          : <Empty text={isAdmin.value ? 'There are no documents yet. Upload a FAQ to begin.' : 'There are no documents yet.'} />)}
    {more.value && <button class="btn middle" type="button" onClick={() => load(true)}>Show more</button>}
    <Deleted />
  </section>;
}
