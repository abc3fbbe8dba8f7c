// Keeping a question as a test: what of what was found is to be found again.
import { useState } from 'preact/hooks';
import { api } from '../api';
import { Dialog } from '../parts/dialog';
import { useForm } from '../settings/parts';
import { go, toast } from '../store';
import { asked } from './state';
import type { Run } from './types';

export function SaveTest({ of: r, close }: { of: Run; close: () => void }) {
  const cited = new Set(r.answer!.sources.map((s) => s.passage)), hits = r.found?.passages || [];
  const [answerable, setAnswerable] = useState(cited.size > 0 || r.answer!.kind === 'verbatim' || !hits.length ? hits.length > 0 : r.answer!.decision !== 'unknown');
  const [picked, setPicked] = useState(() => new Set(cited.size ? hits.filter((h) => cited.has(h.id)).map((h) => h.id) : hits.slice(0, 1).map((h) => h.id)));
  const [answer, setAnswer] = useState('');
  const form = useForm(async () => {
    const expect = answerable ? { passages: [...picked], answer: answer.trim(), answerable } : { answerable };
    await api('POST', '/tests', { question: asked.value!.question, history: asked.value!.history, origin: 'ask', expect });
    close();
    toast('Saved as a test', { action: 'Open the test set', act: () => go('tests') });
  }, true);
  const toggle = (id: string) => {
    const next = new Set(picked);
    if (!next.delete(id)) next.add(id);
    setPicked(next);
  };
  return <Dialog title="Save as test" close={close}><form class="form" onSubmit={form.submit}>
    <p class="quote" dir="auto">{asked.value!.question}</p>
    <div class="either" role="radiogroup" aria-label="What is expected">
      <label class="check"><input type="radio" name="answerable" checked={answerable} onChange={() => setAnswerable(true)} />The bot is to answer it</label>
      <label class="check"><input type="radio" name="answerable" checked={!answerable} onChange={() => setAnswerable(false)} />The bot is to say that it does not know</label></div>
    {answerable && <>
      <fieldset class="members"><legend>By any of these passages</legend>{hits.length ? hits.map((h) => <label key={h.id} class="check"><input type="checkbox" checked={picked.has(h.id)} onChange={() => toggle(h.id)} /><span dir="auto" class="cut">{h.title || h.document}<span class="meta"> · {h.text.slice(0, 60)}</span></span></label>)
        : <p class="muted">None was found. Name a text that the answer holds.</p>}</fieldset>
      <label class="field">Text that the answer holds, if you like<input maxLength={2000} autocomplete="off" dir="auto" value={answer} onInput={(e) => setAnswer(e.currentTarget.value)} /></label></>}
    {form.error}
    <div class="row end"><button class="btn" type="button" onClick={close}>Cancel</button><button class="btn main" type="submit" disabled={form.busy || (answerable && !picked.size && !answer.trim())}>Save test</button></div>
  </form></Dialog>;
}
