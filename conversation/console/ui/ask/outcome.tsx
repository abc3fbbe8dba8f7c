// What came of a question asked in one way.
import { useState } from 'preact/hooks';
import { count } from '../format';
import { Nodes } from '../parts/bits';
import { markdown } from '../parts/markdown';
import { cite, Sources } from '../thread/bubble';
import { Confidence, fates, kinds } from '../thread/why';
import { money, outcomeName, took } from '../usage/names';
import { PromptView } from './prompt';
import { ask } from './state';
import type { Answer, AskFound, AskHit, Run } from './types';

const longText = 240;

/** What became of a passage. Whether it is cited shows only when the answer is there. */
function fateOf(h: AskHit, answer?: Answer): [string, string] {
  if (answer?.sources.some((s) => s.passage === h.id)) return fates.cited;
  if (h.why === 'sent' && !answer) return ['Given to the model', 'plain'];
  return fates[h.why] || [h.fate === 'sent' ? 'Sent' : 'Cut', 'plain'];
}

function Passage({ of: h, at, answer }: { of: AskHit; at: number; answer?: Answer }) {
  const [open, setOpen] = useState(false), [fate, tone] = fateOf(h, answer);
  const place = [h.document !== h.title ? h.document : '', h.heading !== h.title ? h.heading : '', h.page ? 'page ' + h.page : ''].filter(Boolean).join(' › ');
  const rank = (n: number | null, score: number | null) => (n === null ? 'not listed' : `#${n} (${(score || 0).toFixed(3)})`);
  return <li class={'hit ' + h.fate}>
    <div class="hit-top"><span class="n">{at + 1}</span><h4 dir="auto">{h.title || h.document}</h4>{h.exact && <span class="chip ok">Same question</span>}<span class={'chip ' + tone}>{fate}</span></div>
    {place && <p class="meta" dir="auto">{place}</p>}
    <p class={open ? 'plain-text' : 'clamp'} dir="auto">{h.text}</p>
    {h.text.length > longText && <button class="btn link" type="button" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? 'Show less' : 'Show all'}</button>}
    <dl class="facts"><div><dt>Words</dt><dd>{rank(h.lexical_rank, h.lexical_score)}</dd></div><div><dt>Meaning</dt><dd>{rank(h.dense_rank, h.dense_score)}</dd></div>
      {h.rerank_rank !== null && <div><dt>Judged</dt><dd>{rank(h.rerank_rank, h.rerank_score)}</dd></div>}<div><dt>Fused</dt><dd>{h.score.toFixed(4)}</dd></div></dl></li>;
}

function Found({ of: f, answer, name }: { of: AskFound; answer?: Answer; name: string }) {
  return <section class="found" aria-label={'Passages' + name}>
    <Confidence of={{ confidence: f.confidence, decision: answer?.decision, thresholds: { answer: f.answer_from, maybe: f.maybe_from }, calibration: f.calibration }} />
    <h3>{f.passages.length ? 'Passages' : 'No passage was found'}</h3>
    {f.passages.length > 0 && <ol class="cards hits">{f.passages.map((h, i) => <Passage key={h.id} of={h} at={i} answer={answer} />)}</ol>}
  </section>;
}

function Figures({ of: a }: { of: Answer }) {
  const u = a.usage;
  return <dl class="facts figures-line">
    {a.model && <div><dt>Model</dt><dd>{a.model}</dd></div>}
    <div><dt>Cost</dt><dd>{money(a.cost_usd)}</dd></div>
    {a.calls > 0 && <div><dt>Tokens in</dt><dd>{count(u.input_tokens)}{u.cached_tokens ? ` (${count(u.cached_tokens)} cached)` : ''}</dd></div>}
    {a.calls > 0 && <div><dt>out</dt><dd>{count(u.output_tokens)}</dd></div>}
    {a.first_ms !== null && <div><dt>First words after</dt><dd>{took(a.first_ms)}</dd></div>}
    <div><dt>Took</dt><dd>{took(a.took_ms)}</dd></div>
    {a.calls > 1 && <div><dt>Calls</dt><dd>{a.calls}</dd></div>}
  </dl>;
}

export function Outcome({ of: r, at, name, save }: { of: Run; at: number; name: string; save: () => void }) {
  const a = r.answer, title = name ? 'Answer ' + name : 'Answer';
  return <section class="outcome" aria-label={title} aria-busy={r.busy}>
    <header class="outcome-head"><h2>{name && <span class="n">{name}</span>}{title}</h2>{a && <button class="btn" type="button" onClick={save}>Save as test</button>}</header>
    <div class="outcome-main">
      {r.error && <div class="trouble" role="alert"><p>{r.error}</p>{r.again && <button class="btn" type="button" onClick={() => ask(at)}>Ask again</button>}</div>}
      {r.stopped && <p class="muted">Stopped. What the model had written until then is charged.</p>}
      {a && <p class="kind">{kinds[a.kind] || a.kind}{a.failure ? `. The model did not answer (${outcomeName(a.failure).toLowerCase()})` : ''}{a.reason ? '. A person would be called' : ''}.</p>}
      {r.text ? <div class="reply"><Nodes class="text" dir="auto" deps={[r.text, a]} make={() => markdown(r.text, (n) => (a ? cite(a, n) : null))} /></div>
        : r.busy && <p class="muted" role="status">{r.prompt ? 'The model is thinking…' : r.found ? 'Writing the prompt…' : 'Searching…'}</p>}
      {a?.options && <ul class="options" aria-label="Offered choices">{a.options.map((o) => <li key={o} dir="auto">{o}</li>)}</ul>}
      {a && a.sources.length > 0 && <Sources list={a.sources} />}
      {a && <Figures of={a} />}
      {a?.rewritten && <p class="meta">Looked for: <span dir="auto">{a.query}</span></p>}
      {r.prompt && <PromptView of={r.prompt} name={name && ' ' + name} />}
    </div>
    {r.found && <Found of={r.found} answer={a} name={name && ' ' + name} />}
  </section>;
}
