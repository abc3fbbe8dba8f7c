// Settings › Bot: who it is and how it speaks, beside the system prompt that comes of it.
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api';
import { count } from '../format';
import { isAdmin } from '../store';
import { Lines, shapeOf, type Field } from './fields';
import { Frame } from './frame';
import { Part } from './parts';
import { useStored, type Stored } from './stored';

const fields: Field[] = [
  { name: 'name', label: 'Name', kind: 'text', max: 60, hint: 'Customers see it above each answer.' },
  { name: 'tone', label: 'Tone', kind: 'choice', options: [['', 'Plain: brief and friendly'], ['friendly', 'Friendly: warm'], ['formal', 'Formal: courteous'], ['brief', 'Brief: no pleasantries']] },
  { name: 'languages', label: 'Languages', kind: 'list', sep: ', ', placeholder: 'Any', none: 'Any', hint: 'Codes such as en, de, pt-BR, with commas between. The first is used when in doubt. Empty: it answers in the customer’s own.' },
  { name: 'instructions', label: 'Instructions', kind: 'area', rows: 8, max: 20000, hint: 'What it should know and heed in every answer. They are added to the system prompt, which is shown below.' },
  { name: 'greeting', label: 'Greeting', kind: 'area', rows: 2, placeholder: 'The standard one, in the customer’s language' },
  { name: 'quick_replies', label: 'Quick replies', kind: 'list', rows: 4, hint: 'Up to six, one on each line. Customers can press one instead of writing.' },
  { name: 'closing', label: 'Closing', kind: 'area', rows: 2, placeholder: 'The standard one, in the customer’s language', hint: 'Said when a conversation is closed.' },
];
const shape = shapeOf(fields);

export interface Prompt { prompt: string; tokens: { fixed: number; room: number } }

/** What sections that are not saved yet would come to, a moment after the last key. */
export function usePreview(body: object | null): { got: Prompt | null; error: string } {
  const [got, setGot] = useState<Prompt | null>(null), [error, setError] = useState('');
  const sent = body && JSON.stringify(body);
  useEffect(() => {
    if (!sent) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      api<Prompt>('POST', '/settings/preview', JSON.parse(sent), { signal: stop.signal }).then((p) => { setGot(p); setError(''); }, (err) => { if (err.name !== 'AbortError') setError(err.message); });
    }, 400);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [sent]);
  return { got, error };
}

function PromptPreview({ of: s }: { of: Stored }) {
  const { got, error } = usePreview(s.at && isAdmin.value ? { bot: shape.close(s.typed)[0] } : null);
  return <Part title="The system prompt" about="As the model gets it before passages, history and the customer’s words.">
    {error && <p class="error">{error}</p>}
    {got && <><p class="meta">{count(got.tokens.fixed)} tokens with all that never changes. {count(got.tokens.room)} are left for passages, history and the customer’s words. <a href="#/settings/budgets">Budgets</a></p>
      <pre class={'shown-text' + (error ? ' old' : '')} tabIndex={0} role="region" aria-label="System prompt" dir="auto">{got.prompt}</pre></>}
  </Part>;
}

export function Bot() {
  const s = useStored('bot', shape);
  return <Frame of={s} label="Bot" beside={isAdmin.value && s.at && <PromptPreview of={s} />}><Lines of={fields} in={s} /></Frame>;
}
