// Settings › Spending: limits on what models may cost, and today's meter.
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api';
import { time } from '../format';
import { Lines, shapeOf, type Field } from './fields';
import { Frame } from './frame';
import { usd } from './models';
import { Part } from './parts';
import { useStored } from './stored';

const none = 'No limit';
const fields: Field[] = [
  { name: 'day_usd', label: 'A day', kind: 'number', unit: 'US dollars', none, hint: 'From midnight to midnight UTC.' },
  { name: 'conversation_usd', label: 'A conversation', kind: 'number', unit: 'US dollars', none, hint: 'From its beginning.' },
  { name: 'visitor_usd', label: 'A visitor a day', kind: 'number', unit: 'US dollars', none },
  { name: 'warn', label: 'Tell staff at', kind: 'number', unit: '% of the day’s limit', scale: 100 },
];
const shape = shapeOf(fields);

interface Budget { day: { spent_usd: number; reserved_usd: number; limit_usd: number | null; level: 'ok' | 'warn' | 'spent'; resets_at: string } }
const levels = { ok: ['Within the limit', 'ok'], warn: ['Above the warning level', 'warn'], spent: ['Spent: answers come without a model', 'bad'] };

function Meter({ again }: { again: unknown }) {
  const [got, setGot] = useState<Budget['day'] | null>(null), [error, setError] = useState('');
  useEffect(() => {
    const read = () => { if (!document.hidden) api<Budget>('GET', '/budget').then((b) => { setGot(b.day); setError(''); }, (err) => setError(err.message)); };
    read();
    const timer = setInterval(read, 10_000);
    return () => clearInterval(timer);
  }, [again]);
  if (!got) return error ? <p class="error" role="alert">{error}</p> : null;
  const [text, tone] = levels[got.level];
  return <>
    <p><b>{usd(got.spent_usd)}</b>{got.limit_usd !== null ? ` of ${usd(got.limit_usd)}` : ''} spent{got.reserved_usd > 0 && `, and ${usd(got.reserved_usd)} held for calls under way`}. {got.limit_usd !== null && <span class={'chip ' + tone}>{text}</span>}</p>
    {got.limit_usd !== null && <progress class={tone} max={got.limit_usd} value={Math.min(got.limit_usd, got.spent_usd + got.reserved_usd)} aria-label="Of today’s limit" />}
    <p class="meta">The next day begins at {time(got.resets_at)}, your time.</p>
  </>;
}

export function Spending() {
  const s = useStored('spending', shape);
  return <>
    <Part title="Today"><Meter again={s.at?.version} /></Part>
    <Part title="Limits" about="At a limit the bot goes on without a model: FAQ answers, then quoted passages, then a person."><Frame of={s} label="Spending"><Lines of={fields} in={s} /></Frame></Part>
  </>;
}
