// Asking as a customer would: what is found, what is sent, what is answered, and what
// that costs. Nothing of it reaches a customer.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api';
import { Empty } from '../parts/bits';
import { Icon } from '../parts/icons';
import { mayAct } from '../store';
import { Outcome } from './outcome';
import { SaveTest } from './savetest';
import { SettingCard, type Now } from './setting';
import { ask, asSet, busy, history, question, runs, settings, stop } from './state';
import { Tabs } from './tabs';
import type { Said } from './types';

const authors: Record<Said['author'], string> = { customer: 'Customer', bot: 'Bot', staff: 'Staff' };
const maxHistory = 20;

function Before() {
  const list = history.value, set = (i: number, part: Partial<Said>) => { history.value = list.map((h, at) => (at === i ? { ...h, ...part } : h)); };
  const add = () => { history.value = [...list, { author: list.length % 2 ? 'bot' : 'customer', text: '' }]; };
  if (!list.length) return <button class="btn link" type="button" onClick={add}>Something was said before</button>;
  return <fieldset class="members before"><legend>Said before</legend>
    {list.map((h, i) => <div key={i} class="said-before"><select aria-label={`Who said message ${i + 1}`} value={h.author} onChange={(e) => set(i, { author: e.currentTarget.value as Said['author'] })}>{Object.entries(authors).map(([a, name]) => <option key={a} value={a}>{name}</option>)}</select>
      <input aria-label={'Message ' + (i + 1)} maxLength={8000} dir="auto" value={h.text} onInput={(e) => set(i, { text: e.currentTarget.value })} />
      <button class="btn quiet square" type="button" aria-label={'Remove message ' + (i + 1)} onClick={() => { history.value = list.filter((_, at) => at !== i); }}><Icon of="close" size={16} /></button></div>)}
    {list.length < maxHistory && <button class="btn link" type="button" onClick={add}>Add a message</button>}</fieldset>;
}

/** Reads what is set, as far as the server tells. */
function useNow(): { now: Now; known: string[] } {
  const [now, setNow] = useState<Now>({ models: [], instructions: '', tokens: {}, thresholds: {} }), [known, setKnown] = useState<string[]>([]);
  useEffect(() => {
    Promise.all([
      api<{ models: { name: string; tasks: string[] }[] }>('GET', '/models').catch(() => null),
      api<{ sections: Record<string, { value: any }> }>('GET', '/settings').catch(() => null),
    ]).then(([m, s]) => {
      const value = (name: string) => s?.sections[name]?.value || {};
      setNow({ models: (m?.models || []).filter((one) => one.tasks.includes('answer')).map((one) => one.name), instructions: value('bot').instructions || '', tokens: value('tokens'), thresholds: value('thresholds') });
      setKnown((m?.models || []).map((one) => one.name));
    });
  }, []);
  return { now, known };
}

function AskForm() {
  const { now, known } = useNow(), area = useRef<HTMLTextAreaElement>(null), two = settings.value.length > 1;
  useEffect(() => { if (!matchMedia('(max-width: 719px)').matches) area.current!.focus(); }, []);
  const submit = (e: Event) => {
    e.preventDefault();
    ask();
  };
  return <form class="ask-form" onSubmit={submit}>
    <label class="field">Question<textarea ref={area} name="question" rows={2} required maxLength={8000} dir="auto" placeholder="As a customer would ask it" value={question.value}
      onInput={(e) => { question.value = e.currentTarget.value; }} onKeyDown={(e) => { if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); ask(); } }} /></label>
    <Before />
    <datalist id="ask-models">{known.map((m) => <option key={m} value={m} />)}</datalist>
    <div class={'settings-side' + (two ? ' two' : '')}>{settings.value.map((_, i) => <SettingCard key={i} at={i} now={now} two={two} />)}</div>
    <div class="row">{busy.value ? <button class="btn" type="button" onClick={stop}>Cancel</button> : <button class="btn main" type="submit">Ask</button>}
      {!two && <button class="btn" type="button" onClick={() => { settings.value = [...settings.value, asSet()]; }}>Compare with another setting</button>}
      <span class="meta">Customers see nothing of this. It costs what an answer costs.</span></div>
  </form>;
}

export function Ask() {
  const [saving, setSaving] = useState(-1), list = runs.value, two = list.length > 1;
  return <main class="page" id="page" tabIndex={-1}><div class="page-in ask">
    <Tabs here="ask" />
    <header class="page-head"><h1>Ask</h1></header>
    {mayAct.value ? <>
      <AskForm />
      {list.length ? <div class={'outcomes' + (two ? ' two' : '')}>{list.map((r, i) => <Outcome key={i} of={r} at={i} name={two ? (i ? 'B' : 'A') : ''} save={() => setSaving(i)} />)}</div>
        : <div class="cards"><Empty text="Shows what the bot finds, what is sent to the model, what it answers and what that costs." /></div>}
      {list[saving]?.answer && <SaveTest of={list[saving]} close={() => setSaving(-1)} />}</>
      : <div class="cards"><Empty text="Asking costs money, so it is for agents and admins."><a class="btn" href="#/tests">Look at the test set</a></Empty></div>}
  </div></main>;
}
