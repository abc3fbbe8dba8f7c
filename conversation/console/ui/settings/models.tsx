// Settings › Models: which model does what, tried out by one real call.
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api';
import { count, plural } from '../format';
import { isAdmin } from '../store';
import { Line, Lines, shapeOf, type Field } from './fields';
import { Frame } from './frame';
import { useStored, type Stored } from './stored';

export interface Model {
  name: string; tasks: string[]; known: boolean; input: number; cached: number; output: number; overridden: boolean; context: number;
  listed?: { input: number; cached: number; output: number }; shutdown?: string; days_left?: number; successor?: string;
}

const suggestions = 'known-models';
const asAnswers = 'As for answers';
const tasks: Field[] = [
  { name: 'answer', label: 'Answers', kind: 'list', rows: 2, hint: 'One on each line, tried in this order when one is gone. Empty: the server’s own.' },
  { name: 'rewrite', label: 'Follow-up questions', kind: 'text', placeholder: asAnswers, none: asAnswers, list: suggestions, hint: 'Makes a question that stands alone out of “And in Norway?”.' },
  { name: 'summary', label: 'Summaries of long conversations', kind: 'text', placeholder: asAnswers, none: asAnswers, list: suggestions },
  { name: 'draft', label: 'Drafts of FAQ entries', kind: 'text', placeholder: asAnswers, none: asAnswers, list: suggestions },
  { name: 'help', label: 'Help for staff', kind: 'text', placeholder: asAnswers, none: asAnswers, list: suggestions, hint: 'Suggested replies, briefs and translations.' },
];
const enabled: Field = { name: 'enabled', label: 'Let models write', kind: 'switch', hint: 'Switched off, customers get FAQ answers, quoted passages and people. Search by meaning, transcription and moderation go on.' };
const temperature: Field = { name: 'temperature', label: 'Temperature', kind: 'number', none: 'The server’s own', hint: '0 to 2. Lower keeps closer to the likeliest words. Reasoning models are sent none.' };
const shape = shapeOf([enabled, ...tasks, temperature]);

export function useModels(again?: unknown): Model[] {
  const [list, setList] = useState<Model[]>([]);
  useEffect(() => { api<{ models: Model[] }>('GET', '/models').then((got) => setList(got.models), () => 0); }, [again]); // without it there are no suggestions
  return list;
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'long', timeZone: 'UTC' });

function Endings({ of: models }: { of: Model[] }) {
  const list = models.filter((m) => m.tasks.length && m.shutdown);
  if (!list.length) return null;
  return <ul class="once endings" aria-label="Models that end">{list.map((m) => <li key={m.name}><b>{m.name}</b> {m.days_left! < 0 ? 'was announced to end' : 'will be shut down'} on {day.format(new Date(m.shutdown!))}
    {m.days_left! >= 0 && `, in ${plural(m.days_left!, 'day')}`}.{m.successor ? ` Its successor is ${m.successor}: add it below the present one, and it takes over by itself.` : ''}</li>)}</ul>;
}

interface Trial { ok: boolean; model: string; took_ms: number; input_tokens: number; output_tokens: number; cost_usd: number; error?: { kind: string; text: string } }

export const usd = (n: number): string => '$' + (n === 0 ? '0' : n < 0.01 ? n.toFixed(6).replace(/0+$/, '') : n.toFixed(2));

function Test({ task, name, of: s }: { task: string; name: string; of: Stored }) {
  const [got, setGot] = useState<Trial | null>(null), [error, setError] = useState(''), [busy, setBusy] = useState(false);
  const call = async () => {
    setBusy(true);
    setGot(null);
    setError('');
    try {
      setGot(await api<Trial>('POST', '/settings/models/test', { task, models: shape.close(s.typed)[0] }));
    } catch (err) {
      setError((err as Error).message);
    }
    setBusy(false);
  };
  return <div class="trial"><button class="btn" type="button" disabled={busy} aria-label={'Test: ' + name} onClick={call}>{busy ? 'Calling…' : 'Test'}</button>
    <p class="meta" role="status">{error ? <span class="bad">{error}</span> : got ? got.ok ? <><span class="ok">Works.</span> {got.model}, {count(got.took_ms)} ms, {count(got.input_tokens)} tokens in, {count(got.output_tokens)} out, {usd(got.cost_usd)}</>
      : <><span class="bad">Failed ({got.error!.kind.replaceAll('_', ' ')})</span>{got.model && ` by ${got.model}`} after {count(got.took_ms)} ms: <span dir="auto">{got.error!.text}</span></> : ''}</p></div>;
}

export function Models() {
  const s = useStored('models', shape), models = useModels(s.at?.version);
  return <>
    <Endings of={models} />
    <datalist id={suggestions}>{models.filter((m) => m.output > 0).map((m) => <option key={m.name} value={m.name} />)}</datalist>
    <Frame of={s} label="Models"><Lines of={[enabled]} in={s} />
      {tasks.map((f) => <div key={f.name} class="tried"><Line of={f} in={s} />{isAdmin.value && <Test task={f.name} name={f.label} of={s} />}</div>)}
      <Lines of={[temperature]} in={s} /></Frame>
    <p class="meta">A test makes one small real call with what is typed here, saved or not, and is booked as a test. What models cost stands under <a href="#/settings/prices">Prices</a>.</p>
  </>;
}
