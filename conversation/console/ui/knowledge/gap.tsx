// One gap on its way: draft, review, publish, asked again, closed.
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api';
import { channelName, plural, reasonText } from '../format';
import { Moment, Skeleton } from '../parts/bits';
import { Dialog } from '../parts/dialog';
import { useKept } from '../parts/kept';
import { isAdmin, say, toast } from '../store';
import { Unsaved } from './entry';
import { blank, EntryFields, EntryShown, sent, textOf } from './entryform';
import { gapStates } from './gaps';
import { Back, Trouble, useDoing, useOne, usePaged } from './list';
import { OutlookShown, usePreview } from './preview';
import type { EntryText, GapQuestion, Group, GroupDetail } from './types';

const lookAgainMs = 1500;
const steps = ['open', 'drafted', 'publishing', 'closed'];
const stepNames = ['Open', 'Drafted', 'Asked again', 'Closed'];

function Steps({ state }: { state: string }) {
  const at = steps.indexOf(state);
  if (at < 0) return <p class="lead"><span class="chip plain">{gapStates[state]?.[0] || state}</span></p>;
  return <ol class="steps" aria-label="How far it is">{stepNames.map((name, i) => <li key={name} class={i < at ? 'done' : i === at ? 'at' : ''} aria-current={i === at ? 'step' : undefined}>{name}</li>)}</ol>;
}

function Asked({ of: q, publishing }: { of: GapQuestion; publishing: boolean }) {
  return <li class="doc entry"><span class="name wrap" dir="auto">{q.text}</span>
    {q.answered !== undefined ? <span class={'chip ' + (q.answered ? 'ok' : 'bad')}>{q.answered ? 'Answered now' : 'Not answered'}</span> : publishing ? <span class="chip">To be asked</span> : <span />}
    <a class="btn quiet" href={`#/inbox/all/${q.conversation}`} aria-label={'Conversation: ' + q.text}>Conversation</a>
    <span class="more meta dots"><span>{channelName(q.channel)}</span>{q.lang && <span>{q.lang}</span>}<span><Moment at={q.at} /></span><span>{reasonText(q.reason)}</span>{q.query && <span dir="auto">searched as “{q.query}”</span>}</span></li>;
}

function Merge({ of: g, close, merged }: { of: Group; close: () => void; merged: (g: Group) => void }) {
  const list = usePaged<Group>('/gaps?limit=100', 'gaps'), doing = useDoing(), others = (list.items || []).filter((o) => o.id !== g.id);
  const take = async (from: string) => {
    const now = await doing.run(() => api<Group>('POST', `/gaps/${g.id}/merge`, { from }));
    if (now) merged(now);
  };
  return <Dialog title="Merge another gap into this one" close={close}><p class="meta">Its questions come to “{g.question}”.</p><Trouble error={list.error || doing.error} />
    {list.items && !others.length ? <p>There is no other open gap.</p> : <ul class="choices">{others.map((o) => <li key={o.id}><button type="button" disabled={doing.busy} onClick={() => take(o.id)}><span dir="auto">{o.question}</span><span class="meta">{plural(o.questions, 'question')}</span></button></li>)}</ul>}</Dialog>;
}

function Publish({ of: g, did }: { of: GroupDetail; did: (g: Group) => void }) {
  const drafted = g.draft && textOf(g.draft), kept = useKept<EntryText>('gap:' + g.id, drafted || { ...blank, question: g.question, lang: g.lang || '' }), text = kept.value;
  const doing = useDoing(), preview = usePreview();
  useEffect(() => { if (drafted && !kept.dirty) kept.drop(drafted); }, [g.state === 'drafted' ? g.state_at : '']);
  const act = async (what: () => Promise<Group>) => {
    const now = await doing.run(what);
    if (!now) return;
    kept.drop(now.draft ? textOf(now.draft) : undefined);
    did(now);
  };
  const body = () => { const { question, answer, alternatives, lang, verbatim } = sent(text); return { question, answer, alternatives, lang, verbatim }; };
  return <form class="form panel" onSubmit={(e) => { e.preventDefault(); act(() => api<Group>('POST', `/gaps/${g.id}/publish`, body())); }}>
    <h2>{g.state === 'drafted' ? 'Review the draft' : 'Write the answer'}</h2>
    {g.state === 'drafted' && <p class="meta">Drafted from what staff replied; personal data is masked. Read it as if a customer would.</p>}
    <EntryFields of={text} change={(w) => kept.set({ ...text, ...w })} brief />
    <Trouble error={doing.error} />
    <div class="row"><button class="btn main" type="submit" disabled={doing.busy || !text.answer.trim()}>Publish and ask again</button>
      <button class="btn" type="button" disabled={doing.busy} onClick={() => act(() => api<Group>('POST', `/gaps/${g.id}/draft`))}>{g.state === 'drafted' ? 'Draft anew' : 'Draft from replies'}</button>
      <button class="btn" type="button" disabled={preview.busy || !text.answer.trim()} onClick={() => preview.look(sent(text))}>Preview answers</button>
      <Unsaved of={kept} /></div>
    <OutlookShown of={preview} />
  </form>;
}

export function GapPage({ id }: { id: string }) {
  const gap = useOne<GroupDetail>('/gaps/' + id), [merging, setMerging] = useState(false), doing = useDoing(), g = gap.of;
  const state = g?.state;
  useEffect(() => {
    if (state !== 'publishing') return;
    const timer = setInterval(gap.again, lookAgainMs);
    return () => clearInterval(timer);
  }, [state]);
  useEffect(() => { if (state) say('The gap is ' + (gapStates[state]?.[0] || state)); }, [state]);
  const did = (now: Group) => { if (g) gap.set({ ...g, ...now, draft: now.draft }); gap.again(); };
  const move = async (to: 'dismiss' | 'reopen') => {
    const now = await doing.run(() => api<Group>('POST', `/gaps/${id}/${to}`));
    if (!now) return;
    did(now);
    if (to === 'dismiss') toast('Put aside', { action: 'Undo', act: () => move('reopen') });
  };
  return <section aria-labelledby="title"><Back to="gaps" name="Unanswered questions" /><Trouble error={gap.error} again={gap.again} />
    {!g ? !gap.error && <Skeleton rows={4} label="Reading the gap" /> : <>
      <header class="page-head"><h1 id="title" dir="auto">{g.question}</h1>{isAdmin.value && <span class="row">
        {(state === 'open' || state === 'drafted') && <button class="btn" type="button" onClick={() => setMerging(true)}>Merge…</button>}
        {(state === 'open' || state === 'drafted') && <button class="btn" type="button" disabled={doing.busy} onClick={() => move('dismiss')}>Dismiss</button>}
        {state !== 'open' && state !== 'drafted' && <button class="btn" type="button" disabled={doing.busy} onClick={() => move('reopen')}>{state === 'publishing' ? 'Stop' : 'Reopen'}</button>}</span>}</header>
      <Steps state={g.state} />
      <p class="meta dots lead"><span>{plural(g.customers, 'customer')}</span><span>asked {plural(g.questions, 'time')}</span><span>{g.channels.map(channelName).join(', ')}</span><span>last <Moment at={g.last_at} /></span></p>
      <Trouble error={doing.error} />
      {g.outcome && <p class="lead" dir="auto">{g.outcome}</p>}
      {state === 'publishing' && <p class="lead" role="status">The entry is being made searchable; then each question is asked again.</p>}
      {isAdmin.value && (state === 'open' || state === 'drafted') ? <Publish of={g} did={did} /> : g.draft && <div class="panel"><EntryShown of={textOf(g.draft)} />{g.document && <a class="btn quiet" href={'#/knowledge/documents/' + g.document}>Open the document</a>}</div>}
      <h2 class="part-title">Its questions</h2>
      <ul class="cards" aria-label="Its questions">{g.asked.map((q) => <Asked key={q.conversation + q.seq} of={q} publishing={state === 'publishing'} />)}</ul>
      {merging && <Merge of={g} close={() => setMerging(false)} merged={(now) => { setMerging(false); did(now); toast('Merged'); }} />}
    </>}
  </section>;
}
