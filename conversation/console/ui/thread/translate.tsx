// A customer's words in the reader's language, when asked for and with a model.
import { signal } from '@preact/signals';
import { api, Failed } from '../api';
import { full } from '../inbox/state';
import { complain, mayAct } from '../store';
import type { Message } from '../types';
import { head } from './state';

const done = signal<Record<string, string>>({});
const can = signal(true);
const here = navigator.language.split('-')[0];

async function translate(m: Message): Promise<void> {
  try {
    const got = await api<{ text: string }>('POST', `/conversations/${m.conversation}/translate`, { seq: m.seq, to: here });
    done.value = { ...done.value, [m.conversation + m.seq]: got.text };
  } catch (err) {
    if (err instanceof Failed && err.code === 'no_model') {
      can.value = false;
      complain(new Error('There is no model that could translate.'));
    } else {
      complain(err);
    }
  }
}

/** Whether the conversation is in another language than the reader's, or none is known. */
function foreign(): boolean {
  const lang = head.value?.lang || head.value?.locale || '';
  return lang.split('-')[0] !== here;
}

export function Translation({ of: m }: { of: Message }) {
  const text = done.value[m.conversation + m.seq];
  if (text) return <p class="translation" dir="auto"><span class="meta">In {here}: </span>{text}</p>;
  if (m.author !== 'customer' || !m.text || !full.value || !can.value || !mayAct.value || !foreign()) return null;
  return <button class="btn link" type="button" onClick={() => translate(m)}>Translate</button>;
}
