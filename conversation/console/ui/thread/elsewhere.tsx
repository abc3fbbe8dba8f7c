// What the same person said in other conversations, on every channel, when asked for.
import { Fragment } from 'preact';
import { effect, signal } from '@preact/signals';
import { api, query } from '../api';
import { channelName, dayOf } from '../format';
import { full, openId } from '../inbox/state';
import { complain, go } from '../store';
import type { Contact, Message, Row } from '../types';
import { Bubble } from './bubble';
import { head } from './state';

const page = 200;
const atOnce = 10; // pages read for one press: this conversation's own messages are among them

interface Past { of: string; messages: Message[]; next: string; rows: Map<string, Row> }
const past = signal<Past | null>(null);
const reading = signal(false);
effect(() => { if (openId.value !== past.peek()?.of) past.value = null; });

/** Reads until something earlier is there to be shown, or nothing is left. */
async function read(): Promise<void> {
  const h = head.value;
  if (!h?.contact_id || reading.value) return;
  reading.value = true;
  try {
    const had = past.value, at = '/contacts/' + h.contact_id;
    const rows = had?.rows || new Map((await api<Contact>('GET', at)).conversations.map((r) => [r.id, r]));
    let next = had?.next || '', found: Message[] = [];
    for (let n = 0; n < atOnce && !found.length && (n === 0 || next); n++) {
      const p = await api<{ messages: Message[]; next?: string }>('GET', at + '/messages' + query({ limit: page, before: next }));
      found = p.messages.filter((m) => m.conversation !== h.id);
      next = p.next || '';
    }
    if (h.id === openId.value) past.value = { of: h.id, messages: [...found, ...(had?.messages || [])], next, rows };
  } catch (err) {
    complain(err);
  } finally {
    reading.value = false;
  }
}

/** By conversation, the one that ended last nearest to this one. */
function grouped(list: Message[]): [string, Message[]][] {
  const by = new Map<string, Message[]>();
  for (const m of list) {
    const said = by.get(m.conversation) || [];
    said.push(m);
    by.delete(m.conversation); // it goes after those whose last message is older
    by.set(m.conversation, said);
  }
  return [...by];
}

export function History() {
  const p = past.value, h = head.value;
  if (!h?.contact_id || !full.value) return null;
  if (!p) return <button class="btn quiet middle" type="button" disabled={reading.value} onClick={read}>Show their other conversations</button>;
  if (!p.messages.length && !p.next) return <p class="change">They have no other conversation.</p>;
  return <>
    {p.next && <button class="btn quiet middle" type="button" disabled={reading.value} onClick={read}>Show earlier conversations</button>}
    {grouped(p.messages).map(([id, list]) => <Fragment key={id}>
      <p class="divider strong"><span>{p.rows.get(id) ? channelName(p.rows.get(id)!.channel) : 'Another conversation'}, {dayOf(list[0].at)} <button class="btn link" type="button" onClick={() => go('inbox', 'all', id)}>Open</button></span></p>
      {list.map((m) => <Bubble key={id + m.seq} message={m} joined={false} />)}
    </Fragment>)}
    <p class="divider strong"><span>This conversation</span></p></>;
}
