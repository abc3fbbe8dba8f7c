// What a change would do to questions that customers have really asked.
import { useState } from 'preact/hooks';
import { api, query } from '../api';
import { plural } from '../format';
import { say } from '../store';
import { Trouble, useDoing } from './list';
import { sendFile } from '../sendfile';
import type { Decision, EntryText, Outlook } from './types';

const does: Record<string, string> = { verbatim: 'word for word', answer: 'answer', offer: 'answer and offer a person', unknown: 'does not know' };

export interface Preview { busy: boolean; error: string; of: Outlook | null; look: (t: EntryText, replaces?: string) => void; lookAt: (file: File) => void; clear: () => void }

export function usePreview(): Preview {
  const [of, set] = useState<Outlook | null>(null), doing = useDoing();
  const show = async (ask: () => Promise<Outlook>) => {
    const got = await doing.run(ask);
    if (!got) return;
    set(got);
    say(verdict(got));
  };
  return {
    busy: doing.busy, error: doing.error, of, clear: () => set(null),
    look: (t, replaces) => show(() => api<Outlook>('POST', '/preview' + query({ replaces }), t)),
    lookAt: (file) => show(() => sendFile<Outlook>('/preview', file)),
  };
}

function verdict(o: Outlook): string {
  if (!o.questions) return 'Customers have not asked anything yet, so there is nothing to compare.';
  return o.changed.length ? `Of the last ${plural(o.questions, 'question')}, ${o.changed.length} would be answered otherwise.` : `The last ${plural(o.questions, 'question')} would be answered as now.`;
}

function Side({ name, of: d }: { name: string; of: Decision }) {
  return <div><h3>{name}: {does[d.decision] || d.decision} <span class="meta">{Math.round(d.confidence * 100)} %</span></h3>
    {d.top ? <><p class="meta" dir="auto">{[d.top.document, d.top.title, d.top.page ? 'page ' + d.top.page : ''].filter(Boolean).join(' › ')}</p><p class="clamp" dir="auto">{d.top.text}</p></> : <p class="meta">nothing found</p>}</div>;
}

export function OutlookShown({ of: p }: { of: Preview }) {
  if (p.busy) return <p class="meta lead" role="status">Asking the last questions again…</p>;
  if (p.error) return <div class="lead"><Trouble error={p.error} /></div>;
  if (!p.of) return null;
  return <section class="outlook" aria-label="Preview"><div class="row"><p class="verdict grow">{verdict(p.of)}</p><button class="btn link" type="button" onClick={p.clear}>Close preview</button></div>
    {p.of.changed.length > 0 && <ul class="cards" aria-label="Questions answered otherwise">{p.of.changed.map((c) => <li key={c.conversation + c.seq} class="hit"><div class="hit-top"><h2 dir="auto">{c.question}</h2>
      <a class="meta" href={`#/inbox/all/${c.conversation}`}>Conversation</a></div><div class="sides"><Side name="Now" of={c.now} /><Side name="Then" of={c.then} /></div></li>)}</ul>}
  </section>;
}
