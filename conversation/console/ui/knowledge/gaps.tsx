// Questions the bot could not answer, the most pressing first.
import { useEffect, useState } from 'preact/hooks';
import { api, Failed, query } from '../api';
import { channelName, plural, reasonText } from '../format';
import { Empty, Moment, Skeleton } from '../parts/bits';
import type { Gap } from '../types';

const tabs: [string, string][] = [['open', 'Open'], ['drafted', 'Drafted'], ['publishing', 'Publishing'], ['closed', 'Closed'], ['dismissed', 'Dismissed']];

export function Gaps() {
  const [state, setState] = useState('open'), [list, setList] = useState<Gap[] | null>(null), [next, setNext] = useState(''), [error, setError] = useState('');
  const read = async (cursor = '') => {
    try {
      const got = await api<{ gaps: Gap[]; next?: string }>('GET', '/gaps' + query({ state, cursor, limit: 50 }));
      setList((had) => (cursor && had ? [...had, ...got.gaps] : got.gaps));
      setNext(got.next || '');
      setError('');
    } catch (err) {
      if (!(err instanceof Failed)) throw err;
      setError(err.message);
    }
  };
  useEffect(() => { setList(null); read(); }, [state]);
  return <section aria-labelledby="title">
    <header class="page-head"><h1 id="title">Unanswered questions</h1>
      <label class="pair">Show<select value={state} onChange={(e) => setState(e.currentTarget.value)}>{tabs.map(([v, t]) => <option key={v} value={v}>{t}</option>)}</select></label></header>
    {error && <p class="error" role="alert">{error} <button class="btn link" type="button" onClick={() => read()}>Try again</button></p>}
    {!list ? !error && <Skeleton rows={5} label="Reading the questions" />
      : list.length ? <ul class="cards" aria-label="Questions">{list.map((g) => <li key={g.id} class="hit">
        <div class="hit-top"><h2 dir="auto">{g.question}</h2></div>
        <p class="meta">{plural(g.questions, 'time')} by {plural(g.customers, 'customer')} · {g.channels.map(channelName).join(', ')} · last <Moment at={g.last_at} /></p>
        <p class="meta">{g.reasons.map(reasonText).join(', ')}{g.outcome ? ' · ' + g.outcome : ''}</p></li>)}</ul>
        : <Empty text={state === 'open' ? 'Every question so far has found an answer.' : 'There is nothing here.'} />}
    {next && <button class="btn middle" type="button" onClick={() => read(next)}>Show more</button>}
  </section>;
}
