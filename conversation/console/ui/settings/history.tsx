// The versions of a section: who made each, what it changed, and the way back.
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api';
import { exact } from '../format';
import { Empty, Skeleton } from '../parts/bits';
import { Dialog } from '../parts/dialog';
import { isAdmin } from '../store';
import type { Stored, Value } from './stored';

interface Version { version: number; at: string; by?: { name: string }; value: Value }
type Piece = ['same' | 'was' | 'is', string];

/** The most cells of a comparison word by word: a few milliseconds' worth. */
const mostCells = 400_000;

/** What of two texts stayed, went and came, in words. Where they have too little in
 *  common to be compared quickly, the whole middle went and came. */
export function compare(was: string, is: string): Piece[] {
  const a = was.split(/(?<=\s)/), b = is.split(/(?<=\s)/);
  let head = 0, tail = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const x = a.slice(head, a.length - tail), y = b.slice(head, b.length - tail), out: Piece[] = [['same', a.slice(0, head).join('')]];
  if (x.length * y.length > mostCells) out.push(['was', x.join('')], ['is', y.join('')]);
  else {
    const common: Uint16Array[] = Array.from({ length: x.length + 1 }, () => new Uint16Array(y.length + 1));
    for (let i = x.length - 1; i >= 0; i--) for (let j = y.length - 1; j >= 0; j--) common[i][j] = x[i] === y[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    for (let i = 0, j = 0; i < x.length || j < y.length;) {
      if (i < x.length && j < y.length && x[i] === y[j]) { out.push(['same', x[i++]]); j++; } else if (j >= y.length || (i < x.length && common[i + 1][j] >= common[i][j + 1])) out.push(['was', x[i++]]);
      else out.push(['is', y[j++]]);
    }
  }
  out.push(['same', a.slice(a.length - tail).join('')]);
  return out.reduce<Piece[]>((all, [kind, text]) => {
    const last = all[all.length - 1];
    if (last?.[0] === kind) last[1] += text;
    else if (text) all.push([kind, text]);
    return all;
  }, []);
}

/** A long stretch that stayed is shown by its ends. */
const short = (text: string): string => (text.length > 160 ? text.slice(0, 60) + ' … ' + text.slice(-60) : text);

function Change({ label, was, is }: { label: string; was: string; is: string }) {
  const long = was.length > 60 || is.length > 60;
  return <div><dt>{label}</dt><dd dir="auto" class="plain-text">{long ? compare(was, is).map(([kind, text], i) => (kind === 'same' ? <span key={i}>{short(text)}</span> : kind === 'was' ? <del key={i}>{text}</del> : <ins key={i}>{text}</ins>))
    : <><del>{was}</del> → <ins>{is}</ins></>}</dd></div>;
}

export function History({ of: s, close }: { of: Stored; close: () => void }) {
  const [list, setList] = useState<Version[] | null>(null), [error, setError] = useState('');
  useEffect(() => {
    api<{ versions: Version[] }>('GET', `/settings/${s.name}/history`).then((got) => setList(got.versions), (err) => setError(err.message));
  }, [s.at!.version]);
  const back = async (v: Version) => { if (await s.restore(v.version)) close(); };
  return <Dialog title="History" close={close} kind="drawer">
    {s.dirty && <p class="muted lead">You have changes that are not saved. Save or discard them before you go back to another version.</p>}
    {s.error && <p class="error" role="alert">{s.error}</p>}
    {error ? <p class="error" role="alert">{error}</p> : !list ? <Skeleton rows={4} label="Reading the history" /> : !list.length ? <Empty text="There is no history yet." />
      : <ol class="versions" aria-label="Versions">{list.map((v, i) => {
        const older = list[i + 1], is = s.shape.open(v.value), was = older ? s.shape.open(older.value) : {};
        const changed = older ? [...new Set([...Object.keys(is), ...Object.keys(was)])].filter((k) => JSON.stringify(is[k]) !== JSON.stringify((was as Value)[k])) : [];
        return <li key={v.version}><div class="row"><p class="grow"><b>Version {v.version}</b>{i === 0 && <span class="chip ok">holds now</span>}<br /><span class="meta"><span dir="auto">{v.by?.name || 'The server'}</span>, {exact(v.at)}</span></p>
          {i > 0 && isAdmin.value && <button class="btn" type="button" disabled={s.dirty || s.busy} aria-label={'Restore version ' + v.version} onClick={() => back(v)}>Restore</button>}</div>
          {older ? changed.length ? <dl class="changes">{changed.map((k) => <Change key={k} label={s.shape.label(k)} was={s.shape.show(k, (was as Value)[k])} is={s.shape.show(k, is[k])} />)}</dl> : <p class="meta">The same as the version before.</p>
            : <p class="meta">{v.version === 1 ? 'The first change of what the server began with.' : 'Older versions are no longer kept.'}</p>}</li>;
      })}</ol>}
  </Dialog>;
}
