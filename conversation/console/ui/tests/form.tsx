// Making and changing a test by hand.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, query } from '../api';
import { plural } from '../format';
import { Dialog } from '../parts/dialog';
import { Icon } from '../parts/icons';
import { useClash, type Words } from '../settings/clash';
import { useForm } from '../settings/parts';
import type { Doc } from '../types';
import { load } from './state';
import type { Test } from './types';

const mostDocs = 200;

/** Picks documents by their names. */
function Picker({ picked, set }: { picked: string[]; set: (names: string[]) => void }) {
  const [docs, setDocs] = useState<Doc[]>([]), [words, setWords] = useState('');
  useEffect(() => { api<{ documents: Doc[] }>('GET', '/documents' + query({ limit: mostDocs })).then((got) => setDocs(got.documents), () => undefined); }, []);
  const add = (name = words.trim()) => {
    if (name && !picked.includes(name)) set([...picked, name]);
    setWords('');
  };
  return <div class="field"><label for="test-documents">Documents that answer it</label>
    {picked.length > 0 && <ul class="picked" aria-label="Documents picked">{picked.map((name) => <li key={name} class="chip"><span dir="auto" class="cut">{name}</span><button type="button" aria-label={'Take away ' + name} onClick={() => set(picked.filter((p) => p !== name))}><Icon of="close" size={12} /></button></li>)}</ul>}
    <div class="row nowrap"><input id="test-documents" class="grow" list="document-names" autocomplete="off" dir="auto" placeholder="Name of a document" value={words}
      onInput={(e) => { const v = e.currentTarget.value; if (docs.some((d) => d.name === v)) add(v); else setWords(v); }} onKeyDown={(e) => { if (e.key === 'Enter' && words.trim()) { e.preventDefault(); add(); } }} />
      <button class="btn" type="button" disabled={!words.trim()} onClick={() => add()}>Add</button></div>
    <datalist id="document-names">{docs.map((d) => <option key={d.id} value={d.name} />)}</datalist></div>;
}

/** The documents a test expects, by what they are picked by: the name, where only one has it. */
function named(t?: Test): Map<string, string> {
  return new Map(t?.documents.map((d) => [d.name && t.documents.filter((o) => o.name === d.name).length === 1 ? d.name : d.id, d.id]));
}

function wordsOf(t: Test): Words {
  if (!t.expect.answerable) return [['Question', t.question], ['Expected', 'that the bot does not know']];
  return [['Question', t.question], ['Documents', t.documents.map((d) => d.name || d.id).join(', ')], ['Passages', t.expect.passages.length ? plural(t.expect.passages.length, 'passage') : ''], ['Text', t.expect.answer || '']];
}

export function TestForm({ of: t, close }: { of?: Test; close: () => void }) {
  const question = useRef<HTMLTextAreaElement>(null);
  const [answerable, setAnswerable] = useState(t ? t.expect.answerable : true), [answer, setAnswer] = useState(t?.expect.answer || ''), [passages, setPassages] = useState(t?.expect.passages || []);
  const [ids, setIds] = useState(() => named(t)), [picked, setPicked] = useState([...ids.keys()]);
  const clash = useClash(t, 'test', wordsOf, (now) => {
    const theirs = named(now);
    question.current!.value = now.question;
    setAnswerable(now.expect.answerable);
    setAnswer(now.expect.answer || '');
    setPassages(now.expect.passages);
    setIds(theirs);
    setPicked([...theirs.keys()]);
  });
  const form = useForm(async () => {
    const expect = answerable ? { documents: picked.map((name) => ids.get(name) || name), passages, answer: answer.trim(), answerable } : { answerable };
    if (!(await clash.send(t ? 'PUT' : 'POST', t ? '/tests/' + t.id : '/tests', { question: question.current!.value, history: t?.history, expect }))) return;
    close();
    await load();
  }, true);
  useEffect(() => { question.current!.focus(); }, []);
  return <Dialog title={t ? 'Change the test' : 'New test'} close={close}><form class="form" onSubmit={form.submit}>
    {clash.theirs}
    <label class="field">Question<textarea ref={question} rows={2} required maxLength={8000} dir="auto" defaultValue={t?.question} /></label>
    {!!t?.history.length && <p class="meta">{plural(t.history.length, 'message')} before it are kept.</p>}
    <div class="either" role="radiogroup" aria-label="What is expected">
      <label class="check"><input type="radio" name="answerable" checked={answerable} onChange={() => setAnswerable(true)} />The bot is to answer it</label>
      <label class="check"><input type="radio" name="answerable" checked={!answerable} onChange={() => setAnswerable(false)} />The bot is to say that it does not know</label></div>
    {answerable && <>
      {passages.length > 0 && <p class="pair"><span>{plural(passages.length, 'passage')} of the knowledge {passages.length === 1 ? 'is' : 'are'} expected.</span><button class="btn link" type="button" onClick={() => setPassages([])}>Do not expect {passages.length === 1 ? 'it' : 'them'}</button></p>}
      <Picker picked={picked} set={setPicked} />
      <label class="field">Text that the answer holds<input maxLength={2000} autocomplete="off" dir="auto" value={answer} onInput={(e) => setAnswer(e.currentTarget.value)} /></label>
      <p class="meta">One of these is enough. Passages are judged where some are named, else documents, else the text.</p></>}
    {form.error}
    <div class="row end"><button class="btn" type="button" onClick={close}>Cancel</button><button class="btn main" type="submit" disabled={form.busy || clash.open}>{t ? 'Save' : 'Add test'}</button></div>
  </form></Dialog>;
}
