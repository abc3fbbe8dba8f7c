// Settings › Health: what waits, what failed and can be tried again, what runs here, and
// what frontdesk doctor finds. Read anew every ten seconds while it is looked at.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api';
import { channelName, count, exact, plural, size, span } from '../format';
import { Moment, Skeleton } from '../parts/bits';
import { complain, toast } from '../store';
import { Part } from './parts';

interface Report {
  queues: { name: string; waiting: number; oldest_s: number }[]; stuck_turns: { conversation: string; due_at: string; attempts: number }[] | null;
  failed_deliveries: { conversation: string; seq: number; channel: string; error: string; at: string }[] | null; jobs: { id: string; kind: string; state: string; attempt: number; error: string; at: string }[] | null;
  version: string; go: string; postgres: string; pgvector: string; database_bytes: number; tables: { name: string; bytes: number; rows: number }[] | null; replicas: number;
  backup: { hint: string; last_wal?: string }; findings: { check: string; verdict: string; detail: string; advice?: string }[] | null; at: string;
}

const every = 10_000;
const verdicts: Record<string, [string, string]> = { ok: ['Fine', 'ok'], note: ['Note', ''], warning: ['Warning', 'warn'], missing: ['Broken', 'bad'] };
const worst = ['missing', 'warning', 'note', 'ok'];

function useReport(): { report: Report | null; error: string; read: () => Promise<void> } {
  const [report, setReport] = useState<Report | null>(null), [error, setError] = useState('');
  const read = async () => {
    try {
      setReport(await api<Report>('GET', '/health'));
      setError('');
    } catch (err) {
      setError((err as Error).message);
    }
  };
  useEffect(() => {
    let timer = 0;
    const turn = async () => {
      clearTimeout(timer);
      if (document.hidden) return;
      await read();
      if (timer >= 0) timer = setTimeout(turn, every) as unknown as number;
    };
    turn();
    document.addEventListener('visibilitychange', turn);
    return () => {
      clearTimeout(timer);
      timer = -1;
      document.removeEventListener('visibilitychange', turn);
    };
  }, []);
  return { report, error, read };
}

function Failures<T>({ title, none, of, item }: { title: string; none: string; of: T[] | null; item: (v: T) => ComponentChildren }) {
  return <Part title={title}>{of?.length ? <ul class="cards items" aria-label={title}>{of.map(item)}</ul> : <p class="muted">{none}</p>}</Part>;
}

export function Health() {
  const { report: r, error, read } = useReport();
  const again = async (path: string, text: string) => {
    try {
      await api('POST', path);
      toast(text);
      await read();
    } catch (err) {
      complain(err);
    }
  };
  const failed = error && <p class="error" role="alert">{error} <button class="btn link" type="button" onClick={read}>Try again</button></p>;
  if (!r) return failed || <Skeleton rows={6} label="Looking at the server" />;
  const findings = [...(r.findings || [])].sort((a, b) => worst.indexOf(a.verdict) - worst.indexOf(b.verdict)), bad = findings.filter((f) => f.verdict === 'warning' || f.verdict === 'missing').length;
  const talk = (id: string) => <a href={'#/inbox/all/' + id}>Open the conversation</a>;
  return <>
    {failed}
    <p class="muted lead">As of {exact(r.at)}. Read anew every ten seconds while you look.</p>
    <Part title="Findings" about={bad ? plural(bad, 'thing') + ' to look at.' : 'Nothing needs anybody.'}>
      <ul class="cards items" aria-label="Findings">{findings.map((f, i) => <li key={f.check + i} class="item"><div class="grow"><p><b>{f.check}</b>: <span dir="auto">{f.detail}</span></p>{f.advice && <p class="meta">{f.advice}</p>}</div><span class={'chip ' + (verdicts[f.verdict]?.[1] || '')}>{verdicts[f.verdict]?.[0] || f.verdict}</span></li>)}</ul></Part>
    <Part title="Queues"><table class="figures"><caption class="hidden">Queues</caption><thead><tr><th scope="col">Queue</th><th scope="col">Waiting</th><th scope="col">Oldest</th></tr></thead>
      <tbody>{r.queues.map((q) => <tr key={q.name}><th scope="row">{q.name.replaceAll('_', ' ')}</th><td>{count(q.waiting)}{q.waiting >= 10_000 && '+'}</td><td>{q.waiting ? span(q.oldest_s) : '–'}</td></tr>)}</tbody></table></Part>
    <Failures title="Stuck turns" none="Every turn is on time." of={r.stuck_turns} item={(t) => <li key={t.conversation} class="item"><div class="grow"><p>Due since <Moment at={t.due_at} />, {plural(t.attempts, 'attempt')}</p></div>{talk(t.conversation)}</li>} />
    <Failures title="Failed deliveries" none="Everything was delivered." of={r.failed_deliveries} item={(d) => <li key={d.conversation + d.seq} class="item"><div class="grow"><p><b>{channelName(d.channel)}</b> <span class="bad" dir="auto">{d.error}</span></p><p class="meta">{exact(d.at)} · {talk(d.conversation)}</p></div>
      <button class="btn" type="button" aria-label={`Send again: message ${d.seq}`} onClick={() => again(`/conversations/${d.conversation}/messages/${d.seq}/retry`, 'It is sent again now')}>Send again</button></li>} />
    <Failures title="Background jobs" none="No job has failed." of={r.jobs} item={(j) => <li key={j.id} class="item"><div class="grow"><p><b>{j.kind.replaceAll('_', ' ')}</b><span class={'chip ' + (j.state === 'discarded' ? 'bad' : 'warn')}>{j.state === 'discarded' ? 'Given up' : j.state === 'retryable' ? 'Tries again' : j.state}</span></p>
      <p class="meta bad" dir="auto">{j.error}</p><p class="meta">{exact(j.at)} · {plural(j.attempt, 'attempt')}</p></div>
      <button class="btn" type="button" aria-label={`Try again: job ${j.id}`} onClick={() => again(`/health/jobs/${j.id}/retry`, 'It is tried again now')}>Try again</button></li>} />
    <Part title="Backup"><p>{r.backup.hint}</p>{r.backup.last_wal && <p class="meta">The newest piece of the log was archived {exact(r.backup.last_wal)}.</p>}</Part>
    <Part title="What runs here"><dl class="pairs"><dt>Frontdesk</dt><dd>{r.version}</dd><dt>Go</dt><dd>{r.go || 'not known'}</dd><dt>Postgres</dt><dd>{r.postgres}</dd><dt>pgvector</dt><dd>{r.pgvector || 'not installed'}</dd><dt>Servers</dt><dd>{count(r.replicas)}</dd><dt>Database</dt><dd>{size(r.database_bytes)}</dd></dl></Part>
    {!!r.tables?.length && <Part title="Largest tables" about="By the database’s own estimate."><table class="figures"><caption class="hidden">Largest tables</caption><thead><tr><th scope="col">Table</th><th scope="col">Size</th><th scope="col">Rows</th></tr></thead>
      <tbody>{r.tables.map((t) => <tr key={t.name}><th scope="row">{t.name}</th><td>{size(t.bytes)}</td><td>{count(Math.max(0, t.rows))}</td></tr>)}</tbody></table></Part>}
  </>;
}
