// Settings › Token budgets: what one call may hold, and how much of it is left.
import { count } from '../format';
import { isAdmin } from '../store';
import { usePreview } from './bot';
import { Lines, number, shapeOf, type Field } from './fields';
import { Frame } from './frame';
import { Part } from './parts';
import { useStored, type Stored } from './stored';

const fields: Field[] = [
  { name: 'total', label: 'In all', kind: 'number', unit: 'tokens', hint: 'Prompt and answer of one call. More costs more; the model’s own limit holds too.' },
  { name: 'answer', label: 'Kept for the answer', kind: 'number', unit: 'tokens', hint: 'Set aside before anything else.' },
  { name: 'passages', label: 'Passages, at most', kind: 'number', unit: 'tokens', hint: 'Of what was found. What they do not need is left to the history.' },
  { name: 'images', label: 'Pictures, at most', kind: 'number', unit: 'tokens', hint: 'Beside the sum above: a picture pushes no text out.' },
];
const shape = shapeOf(fields);

interface Share { name: string; tokens: number; kind: string }

function Room({ of: s }: { of: Stored }) {
  const [value, wrong] = shape.close(s.typed), usable = !Object.keys(wrong).length;
  const { got, error } = usePreview(usable ? { tokens: value } : null);
  const total = number(s.typed.total), answer = number(s.typed.answer) || 0;
  if (error) return <Part title="What that leaves"><p class="error">{error}</p></Part>;
  if (!got || !total || !usable) return null;
  const passages = Math.min(number(s.typed.passages) || 0, got.tokens.room);
  const shares: Share[] = [{ name: 'System prompt and frame', tokens: got.tokens.fixed, kind: 'fixed' }, { name: 'Answer', tokens: answer, kind: 'answer' },
    { name: 'Passages', tokens: passages, kind: 'passages' }, { name: 'History and the question', tokens: Math.max(0, got.tokens.room - passages), kind: 'rest' }];
  let x = 0;
  return <Part title="What that leaves" about={`${count(got.tokens.room)} of ${count(total)} tokens are left for passages, history and the customer’s words.`}>
    <svg class="shares" viewBox="0 0 1000 16" preserveAspectRatio="none" aria-hidden="true">{shares.map((p) => { const w = (p.tokens / total) * 1000, at = x; x += w; return <rect key={p.kind} class={p.kind} x={at} y="0" width={Math.max(0, w - 2)} height="16" />; })}</svg>
    <dl class="legend">{shares.map((p) => <div key={p.kind}><dt><svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" class="shares"><rect class={p.kind} width="12" height="12" rx="3" /></svg>{p.name}</dt><dd>{count(p.tokens)}</dd></div>)}</dl>
  </Part>;
}

export function Budgets() {
  const s = useStored('tokens', shape);
  return <Frame of={s} label="Token budgets" beside={isAdmin.value && s.at && <Room of={s} />}><Lines of={fields} in={s} /></Frame>;
}
