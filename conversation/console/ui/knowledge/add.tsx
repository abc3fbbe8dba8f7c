// Adding a question with its answer, or the pages of a website.
import { useRef, useState } from 'preact/hooks';
import { api } from '../api';
import { toast } from '../store';
import { load } from './state';

/** What both forms do with the server's answer. */
function useAdd(told: string) {
  const [error, setError] = useState(''), [busy, setBusy] = useState(false);
  const add = async (e: Event, body: () => unknown) => {
    e.preventDefault();
    const form = e.currentTarget as HTMLFormElement;
    setBusy(true);
    setError('');
    try {
      await api('POST', '/documents', body());
      form.reset();
      (form.elements[0] as HTMLElement).focus();
      toast(told);
      load();
    } catch (err) {
      setError((err as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return { error, busy, add };
}

function EntryForm() {
  const { error, busy, add } = useAdd('Entry added');
  const question = useRef<HTMLInputElement>(null), answer = useRef<HTMLTextAreaElement>(null), others = useRef<HTMLTextAreaElement>(null);
  const lines = (s: string) => s.split('\n').map((l) => l.trim()).filter(Boolean);
  return <form class="form" onSubmit={(e) => add(e, () => ({ question: question.current!.value, answer: answer.current!.value, alternatives: lines(others.current!.value) }))}>
    <label class="field">Question<input ref={question} required maxLength={1000} dir="auto" /></label>
    <label class="field">Answer<textarea ref={answer} required rows={4} maxLength={8000} dir="auto" /></label>
    <label class="field">Other ways to ask it, one a line<textarea ref={others} rows={2} maxLength={4000} dir="auto" /></label>
    {error && <p class="error" role="alert">{error}</p>}
    <div><button class="btn main" type="submit" disabled={busy}>Add entry</button></div>
  </form>;
}

function SiteForm() {
  const { error, busy, add } = useAdd('The site is being read');
  const url = useRef<HTMLInputElement>(null), most = useRef<HTMLInputElement>(null), every = useRef<HTMLSelectElement>(null);
  return <form class="form" onSubmit={(e) => add(e, () => ({ url: url.current!.value, max_pages: +most.current!.value || undefined, every_hours: +every.current!.value || undefined }))}>
    <label class="field">Address<input ref={url} type="url" required maxLength={2000} placeholder="https://example.com/help" /></label>
    <div class="row"><label class="field">At most this many pages<input ref={most} type="number" min={1} max={10000} placeholder="500" /></label>
      <label class="field">Read again<select ref={every}><option value="">Never</option><option value="24">Every day</option><option value="168">Every week</option></select></label></div>
    {error && <p class="error" role="alert">{error}</p>}
    <div><button class="btn main" type="submit" disabled={busy}>Add site</button></div>
  </form>;
}

export function AddForms() {
  return <div class="adding">
    <details><summary>Write a question and its answer</summary><EntryForm /></details>
    <details><summary>Read a website</summary><SiteForm /></details>
  </div>;
}
