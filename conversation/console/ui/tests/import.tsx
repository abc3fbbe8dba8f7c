// Taking in a file of tests: first what that would change, row by row, then all or none.
import { useRef, useState } from 'preact/hooks';
import { Failed, failure, named } from '../api';
import { plural } from '../format';
import { Dialog } from '../parts/dialog';
import { say, toast } from '../store';
import { load } from './state';
import type { Report } from './types';

const mostRows = 200;
const verdicts: Record<string, [string, string]> = { new: ['New', 'ok'], changed: ['Changed', 'accent'], same: ['Same', 'plain'], invalid: ['No test', 'bad'] };
const order = ['invalid', 'changed', 'new', 'same'];

async function send(file: File, dry: boolean): Promise<Report> {
  const by = named(), body = new FormData();
  body.append('file', file);
  let res: Response;
  try {
    res = await fetch('/api/v1/tests/import?dry_run=' + dry, { method: 'POST', body, headers: { Accept: 'application/json', ...by.headers } });
  } catch {
    throw new Failed(0, 'unreachable', 'The server cannot be reached.');
  }
  const said = await res.json().catch(() => ({}));
  if (res.ok || said.code === 'import_refused') return said;
  throw await failure(res.status, () => said, by);
}

function Rows({ of: r }: { of: Report }) {
  const rows = [...r.rows].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict) || a.row - b.row);
  return <div class="table-box report" tabIndex={0} role="region" aria-label="Report by row"><table><thead><tr><th scope="col">Row</th><th scope="col">Question</th><th scope="col">What it is</th></tr></thead>
    <tbody>{rows.slice(0, mostRows).map((row) => { const [name, tone] = verdicts[row.verdict] || [row.verdict, 'plain'];
      return <tr key={row.row}><td>{row.row}</td><td dir="auto">{row.question}{row.why && <p class="bad">{row.why}</p>}</td><td><span class={'chip ' + tone}>{name}</span></td></tr>; })}</tbody></table>
    {rows.length > mostRows && <p class="meta">…and {plural(rows.length - mostRows, 'more row')}.</p>}</div>;
}

export function ImportTests({ close }: { close: () => void }) {
  const [file, setFile] = useState<File | null>(null), [report, setReport] = useState<Report | null>(null), [error, setError] = useState(''), [busy, setBusy] = useState(false), turn = useRef(0);
  const work = async (f: File, dry: boolean) => {
    const mine = ++turn.current;
    setBusy(true);
    setError('');
    try {
      const got = await send(f, dry), t = got.totals;
      if (mine !== turn.current) return;
      setReport(got);
      if (!dry && !t.invalid) {
        close();
        toast(`Imported: ${t.new} new, ${t.changed} changed`);
        await load();
      } else {
        say(`${t.new} new, ${t.changed} changed, ${t.same} same, ${t.invalid} no tests`);
      }
    } catch (err) {
      if (!(err instanceof Failed)) throw err;
      if (mine === turn.current) setError(err.message);
    } finally {
      if (mine === turn.current) setBusy(false);
    }
  };
  const t = report?.totals, takes = t ? t.new + t.changed : 0;
  return <Dialog title="Import tests" kind="large" close={close}><form class="form" onSubmit={(e) => { e.preventDefault(); if (file) work(file, false); }}>
    <label class="field">A CSV or JSONL file<input type="file" accept=".csv,.tsv,.jsonl" onChange={(e) => { const f = e.currentTarget.files?.[0]; setReport(null); setFile(f || null); if (f) work(f, true); }} /></label>
    <p class="meta">Columns: question, documents, passages, answer, answerable, history. Several in a cell are parted by |. A question that is there gets the new expectation.</p>
    {busy && <p role="status" class="muted">{report ? 'Importing…' : 'Reading the file…'}</p>}
    {error && <p class="error" role="alert">{error}</p>}
    {t && <><p class="verdict">{t.invalid ? `${plural(t.invalid, 'row')} ${t.invalid === 1 ? 'is' : 'are'} no test: nothing is imported until the file is right.` : takes ? 'Nothing is changed yet.' : 'The file has nothing that is new.'}</p>
      <ul class="row chips">{order.map((v) => t[v as keyof typeof t] > 0 && <li key={v} class={'chip ' + verdicts[v][1]}>{verdicts[v][0]}: {t[v as keyof typeof t]}</li>)}</ul><Rows of={report!} /></>}
    <div class="row end"><button class="btn" type="button" onClick={close}>Cancel</button><button class="btn main" type="submit" disabled={busy || !t || !!t.invalid || !takes}>{takes ? 'Import ' + plural(takes, 'test') : 'Import'}</button></div>
  </form></Dialog>;
}
