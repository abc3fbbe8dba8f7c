// Notes that name the reader.
import { effect, signal, untracked } from '@preact/signals';
import { api, Failed } from '../api';
import { on } from '../events';
import { plural } from '../format';
import { Empty, Face, Moment, Skeleton } from '../parts/bits';
import { complain, go, me } from '../store';
import { Named } from '../thread/named';
import type { Person } from '../types';

interface Mention { conversation: string; seq: number; by: Person; contact?: string; at: string; text: string; read: boolean }

const list = signal<Mention[] | null>(null);
const trouble = signal('');
export const unreadMentions = signal(0);

let turn = 0;
async function read(): Promise<void> {
  const mine = ++turn;
  try {
    const got = await api<{ mentions: Mention[]; unread: number }>('GET', '/me/mentions');
    if (mine !== turn) return; // what is asked for later knows more
    list.value = got.mentions;
    unreadMentions.value = got.unread;
    trouble.value = '';
  } catch (err) {
    if (!(err instanceof Failed)) throw err;
    if (mine === turn) trouble.value = err.message;
  }
}

/** The conversation was read up to a message, and with it what named the reader there. */
export function seen(conversation: string, seq: number): void {
  if (list.peek()?.some((m) => !m.read && m.conversation === conversation && m.seq <= seq)) read();
}

/** Keeps the list live, until the result is called. */
export function watch(): () => void {
  const ends = [on('open', read), on('alert', (e: { kind: string }) => { if (e.kind === 'mention') read(); }), effect(() => { if (me.value) untracked(read); })];
  return () => ends.forEach((end) => end());
}

async function readAll(): Promise<void> {
  try {
    await api('POST', '/me/mentions/read');
    await read();
  } catch (err) {
    complain(err);
  }
}

export function Mentions() {
  const all = list.value;
  return <main class="page" id="page" tabIndex={-1}><div class="page-in settings-in">
    <header class="page-head"><h1>Mentions</h1>
      {unreadMentions.value > 0 && <button class="btn" type="button" onClick={readAll}>Mark {plural(unreadMentions.value, 'mention')} as read</button>}</header>
    {trouble.value && <p class="error" role="alert">{trouble.value} <button class="btn link" type="button" onClick={read}>Try again</button></p>}
    {!all ? !trouble.value && <Skeleton rows={4} label="Reading the mentions" />
      : all.length ? <ul class="cards mentions" aria-label="Mentions">{all.map((m) => <li key={m.conversation + m.seq} class={m.read ? '' : 'unread'}>
        <a href={`#/inbox/all/${m.conversation}/${m.seq}`} onClick={(e) => { e.preventDefault(); go('inbox', 'all', m.conversation, String(m.seq)); }}>
          <Face name={m.by.name} kind="note" />
          <span class="grow"><span class="mention-top"><b dir="auto">{m.by.name}</b><span class="meta cut" dir="auto">{m.contact ? 'about ' + m.contact : ''}</span><span class="push" />
            {!m.read && <span class="chip accent">Unread</span>}<span class="meta"><Moment at={m.at} /></span></span>
          <span class="clamp" dir="auto"><Named text={m.text} /></span></span></a></li>)}</ul>
        : <Empty text="Nobody has mentioned you yet. A colleague does it with @ and your name in a private note." />}
  </div></main>;
}

effect(() => { if (me.value === null) { list.value = null; unreadMentions.value = 0; } });
