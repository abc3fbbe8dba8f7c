// What is said in the reader's language, and what the reader writes in the customer's;
// when asked for and with a model. Nothing that was translated is sent unseen.
import { effect, signal } from '@preact/signals';
import { api, Failed } from '../api';
import { languageName, unmarked } from '../format';
import { full, openId } from '../inbox/state';
import { Icon } from '../parts/icons';
import { readersLanguage } from '../prefs';
import { complain, mayAct } from '../store';
import type { Message } from '../types';
import { compose, mode, text, turnTo } from './send';
import { head } from './state';

const done = signal<Record<string, string>>({});
const can = signal(true);

const base = (lang: string) => lang.split('-')[0].toLowerCase();
const theirs = () => head.value?.lang || head.value?.locale || '';
const key = (m: Message) => `${readersLanguage.value} ${m.conversation} ${m.seq}`;

async function asked(id: string, body: { seq: number } | { text: string }, to: string): Promise<string> {
  try {
    return (await api<{ text: string }>('POST', `/conversations/${id}/translate`, { ...body, to })).text;
  } catch (err) {
    if (err instanceof Failed && err.code === 'no_model') {
      can.value = false;
      complain(new Error('There is no model that could translate.'));
    } else {
      complain(err);
    }
    return '';
  }
}

async function translate(m: Message): Promise<void> {
  const at = key(m), got = await asked(m.conversation, { seq: m.seq }, readersLanguage.value);
  if (got) done.value = { ...done.value, [at]: got };
}

/** Whether the conversation is in another language than the reader's, or none is known. */
function foreign(): boolean {
  return base(theirs()) !== base(readersLanguage.value);
}

export function Translation({ of: m }: { of: Message }) {
  const text = done.value[key(m)];
  if (text) return <p class="translation plain-text" dir="auto"><span class="meta">In {languageName(readersLanguage.value)}: </span>{m.author === 'bot' ? unmarked(text) : text}</p>;
  if ((m.author !== 'customer' && m.author !== 'bot') || !m.text || !full.value || !can.value || !mayAct.value || !foreign()) return null;
  return <button class="btn link" type="button" onClick={() => translate(m)}>Translate</button>;
}

interface Draft { conversation: string; from: string; to: string; text: string }
const draft = signal<Draft | null>(null);
const busy = signal(false);
effect(() => { if (openId.value !== draft.peek()?.conversation) draft.value = null; });

async function translateDraft(): Promise<void> {
  const conversation = openId.value, from = text.value, to = theirs();
  busy.value = true;
  const got = await asked(conversation, { text: from.trim() }, to);
  busy.value = false;
  if (got && conversation === openId.value) draft.value = { conversation, from, to, text: got };
}

/** Stands among the composer's tools where the customer's language is known and another. */
export function TranslateDraft() {
  if (mode.value === 'note' || !theirs() || !foreign() || !full.value || !can.value) return null;
  return <button class="btn quiet" type="button" disabled={busy.value || !text.value.trim()} title={'Translate into ' + languageName(theirs())} onClick={translateDraft}>
    {busy.value ? 'Translating…' : 'Translate'}</button>;
}

/** The translation of what is written, to be looked at before it takes its place. */
export function DraftPreview() {
  const d = draft.value;
  if (!d || d.conversation !== openId.value) return null;
  const close = () => { draft.value = null; };
  return <section class="ghost" aria-label="Translation of what you wrote">
    <p class="ghost-head"><Icon of="spark" size={16} /><b>In {languageName(d.to)}</b><span class="meta">not sent</span></p>
    <p class="plain-text" dir="auto" lang={d.to}>{d.text}</p>
    {text.value !== d.from && <p class="meta warn">You have changed the text since.</p>}
    <div class="row"><button class="btn main" type="button" onClick={() => { close(); turnTo('reply'); compose(d.text, d.text.length); }}>Use this text</button>
      <button class="btn quiet" type="button" onClick={close}>Keep mine</button></div>
  </section>;
}
