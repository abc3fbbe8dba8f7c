// One run: its figures, what changed against the run before, and each result.
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api';
import { exact, plural } from '../format';
import { Empty, Skeleton } from '../parts/bits';
import { Icon } from '../parts/icons';
import { money, percent } from '../usage/names';
import { Figures, Progress, RunChip } from './runs';
import { runs } from './state';
import { triggers, underWay, went, type Result, type RunDetail } from './types';

type Kind = 'broke' | 'mended' | 'moved' | '';
const kinds: [Kind, string][] = [['broke', 'Failed now, passed before'], ['mended', 'Passed now, failed before'], ['moved', 'Same verdict, other place']];
const many = 100;

function changed(r: Result): Kind {
  if (!r.was) return '';
  if (r.was.passed !== r.passed) return r.passed ? 'mended' : 'broke';
  return r.was.rank !== r.rank || r.was.decision !== r.decision ? 'moved' : '';
}

function Line({ of: r }: { of: Result }) {
  return <li class="item result"><div class="grow"><p dir="auto"><b>{r.question}</b></p>
    <p class="meta">{went(r, r.answerable)}{r.answerable ? '' : ' · nothing answers it'}{r.answer_held === false ? ' · the expected text is not in it' : ''}{r.verbatim ? ' · word for word' : ''}</p>
    {r.was && changed(r) && <p class="meta">Before: {went(r.was, r.answerable)}</p>}
    {r.gone && <p class="meta warn">Something that was expected is gone.</p>}</div>
    <span class={'chip ' + (r.passed ? 'ok' : 'bad')}>{r.passed ? 'Passed' : 'Failed'}</span></li>;
}

function Results({ of: list }: { of: Result[] }) {
  const [show, setShow] = useState<'all' | 'failed'>('all'), [most, setMost] = useState(many);
  const shown = show === 'failed' ? list.filter((r) => !r.passed) : list;
  return <>
    {kinds.map(([kind, title]) => { const some = list.filter((r) => changed(r) === kind); return some.length ? <section key={kind} class="part" aria-label={title}><h2>{title} ({some.length})</h2><ul class="cards items" aria-label={title}>{some.slice(0, many).map((r) => <Line key={r.test} of={r} />)}</ul></section> : null; })}
    <section class="part" aria-label="Results"><div class="pair"><h2>Results</h2><label class="pick">Show <select value={show} onChange={(e) => setShow(e.currentTarget.value as 'all')}><option value="all">all</option><option value="failed">those that failed</option></select></label></div>
      {shown.length ? <ul class="cards items" aria-label="Results">{shown.slice(0, most).map((r) => <Line key={r.test} of={r} />)}</ul> : <div class="cards"><Empty text={list.length ? 'None failed.' : 'Results are kept of the newest 30 runs.'} /></div>}
      {shown.length > most && <button class="btn middle" type="button" onClick={() => setMost(most + many)}>Show more</button>}</section>
  </>;
}

export function RunPage({ id }: { id: string }) {
  const [r, setRun] = useState<RunDetail | null>(null), [error, setError] = useState('');
  const listed = runs.value?.find((one) => one.id === id), state = listed?.state;
  useEffect(() => {
    let here = true;
    api<RunDetail>('GET', '/tests/runs/' + id).then((got) => { if (here) { setRun(got); setError(''); } }, (err) => { if (here) setError(err.message); });
    return () => { here = false; };
  }, [id, state]);
  return <>
    <a class="btn quiet back" href="#/tests"><Icon of="back" size={16} />Test set</a>
    <header class="page-head"><h1>Run of {r ? exact(r.at) : '…'}</h1>{r && <RunChip of={r} />}</header>
    {error && <p class="error" role="alert">{error}</p>}
    {!r ? !error && <Skeleton rows={5} label="Reading the run" /> : <>
      <p class="meta lead">Begun {triggers[r.trigger] || r.trigger}{r.cost_usd ? ` · cost ${money(r.cost_usd)}` : ''}{r.answer_from ? ` · answers from ${percent(r.answer_from)}, offers a person from ${percent(r.offer_from)}` : ''} · {plural(r.cases, 'test')}</p>
      {r.error && <p class="error" role="alert">{r.error}</p>}
      {underWay(listed || r) ? <Progress of={listed || r} /> : <>{r.state === 'done' && <Figures of={r} />}<Results of={r.results} /></>}</>}
  </>;
}
