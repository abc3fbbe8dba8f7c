// The tests: search, the last result, changing and deleting.
import { useEffect, useState } from 'preact/hooks';
import { count, plural } from '../format';
import { Empty, Skeleton } from '../parts/bits';
import { Icon } from '../parts/icons';
import { remove } from '../settings/parts';
import { mayAct } from '../store';
import { load, loadAll, next, tests, total } from './state';
import { origins, went, type Test } from './types';

const many = 50;

function expected(t: Test): string {
  if (!t.expect.answerable) return 'Nothing answers it';
  const list = [t.expect.passages.length ? plural(t.expect.passages.length, 'passage') : '', ...t.documents.map((d) => (d.gone ? `${d.name || 'a document'} (deleted)` : d.name)), t.expect.answer ? `“${t.expect.answer}”` : ''];
  return list.filter(Boolean).join(', ');
}

function Line({ of: t, edit }: { of: Test; edit: () => void }) {
  const l = t.last;
  return <li class="item test"><div class="grow"><p dir="auto"><b>{t.question}</b></p>
    <p class="meta" dir="auto">{expected(t)} · {origins[t.origin] || t.origin}{t.history.length ? ` · after ${plural(t.history.length, 'message')}` : ''}</p>
    {l && <p class="meta">{went(l, t.expect.answerable)}{l.gone && <span class="warn"> · something expected is gone</span>}</p>}</div>
    <div class="row tight">{l ? <span class={'chip ' + (l.passed ? 'ok' : 'bad')}>{l.passed ? 'Passed' : 'Failed'}</span> : <span class="chip plain">Not asked yet</span>}
      {mayAct.value && <><button class="btn quiet" type="button" aria-label={'Change: ' + t.question} onClick={edit}>Change</button>
        <button class="btn quiet bad" type="button" aria-label={'Delete: ' + t.question} onClick={() => remove('/tests/' + t.id, 'Delete this test?', `“${t.question}” is deleted with its results. This cannot be undone.`, () => load())}>Delete</button></>}</div></li>;
}

export function List({ edit }: { edit: (t: Test) => void }) {
  const [words, setWords] = useState(''), [show, setShow] = useState(''), [most, setMost] = useState(many), list = tests.value;
  const narrowed = words.trim() !== '' || show !== '';
  useEffect(() => { if (narrowed && next.value) loadAll(); }, [narrowed, next.value]);
  useEffect(() => { setMost(many); }, [words, show]);
  if (!list) return <Skeleton rows={5} label="Reading the tests" />;
  const parts = words.toLowerCase().split(/\s+/).filter(Boolean);
  const fit = list.filter((t) => (!show || (show === 'failed' ? t.last && !t.last.passed : show === 'gone' ? t.last?.gone || t.documents.some((d) => d.gone) : !t.last)) && parts.every((p) => (t.question + ' ' + expected(t)).toLowerCase().includes(p)));
  return <section class="part" aria-label="Tests"><h2>Tests ({count(total.value)})</h2>
    {total.value > 0 && <div class="row find" role="search"><div class="search"><Icon of="find" size={16} /><input type="search" aria-label="Search the tests" placeholder="Search" value={words} onInput={(e) => setWords(e.currentTarget.value)} /></div>
      <select aria-label="Which tests" value={show} onChange={(e) => setShow(e.currentTarget.value)}><option value="">All</option><option value="failed">Failed last</option><option value="new">Not asked yet</option><option value="gone">Something expected is gone</option></select></div>}
    {fit.length ? <ul class="cards items" aria-label="Tests">{fit.slice(0, most).map((t) => <Line key={t.id} of={t} edit={() => edit(t)} />)}</ul>
      : <div class="cards"><Empty text={total.value ? next.value ? 'Looking through all of them…' : 'No test fits.' : 'There are no tests yet. Add questions whose answer you know, and see whether the bot finds it.'} /></div>}
    {(fit.length > most || (!narrowed && next.value)) && <button class="btn middle" type="button" onClick={() => { setMost(most + many); if (most + many > list.length && next.value) load(true); }}>Show more</button>}
  </section>;
}
