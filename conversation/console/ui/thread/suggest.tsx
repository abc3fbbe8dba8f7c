// A reply the model suggests. It is a card beside the composer until a person puts
// it in; it never sends itself.
import { effect, signal } from '@preact/signals';
import { api, Failed } from '../api';
import { openId } from '../inbox/state';
import { Icon } from '../parts/icons';
import { Late } from '../parts/bits';
import { complain, mayAct } from '../store';
import type { Source } from '../types';
import { head } from './state';
import { compose, text, turnTo } from './send';

interface Suggestion { conversation: string; text: string; sources?: Source[] }
const card = signal<Suggestion | null>(null);
const busy = signal(false);
/** False once the server has said that it has no model or cannot suggest. */
export const canSuggest = signal(true);

export async function suggest(): Promise<void> {
  const id = head.value?.id;
  if (!id || busy.value || !canSuggest.value || !mayAct.value) return;
  busy.value = true;
  try {
    const got = await api<Suggestion>('POST', `/conversations/${id}/suggest`);
    if (id === openId.value) card.value = { ...got, conversation: id };
  } catch (err) {
    if (err instanceof Failed && (err.code === 'no_model' || err.status === 404)) {
      canSuggest.value = false;
      complain(new Error('There is no model that could suggest a reply.'));
    } else {
      complain(err);
    }
  } finally {
    busy.value = false;
  }
}

effect(() => { if (card.peek() && card.peek()!.conversation !== openId.value) card.value = null; });

function use(edit: boolean): void {
  const s = card.value;
  if (!s) return;
  turnTo('reply');
  const full = text.value && !edit ? text.value + '\n' + s.text : s.text;
  card.value = null;
  compose(full, edit ? 0 : full.length);
}

export function Ghost() {
  if (busy.value) return <Late><p class="ghost meta" role="status">Thinking of a reply…</p></Late>;
  const s = card.value;
  if (!s || s.conversation !== openId.value) return null;
  return <section class="ghost" aria-label="Suggested reply">
    <p class="ghost-head"><Icon of="spark" size={16} /><b>Suggested reply</b><span class="meta">not sent</span></p>
    <p class="plain-text" dir="auto">{s.text}</p>
    {s.sources && s.sources.length > 0 && <ul class="sources" aria-label="Sources of the suggestion">{s.sources.map((x) => <li key={x.n} class="source"><span class="n">{x.n}</span><span dir="auto">{x.title}</span></li>)}</ul>}
    <div class="row"><button class="btn main" type="button" onClick={() => use(false)}>Insert</button>
      <button class="btn" type="button" onClick={() => use(true)}>Edit</button>
      <button class="btn quiet" type="button" onClick={() => { card.value = null; }}>Dismiss</button></div>
  </section>;
}
