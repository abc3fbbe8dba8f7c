// One message. Who speaks is told by side, name, mark and shape, not by colour alone.
import { useState } from 'preact/hooks';
import { exact, time } from '../format';
import { openId } from '../inbox/state';
import { Face, Nodes } from '../parts/bits';
import { Icon } from '../parts/icons';
import { markdown } from '../parts/markdown';
import { mayAct, me } from '../store';
import type { Message, Source } from '../types';
import { wanted } from './around';
import { Going } from './attach';
import { Files } from './files';
import { Golden } from './golden';
import { markNames, nameable } from './named';
import { deliver, revise, type Pending } from './send';
import { head, redeliver, seenUpTo } from './state';
import { Translation } from './translate';
import { showWhy } from './why';

function speaker(m: Message): string {
  if (m.author === 'bot') return 'Bot';
  if (m.author === 'customer') return m.name || 'Customer';
  return m.staff?.id === me.value?.id && m.staff ? 'You' : m.name || m.staff?.name || 'Staff';
}

/** Whether it is the message that a search or a link led to. */
const sought = (m: Message) => (m.seq === wanted.value && m.conversation === openId.value ? 'true' as const : undefined);

const deliveries: Record<string, string> = { pending: 'On its way', sent: 'Sent', seen: 'Seen', failed: 'Not delivered' };

export function Bubble({ message: m, joined }: { message: Message; joined: boolean }) {
  if (m.author === 'system') return <p class="change" dir="auto" data-seq={m.seq} aria-current={sought(m)}>{m.text}<time dateTime={m.at} title={exact(m.at)}>{time(m.at)}</time></p>;
  const kind = m.note ? 'note' : m.author, who = speaker(m), people = m.note ? nameable(m.text) : null;
  return <article class={'said ' + kind + (joined ? ' joined' : '')} aria-label={(m.note ? 'Note by ' : '') + who} data-seq={m.seq} aria-current={sought(m)}>
    {!joined && <p class="by">
      {m.author !== 'customer' && <Face name={m.staff?.name || m.name || who} kind={m.note ? 'note' : m.author === 'bot' ? 'bot' : ''} />}
      <b dir="auto">{who}</b>
      {m.note && <span class="chip note-chip"><Icon of="lock" size={12} />Only staff see this</span>}
      <time dateTime={m.at} title={exact(m.at)}>{time(m.at)}</time></p>}
    <div class="bubble">
      {m.author === 'bot' || m.author === 'staff'
        ? <Nodes class="text" dir="auto" deps={[m.text, people]} make={() => markNames(markdown(m.text, (n) => cite(m, n)), people)} />
        : <div class="text plain-text" dir="auto">{m.text}</div>}
      {m.attachments && <Files list={m.attachments} />}
    </div>
    {m.options && m.options.length > 0 && <ul class="options" aria-label="Offered choices">{m.options.map((o) => <li key={o.text} dir="auto">{o.text}</li>)}</ul>}
    {m.sources && m.sources.length > 0 && <Sources list={m.sources} />}
    <div class="under">
      <Translation of={m} />
      {m.why && <button class="btn link" type="button" onClick={() => showWhy(m)}>Why this answer</button>}
      <Golden of={m} />
      {m.helpful !== undefined && m.helpful !== null && <span class={'thumb ' + (m.helpful ? 'ok' : 'bad')}><Icon of={m.helpful ? 'up' : 'down'} size={14} />{m.helpful ? 'Helpful' : 'Not helpful'}</span>}
      {m.delivery && <span class={m.delivery.state === 'failed' ? 'bad' : 'meta'}>
        <Icon of={m.delivery.state === 'failed' ? 'alert' : m.delivery.state === 'pending' ? 'clock' : m.delivery.state === 'seen' ? 'seen' : 'check'} size={14} />
        {deliveries[m.delivery.state]}{m.delivery.error ? ': ' + m.delivery.error : ''}</span>}
      {m.seq === seenUpTo.value && m.conversation === head.value?.id && <span class="meta"><Icon of="seen" size={14} />Seen</span>}
      {m.delivery?.state === 'failed' && mayAct.value && <button class="btn link" type="button" onClick={() => redeliver(m)}>Retry</button>}
    </div>
  </article>;
}

export function cite(m: Pick<Message, 'sources'>, n: number): Node | null {
  const source = m.sources?.find((s) => s.n === n);
  if (!source) return null;
  const mark = document.createElement('sup');
  mark.className = 'cite';
  mark.textContent = String(n);
  mark.title = source.title;
  return mark;
}

export function Sources({ list }: { list: Source[] }) {
  return <ol class="sources" aria-label="Sources">{list.map((s) => <SourceItem key={s.n} of={s} />)}</ol>;
}

function SourceItem({ of: s }: { of: Source }) {
  const [open, setOpen] = useState(false);
  const title = [s.title, s.heading !== s.title ? s.heading : '', s.page ? 'page ' + s.page : ''].filter(Boolean).join(' › ');
  const safe = s.url && /^https?:\/\//i.test(s.url) ? s.url : '';
  return <li><button class="source" type="button" aria-expanded={open} onClick={() => setOpen(!open)}><span class="n">{s.n}</span><span dir="auto">{title}</span></button>
    {open && <div class="excerpt" dir="auto">{s.excerpt || 'No excerpt was kept.'}{safe && <p><a href={safe} target="_blank" rel="noopener noreferrer nofollow">Open the page</a></p>}</div>}
  </li>;
}

export function DraftBubble({ text }: { text: string }) {
  return <article class="said bot draft" aria-label="The bot is writing">
    <p class="by"><Face name="Bot" kind="bot" /><b>Bot</b><span class="meta">is writing…</span></p>
    <div class="bubble"><Nodes class="text" dir="auto" deps={[text]} make={() => markdown(text)} /></div>
  </article>;
}

export function PendingBubble({ of: p }: { of: Pending }) {
  return <article class={'said pending ' + (p.mode === 'note' ? 'note' : 'staff')} aria-label={p.state === 'failed' ? 'Not sent' : 'On its way'}>
    <p class="by"><Face name={me.value?.name || 'You'} kind={p.mode === 'note' ? 'note' : ''} /><b>You</b></p>
    <div class="bubble"><Nodes class="text" dir="auto" deps={[p.text]} make={() => markNames(markdown(p.text), p.mode === 'note' ? nameable(p.text) : null)} /><Going list={p.files} /></div>
    <div class="under">{p.state === 'failed'
      ? <><span class="bad" role="alert"><Icon of="alert" size={14} />Not sent: {p.error}</span>
        <button class="btn link" type="button" onClick={() => deliver(p.id)}>Retry</button>
        <button class="btn link" type="button" onClick={() => revise(p)}>Edit</button></>
      : <span class="meta"><Icon of="clock" size={14} />{p.state === 'held' ? 'Leaves in a moment' : 'Sending…'}</span>}</div>
  </article>;
}
