// A question that staff try out, in one way or two. It stays while they look at
// other pages.
import { computed, effect, signal } from '@preact/signals';
import { Failed } from '../api';
import { me, say } from '../store';
import { events } from './stream';
import type { Question, Run, Said, Setting } from './types';

export const asSet = (): Setting => ({ model: '', instructions: null, answer: '', offer: '', total: '', reply: '', passages: '', images: '' });

export const question = signal('');
export const history = signal<Said[]>([]);
export const settings = signal<Setting[]>([asSet()]);
export const runs = signal<Run[]>([]);
/** What was asked, beside the runs that answer it. */
export const asked = signal<{ question: string; history: Said[] } | null>(null);
export const busy = computed(() => runs.value.some((r) => r.busy));

let stopping: AbortController | null = null;

effect(() => {
  if (me.value) return;
  stop(); // the next person begins anew
  question.value = '';
  history.value = [];
  settings.value = [asSet()];
  runs.value = [];
  asked.value = null;
});

export function change(i: number, part: Partial<Setting>): void {
  settings.value = settings.value.map((s, at) => (at === i ? { ...s, ...part } : s));
}

function set(i: number, part: Partial<Run>): void {
  runs.value = runs.value.map((r, at) => (at === i ? { ...r, ...part } : r));
}

const whole = (s: string): number | undefined => (s.trim() ? Math.round(Number(s)) : undefined);

/** What is asked in one way. */
function request(s: Setting): Question {
  const q: Question = { question: question.value.trim() };
  const said = history.value.filter((h) => h.text.trim());
  if (said.length) q.history = said;
  if (s.model.trim()) q.model = s.model.trim();
  if (s.instructions !== null) q.instructions = s.instructions;
  if (s.answer || s.offer) { // the other one stays as it is, as far as the two fit
    const was = runs.value[0]?.found, offer = Number(s.offer) / 100, answer = s.answer ? Number(s.answer) / 100 : Math.max(offer, was?.answer_from ?? 0);
    q.thresholds = { answer, offer: s.offer ? offer : Math.min(answer, was?.maybe_from ?? answer) };
  }
  const tokens = { total: whole(s.total), answer: whole(s.reply), passages: whole(s.passages), images: whole(s.images) };
  if (Object.values(tokens).some((n) => n)) q.tokens = tokens;
  return q;
}

async function run(i: number, q: Question, signal: AbortSignal): Promise<void> {
  try {
    await events('/ask', q, signal, (kind, data) => {
      const had = runs.value[i];
      if (kind === 'found') set(i, { found: data });
      else if (kind === 'prompt') set(i, { prompt: data });
      else if (kind === 'delta') set(i, { text: had.text + data.text });
      else if (kind === 'discard') set(i, { text: '' });
      else if (kind === 'answer') set(i, { answer: data, text: data.text });
      else if (kind === 'error') set(i, { error: data.detail || data.title });
    });
    if (!runs.value[i]?.answer && !runs.value[i]?.error) set(i, { error: 'The server stopped before the answer was complete.', again: true });
  } catch (err) {
    if (signal.aborted) set(i, { stopped: true });
    else if (err instanceof Failed) set(i, { error: err.message, again: err.status === 429 || err.status === 503 || err.unreachable });
    else throw err;
  } finally {
    set(i, { busy: false });
  }
}

/** Asks in all the ways there are, or in one of them again when the question is still the
 *  same. */
export async function ask(only?: number): Promise<void> {
  if (!question.value.trim() || busy.value) return;
  const mine = new AbortController();
  stopping = mine;
  const now = { question: question.value.trim(), history: history.value.filter((h) => h.text.trim()) };
  if (JSON.stringify(now) !== JSON.stringify(asked.value)) only = undefined;
  asked.value = now;
  const requests = settings.value.map(request);
  runs.value = settings.value.map((_, i) => (only === undefined || only === i || !runs.value[i] ? { busy: true, text: '' } : runs.value[i]));
  await Promise.all(requests.map((q, i) => (runs.value[i].busy ? run(i, q, mine.signal) : null)));
  if (stopping === mine) say(runs.value.some((r) => r.error) ? 'Not answered' : mine.signal.aborted ? 'Stopped' : 'Answered');
}

export function stop(): void {
  stopping?.abort();
}
