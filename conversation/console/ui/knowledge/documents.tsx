// The documents the bot answers from.
import { useEffect, useRef, useState } from 'preact/hooks';
import { count, exact, plural, size } from '../format';
import { Empty, Skeleton } from '../parts/bits';
import { Icon } from '../parts/icons';
import { isAdmin } from '../store';
import type { Doc } from '../types';
import { AddForms } from './add';
import { docs, load, more, reading, remove, retry, states, trouble, underWay, watch } from './state';
import { forget, upload, uploads, type Upload } from './upload';

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
    <p class="meta">Or drop them here: PDF, Word, PowerPoint, Excel, HTML, Markdown, CSV, text, ZIP. Up to 64 MB each.</p>
  </div>;
}

function UploadRow({ of: u }: { of: Upload }) {
  return <li class="doc over" aria-label={u.left ? 'Left out of ' + u.name : u.name}>
    <span class="name" dir="auto">{u.name}</span>
    <span class={'chip ' + (u.error ? 'bad' : u.left ? 'warn' : 'accent')}>{u.error ? 'Not uploaded' : u.left ? count(u.left.length) + ' left out' : 'Uploading'}</span>
    {u.error || u.left ? <button class="btn quiet square" type="button" aria-label={'Dismiss ' + u.name} onClick={() => forget(u)}><Icon of="close" size={16} /></button> : <span />}
    {!u.error && !u.left && <progress class="more" max={1} value={u.part} aria-label={'Uploading ' + u.name} />}
    {u.error && <p class="more error" role="alert">{u.error}</p>}
    {u.left && <ul class="more warning">{u.left.slice(0, shownLeft).map((l) => <li key={l.name} dir="auto">{l.name}: {l.reason}</li>)}
      {u.left.length > shownLeft && <li>and {count(u.left.length - shownLeft)} more</li>}</ul>}
  </li>;
}

/** Shows the first few at once; what they quote is a stranger's text. */
function Warnings({ of: d }: { of: Doc }) {
  if (!d.warnings.length) return null;
  const rest = d.warnings.slice(shownWarnings);
  return <div class="more warning"><p>Worth a look:</p>
    <ul aria-label={'Warnings about ' + d.name}>{d.warnings.slice(0, shownWarnings).map((w) => <li key={w} dir="auto">{w}</li>)}</ul>
    {rest.length > 0 && <details><summary>{count(rest.length)} more</summary><ul aria-label={'More warnings about ' + d.name}>{rest.map((w) => <li key={w} dir="auto">{w}</li>)}</ul></details>}
  </div>;
}

function DocRow({ of: d }: { of: Doc }) {
  const [label, tone] = states[d.status] || [d.status, 'warn'];
  const facts = [d.status === 'ready' ? plural(d.passages, 'passage') : '', d.bytes ? size(d.bytes) : '', exact(d.created_at)].filter(Boolean).join(' · ');
  return <li class="doc">
    <span class="name" dir="auto">{d.name}</span><span class={'chip ' + tone}>{label}</span>
    {isAdmin.value ? <span class="row tight">
      {d.status === 'failed' && <button class="btn quiet" type="button" aria-label={'Retry ' + d.name} onClick={() => retry(d)}>Retry</button>}
      <button class="btn quiet bad" type="button" aria-label={'Delete ' + d.name} onClick={() => remove(d)}>Delete</button></span> : <span />}
    <span class="more meta">{facts}</span>
    {underWay(d) && d.progress && <progress class="more" max={d.progress.total} value={d.progress.done} aria-label={`${label}: ${d.progress.done} of ${d.progress.total}`} />}
    {d.error && <p class="more error">{d.error}</p>}
    <Warnings of={d} />
  </li>;
}

export function Documents() {
  useEffect(watch, []);
  const list = docs.value;
  return <section aria-labelledby="title">
    <header class="page-head"><h1 id="title">Documents</h1>{!reading.value && <span class="meta">{count(list.length)}{more.value ? '+' : ''} {list.length === 1 ? 'document' : 'documents'}</span>}</header>
    {isAdmin.value && <><Drop /><AddForms /></>}
    {trouble.value && <p class="error" role="alert">{trouble.value} <button class="btn link" type="button" onClick={() => load()}>Try again</button></p>}
    {uploads.value.length > 0 && <ul class="cards" aria-label="Uploads">{uploads.value.map((u) => <UploadRow key={u.id} of={u} />)}</ul>}
    {reading.value ? <Skeleton rows={5} label="Reading the documents" />
      : list.length ? <ul class="cards" aria-label="Documents">{list.map((d) => <DocRow key={d.id} of={d} />)}</ul>
        : !trouble.value && <Empty text={isAdmin.value ? 'There are no documents yet. Upload a FAQ to begin.' : 'There are no documents yet.'} />}
    {more.value && <button class="btn middle" type="button" onClick={() => load(true)}>Show more</button>}
  </section>;
}
