// What whoever takes a conversation over is to know, as a card beside the composer: the
// brief of the handover, else a summary, and in any case what was asked and why the bot
// gave it up.
import { effect, signal } from '@preact/signals';
import { api, Failed } from '../api';
import { plural, reasonText } from '../format';
import { openId } from '../inbox/state';
import { Icon } from '../parts/icons';
import { me } from '../store';
import { mine } from './state';

interface Brief { summary?: string; source?: 'handover' | 'running' | 'model'; reason?: string; asked: string[]; said: number; tried: string[] }

const cards = signal<Record<string, Brief | undefined>>({});
const busy = signal('');
let model = true; // until the server has said that it has none

function show(id: string, b?: Brief): void { cards.value = { ...cards.peek(), [id]: b }; }

/** Reads the brief of a conversation that has just been taken over. What was said in more
 *  than one message and nobody has summed up yet, a model sums up where there is one. */
export async function brief(id: string): Promise<void> {
  try {
    const b = await api<Brief>('GET', `/conversations/${id}/brief`);
    if (!b.said) return;
    show(id, b);
    if (b.summary || b.said < 2 || !model) return;
    busy.value = id;
    const { summary } = await api<{ summary: string }>('POST', `/conversations/${id}/summarize`);
    if (cards.peek()[id]) show(id, { ...b, summary, source: 'model' });
  } catch (err) {
    if (!(err instanceof Failed)) throw err; // what is known from the log stands there, and the log itself
    if (err.code === 'no_model') model = false;
  } finally {
    if (busy.peek() === id) busy.value = '';
  }
}

effect(() => { if (me.value === null) cards.value = {}; });

const sources = { handover: 'by the bot, at the handover', running: 'of the earlier messages', model: 'by the model, just now' };

export function BriefCard() {
  const id = openId.value, b = cards.value[id];
  if (!b || !mine.value) return null;
  const left = b.said - b.asked.length;
  return <section class="ghost brief" aria-label="Brief">
    <p class="ghost-head"><Icon of="spark" size={16} /><b>Brief</b>{b.source && <span class="meta">{sources[b.source]}</span>}
      {busy.value === id && <span class="meta" role="status">Summing it up…</span>}<span class="push" />
      <button class="btn quiet square" type="button" aria-label="Dismiss the brief" onClick={() => show(id)}><Icon of="close" size={16} /></button></p>
    {b.summary && <p class="plain-text" dir="auto">{b.summary}</p>}
    <dl class="pairs">
      {!b.summary && <><dt>Asked</dt><dd>{left > 0 && <p class="meta">{plural(left, 'message')} before</p>}{b.asked.map((a, i) => <p key={i} class="plain-text" dir="auto">{a}</p>)}</dd></>}
      {b.reason && <><dt>Handed over</dt><dd>{reasonText(b.reason)}</dd></>}
      {b.tried.length > 0 && <><dt>Bot found</dt><dd dir="auto">{b.tried.join(' · ')}</dd></>}
    </dl>
  </section>;
}
