// Trying a search: what the bot would find, and why.
import { useRef, useState } from 'preact/hooks';
import { api, Failed } from '../api';
import { plural } from '../format';
import { Empty } from '../parts/bits';
import { say } from '../store';
import type { Found, Hit } from '../types';

const limit = 8;
const longText = 280;

function verdict(f: Found): string {
  if (!f.passages.length) return 'Nothing found. The bot would say that it does not know.';
  const does = f.confidence >= f.answer_from ? 'The bot would answer' : f.confidence >= f.maybe_from ? 'The bot would answer and offer a person' : 'The bot would say that it does not know';
  return `${does}: confidence ${Math.round(f.confidence * 100)} %, ${plural(f.passages.length, 'passage')}.`;
}

function HitRow({ of: h, index }: { of: Hit; index: number }) {
  const [open, setOpen] = useState(false);
  const place = [h.document, h.heading, h.page ? 'page ' + h.page : ''].filter(Boolean).join(' › ');
  const rank = (n: number | null, score: number | null) => (n === null ? 'not listed' : `#${n} (${(score || 0).toFixed(3)})`);
  return <li class="hit">
    <div class="hit-top"><span class="n">{index + 1}</span><h2 dir="auto">{h.title || h.document}</h2>{h.exact && <span class="chip ok">Same question</span>}</div>
    <p class="meta" dir="auto">{place}</p>
    <p class={open ? 'plain-text' : 'clamp'} dir="auto">{h.text}</p>
    {h.text.length > longText && <button class="btn link" type="button" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? 'Show less' : 'Show all'}</button>}
    <dl class="facts why"><div><dt>Words</dt><dd>{rank(h.lexical_rank, h.lexical_score)}</dd></div><div><dt>Meaning</dt><dd>{rank(h.dense_rank, h.dense_score)}</dd></div>
      {h.rerank_rank !== null && <div><dt>Judged</dt><dd>{rank(h.rerank_rank, h.rerank_score)}</dd></div>}<div><dt>Fused</dt><dd>{h.score.toFixed(4)}</dd></div></dl>
  </li>;
}

export function TrySearch() {
  const words = useRef<HTMLInputElement>(null), turn = useRef(0);
  const [found, setFound] = useState<Found | null>(null), [error, setError] = useState('');
  const submit = async (e: Event) => {
    e.preventDefault();
    const mine = ++turn.current;
    setError('');
    try {
      const res = await api<Found>('POST', '/search', { query: words.current!.value, limit });
      if (mine !== turn.current) return;
      setFound(res);
      say(verdict(res));
    } catch (err) {
      if (!(err instanceof Failed)) throw err;
      setError(err.message);
    }
  };
  return <section aria-labelledby="title">
    <header class="page-head"><h1 id="title">Try a search</h1></header>
    <form class="row" role="search" onSubmit={submit}>
      <input ref={words} class="grow" type="search" name="query" required maxLength={8000} aria-label="Question" placeholder="As a customer would ask it" dir="auto" />
      <button class="btn main" type="submit">Search</button></form>
    {error && <p class="error" role="alert">{error}</p>}
    {found ? <><p class="verdict">{verdict(found)}</p><ol class="cards hits" aria-label="Passages found">{found.passages.map((h, i) => <HitRow key={h.id} of={h} index={i} />)}</ol></>
      : <Empty text="Shows what the bot would find for a question, and why." />}
  </section>;
}
