// Questions the bot could not answer, the most pressing first.
import { useState } from 'preact/hooks';
import { query } from '../api';
import { channelName, plural, reasonText } from '../format';
import { Empty, Moment, Skeleton } from '../parts/bits';
import { More, Trouble, usePaged } from './list';
import type { Group } from './types';

export const gapStates: Record<string, [string, string]> = {
  open: ['Open', 'warn'], drafted: ['Drafted', 'accent'], publishing: ['Asking again', 'accent'], closed: ['Closed', 'ok'], dismissed: ['Dismissed', 'plain'],
};
const none: Record<string, string> = {
  open: 'Every question so far has found an answer.', drafted: 'No draft waits for review.', publishing: 'Nothing is being published.', closed: 'No gap has been closed yet.', dismissed: 'No gap was put aside.',
};
let state = 'open'; // as it was when one was opened

export function Gaps() {
  const [shown, setShown] = useState(state), list = usePaged<Group>('/gaps' + query({ state: shown, limit: 50 }), 'gaps');
  return <section aria-labelledby="title">
    <header class="page-head"><h1 id="title">Unanswered questions</h1></header>
    <div class="row lead" role="group" aria-label="By state">{Object.entries(gapStates).map(([v, [t]]) => <button key={v} class="chip" type="button" aria-pressed={shown === v} onClick={() => { state = v; setShown(v); }}>{t}</button>)}</div>
    <Trouble error={list.error} again={list.again} />
    {!list.items ? !list.error && <Skeleton rows={5} label="Reading the questions" />
      : list.items.length ? <ul class="cards" aria-label="Questions">{list.items.map((g) => <li key={g.id} class="doc entry">
        <a class="name wrap" href={'#/gaps/' + g.id} dir="auto">{g.question}</a><span class="chip">{plural(g.customers, 'customer')}</span><span />
        <span class="more meta dots"><span>asked {plural(g.questions, 'time')}</span><span>{g.channels.map(channelName).join(', ')}</span>{g.languages?.length > 0 && <span>{g.languages.join(', ')}</span>}<span>last <Moment at={g.last_at} /></span><span>{g.reasons.map(reasonText).join(', ')}</span></span>
        {g.outcome && <span class="more meta" dir="auto">{g.outcome}</span>}</li>)}</ul>
        : <Empty text={none[shown]} />}
    <More of={list} />
  </section>;
}
