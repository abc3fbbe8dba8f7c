// Taking in a file of FAQ entries: first what it would change, by row; then it.
import { useRef, useState } from 'preact/hooks';
import { Failed } from '../api';
import { count, plural } from '../format';
import { Icon } from '../parts/icons';
import { isAdmin, say } from '../store';
import { Trouble, useDoing } from './list';
import { OutlookShown, usePreview } from './preview';
import type { Report } from './types';
import { sendFile } from '../sendfile';

const shownFirst = 100;
const tones: Record<string, string> = { new: 'ok', changed: 'accent', same: 'plain', conflict: 'warn', invalid: 'bad' };
const order = ['invalid', 'conflict', 'changed', 'new', 'same'] as const;

function Rows({ of: r }: { of: Report }) {
  const [only, setOnly] = useState(''), [shown, setShown] = useState(shownFirst);
  const rows = only ? r.rows.filter((row) => row.verdict === only) : r.rows;
  return <>
    <div class="row lead" role="group" aria-label="Rows by verdict"><button class="chip" type="button" aria-pressed={!only} onClick={() => setOnly('')}>{count(r.rows.length)} rows</button>
      {order.filter((v) => r.totals[v]).map((v) => <button key={v} class={'chip ' + tones[v]} type="button" aria-pressed={only === v} onClick={() => { setOnly(only === v ? '' : v); setShown(shownFirst); }}>{count(r.totals[v])} {v}</button>)}</div>
    <ol class="cards" aria-label="Rows">{rows.slice(0, shown).map((row) => <li key={row.row} class="doc entry"><span class="name wrap" dir="auto"><span class="meta">{row.row}</span> {row.question || 'No question'}</span><span class={'chip ' + tones[row.verdict]}>{row.verdict}</span><span />
      {(row.why || row.changes) && <span class={'more meta' + (row.verdict === 'invalid' || row.verdict === 'conflict' ? ' bad' : '')} dir="auto">{[row.why, row.changes ? 'other: ' + row.changes.join(', ') : ''].filter(Boolean).join(' · ')}</span>}
      {row.near?.map((n) => <span key={n.question + n.row} class="more meta" dir="auto">{n.kind === 'duplicate' ? 'Nearly repeats' : 'May contradict'} “{n.question}”{n.row ? `, row ${n.row}` : n.document ? `, ${n.document.name}` : ''}: {n.why}</span>)}</li>)}</ol>
    {rows.length > shown && <button class="btn middle" type="button" onClick={() => setShown(shown + 500)}>Show more</button>}
  </>;
}

export function Import() {
  const picker = useRef<HTMLInputElement>(null), [file, setFile] = useState<File | null>(null), [report, setReport] = useState<Report | null>(null), [over, setOver] = useState(false);
  const doing = useDoing(), preview = usePreview();
  const send = async (f: File, dry: boolean) => {
    setFile(f);
    preview.clear();
    const got = await doing.run(async () => {
      try {
        return await sendFile<Report>('/entries/import?dry_run=' + dry, f);
      } catch (err) {
        if (err instanceof Failed && err.problem.rows) return { ...(err.problem as Report), dry_run: true };
        throw err;
      }
    });
    setReport(got || null);
    if (got) say(got.dry_run ? 'The report is here' : 'Imported');
  };
  if (!isAdmin.value) return <section aria-labelledby="title"><header class="page-head"><h1 id="title">Import</h1></header><p class="muted">Admins import files of questions and answers here.</p></section>;
  const bad = report ? report.totals.conflict + report.totals.invalid : 0, done = report && !report.dry_run;
  return <section aria-labelledby="title">
    <header class="page-head"><h1 id="title">Import</h1></header>
    <div class={'drop' + (over ? ' over' : '')} onDragOver={(e) => { e.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)}
      onDrop={(e) => { e.preventDefault(); setOver(false); const f = e.dataTransfer?.files[0]; if (f) send(f, true); }}>
      <button class="btn main" type="button" disabled={doing.busy} onClick={() => picker.current!.click()}><Icon of="upload" size={16} />Choose a file</button>
      <input ref={picker} type="file" accept=".csv,.tsv,.jsonl,.json" class="hidden" tabIndex={-1} aria-hidden="true" onChange={(e) => { const f = e.currentTarget.files?.[0]; e.currentTarget.value = ''; if (f) send(f, true); }} />
      <p class="meta">CSV, TSV, JSONL or JSON with a question and an answer in each row. Nothing changes before you have seen what would: all rows are imported, or none.</p></div>
    {doing.busy && <p class="meta lead" role="status">Looking at {file?.name}…</p>}
    <div class="lead"><Trouble error={doing.error} again={file ? () => send(file, true) : undefined} /></div>
    {report && <>
      <p class="verdict">{done ? <>Imported {plural(report.rows.length, 'row')} of {report.name}. {report.document && <a href={'#/knowledge/documents/' + report.document.id}>Open the document</a>}</>
        : bad ? `${report.name} cannot be imported: ${plural(bad, 'row')} ${bad === 1 ? 'is' : 'are'} invalid or in conflict. Put them right in the file and choose it again.`
          : `${report.name} can be imported${report.replaces ? ` in place of the document of that name` : ''}${report.removed ? `; ${plural(report.removed, 'entry', 'entries')} of that would go` : ''}.`}</p>
      {!done && !bad && <div class="row lead"><button class="btn main" type="button" disabled={doing.busy} onClick={() => send(file!, false)}>Import {plural(report.rows.length, 'row')}</button>
        <button class="btn" type="button" disabled={preview.busy} onClick={() => preview.lookAt(file!)}>Preview answers</button></div>}
      <OutlookShown of={preview} />
      {!!report.not_compared && <p class="meta lead">{plural(report.not_compared, 'row')} not compared with other entries yet, for want of time.</p>}
      <Rows of={report} /></>}
  </section>;
}
