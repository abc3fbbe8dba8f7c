// Why the bot answered as it did: what it looked for, what it found, what became of
// each passage, and what it cost.
import { signal } from '@preact/signals';
import { count } from '../format';
import { Dialog } from '../parts/dialog';
import { panel } from '../store';
import type { Message, TracedHit, Why } from '../types';

const shown = signal<Message | null>(null);

export function showWhy(m: Message): void {
  shown.value = m;
  panel.value = 'why';
}

export const kinds: Record<string, string> = {
  small_talk: 'Small talk, answered without looking anything up', verbatim: 'An FAQ answer, word for word', model: 'Written by the model from passages',
  quoted: 'Passages quoted without a model', unknown: '“I don’t know”', clarify: 'Asked back which of several was meant', handoff: 'Handed over to a person',
};
export const decisions: Record<string, string> = {
  answer: 'Answer', offer: 'Answer, and offer a person', unknown: 'Say that it does not know', clarify: 'Ask back', chat: 'Chat', person: 'Hand over',
};
export const fates: Record<string, [string, string]> = {
  cited: ['Cited', 'ok'], sent: ['Given to the model, not cited', 'plain'], no_room: ['No room in the token budget', 'plain'],
  below_threshold: ['Confidence too low', 'warn'], unused: ['Not needed', 'plain'], outscored: ['Others fit better', 'plain'], offered: ['Offered as a choice', 'accent'],
};
export const tokenNames: Record<string, string> = {
  fixed: 'Instructions', passages: 'Passages', summary: 'Summary', history: 'History', turn: 'Customer’s words', images: 'Pictures', trimmed_messages: 'Messages left out',
};

export function WhyDrawer() {
  const m = shown.value;
  if (panel.value !== 'why' || !m?.why) return null;
  const w = m.why;
  return <Dialog title="Why this answer" close={() => { panel.value = ''; }} kind="drawer">
    <p>{kinds[w.kind] || w.kind}{w.flagged ? `. Held back: ${w.flagged}` : ''}{w.error ? `. The model did not answer (${w.error.replaceAll('_', ' ')})` : ''}.</p>
    {w.passages && <Confidence of={w} />}
    {w.query && <><h3>Looked for</h3><p class="quote" dir="auto">{w.query}</p>
      {w.rewritten && <p class="meta">Rewritten by the model from the dialogue.</p>}{w.chosen && <p class="meta">The customer pressed an option.</p>}</>}
    {w.summary && <><h3>Brief at the handover</h3><p dir="auto">{w.summary}</p></>}
    <h3>Passages</h3>
    {w.passages?.length ? <ol class="hits">{w.passages.map((p) => <Passage key={p.passage} of={p} />)}</ol> : <p class="muted">None were looked for or found.</p>}
    {(w.model || w.tokens) && <Cost of={w} />}
  </Dialog>;
}

export function Confidence({ of: w }: { of: Pick<Why, 'confidence' | 'decision' | 'thresholds' | 'calibration'> }) {
  const at = (n: number) => Math.max(0, Math.min(100, n * 100)) + '%';
  const t = w.thresholds;
  return <>
    <h3>Confidence</h3>
    <p><b>{Math.round(w.confidence * 100)} %</b>{w.decision ? ' → ' + (decisions[w.decision] || w.decision) : ''}</p>
    <svg class="scale" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" x="0" y="3" width="100" height="4" rx="2" /><rect class="fill" x="0" y="3" width={Math.max(0, Math.min(100, w.confidence * 100))} height="4" rx="2" />
      {t && [t.maybe, t.answer].map((n) => <line key={n} x1={at(n)} x2={at(n)} y1="0" y2="10" />)}
    </svg>
    {t && <p class="meta">Offers a person from {Math.round(t.maybe * 100)} %, answers from {Math.round(t.answer * 100)} %{w.calibration ? ' · by ' + w.calibration : ''}</p>}
  </>;
}

function Passage({ of: p }: { of: TracedHit }) {
  const [fate, tone] = fates[p.fate] || [p.fate, 'plain'];
  const rank = (n: number | undefined, score: number | undefined) => (n ? `#${n} (${(score || 0).toFixed(3)})` : 'not listed');
  return <li class="hit"><div class="hit-top"><h4 dir="auto">{p.title || 'Untitled'}</h4><span class={'chip ' + tone}>{fate}</span></div>
    <dl class="facts"><div><dt>Words</dt><dd>{rank(p.lexical_rank, p.lexical_score)}</dd></div><div><dt>Meaning</dt><dd>{rank(p.dense_rank, p.dense_score)}</dd></div>
      {!!p.rerank_rank && <div><dt>Judged</dt><dd>{rank(p.rerank_rank, p.rerank_score)}</dd></div>}<div><dt>Fused</dt><dd>{p.score.toFixed(4)}</dd></div></dl></li>;
}

/** Reads the usage however the server writes its names. */
function used(w: Why, ...names: string[]): number {
  for (const n of names) if (typeof w.usage?.[n] === 'number') return w.usage[n] as number;
  return 0;
}

function Cost({ of: w }: { of: Why }) {
  const input = used(w, 'InputTokens', 'input_tokens'), output = used(w, 'OutputTokens', 'output_tokens'), cached = used(w, 'CachedTokens', 'cached_tokens');
  return <>
    <h3>Model</h3>
    <dl class="pairs">
      {w.model && <><dt>Model</dt><dd>{w.model}</dd></>}
      {input > 0 && <><dt>Tokens in</dt><dd>{count(input)}{cached ? ` (${count(cached)} cached)` : ''}</dd></>}
      {output > 0 && <><dt>Tokens out</dt><dd>{count(output)}</dd></>}
      <dt>Cost</dt><dd>{w.cost_micros ? '$' + (w.cost_micros / 1e6).toFixed(6) : 'none, or price unknown'}</dd>
      {Object.entries(w.tokens || {}).filter(([, n]) => n > 0).map(([name, n]) => <><dt key={name}>{tokenNames[name] || name}</dt><dd>{count(n)}</dd></>)}
    </dl>
  </>;
}
