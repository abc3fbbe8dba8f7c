// The middle pane: who has the conversation, what was said, the composer.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { dayOf, reasonText, whoIs } from '../format';
import { OwnerChip, Skeleton, Empty } from '../parts/bits';
import { Waits } from './waits';
import { Icon } from '../parts/icons';
import { complain, go, mayAct, panel } from '../store';
import { full, openId, rows, view } from '../inbox/state';
import type { Change, Message } from '../types';
import { resolve, takeOrGive } from './actions';
import { Bubble, DraftBubble, PendingBubble } from './bubble';
import { Composer } from './composer';
import { History } from './elsewhere';
import { pendingHere } from './send';
import { again, changes, drafts, earliest, head, looking, messages, mine, readEarlier, reading, silenced, trouble, typing } from './state';

function Head() {
  const h = head.value;
  const held = h?.owner === 'staff' && !mine.value && h.status !== 'resolved';
  return <header class="bar thread-bar">
    <button class="btn quiet square only-phone" type="button" aria-label="Back to the list" onClick={() => go('inbox', view.value)}><Icon of="back" /></button>
    <h1 dir="auto">{h ? whoIs(h) : '…'}</h1>
    {h && <OwnerChip of={h} />}
    <Watchers />
    <span class="push" />
    {h && mayAct.value && <>
      {!held && <button class={'btn' + (mine.value ? '' : ' main')} type="button" onClick={takeOrGive} aria-keyshortcuts="t">{mine.value ? 'Hand back' : 'Take over'}</button>}
      <button class="btn" type="button" onClick={resolve} disabled={h.status === 'resolved'} aria-keyshortcuts="e">Resolve</button>
    </>}
    <button class="btn quiet square only-narrow" type="button" aria-label="Details" onClick={() => { panel.value = 'details'; }}><Icon of="info" /></button>
  </header>;
}

function Watchers() {
  const list = looking.value;
  if (!list.length) return null;
  const writes = list.find((s) => s.typing === 'reply');
  return <span class={'meta watchers' + (writes ? ' warn' : '')} role="status">
    {writes ? writes.name + ' is writing a reply' : list.map((s) => s.name).join(', ') + (list.length > 1 ? ' are looking' : ' is looking')}</span>;
}

const spoken: Record<string, string> = { staff: 'staff', bot: 'the bot', queue: 'the queue' };

const priorities = ['normal', 'low', 'high', 'urgent'];

function changeText(c: Change): string {
  const who = c.actor?.name || 'The server';
  switch (c.kind) {
    case 'owner': return `${who}: ${spoken[c.from || ''] || c.from || 'nobody'} → ${spoken[c.to || ''] || c.to || 'nobody'}` + (c.reason ? ` (${reasonText(c.reason)})` : '');
    case 'rating': return `The customer rated this ${'★'.repeat(+(c.to || 0))} ${c.to} of 5${c.from && c.from !== '0' ? `, ${c.from} before` : ''}`;
    case 'priority': return `${who} changed the priority from ${priorities[+(c.from || 0)]} to ${priorities[+(c.to || 0)]}`;
    default: return `${who} changed ${c.kind === 'assign' ? 'the assignee' : c.kind} ${c.from ? `from ${c.from} ` : ''}to ${c.to || 'none'}`;
  }
}

// A change of owner that the customer was told of stands there as its own message.
const toldMs = 3000;
function silent(c: Change): boolean {
  if (c.kind !== 'owner' && c.kind !== 'status') return true;
  const at = Date.parse(c.at);
  return !messages.value.some((m) => m.author === 'system' && Math.abs(Date.parse(m.at) - at) < toldMs);
}

type Line = { at: string; key: string; message?: Message; change?: Change };

function Log() {
  const lines: Line[] = [...messages.value.map((m) => ({ at: m.at, key: 'm' + m.seq, message: m })),
    ...changes.value.filter((c) => c.at >= (messages.value[0]?.at || '') && silent(c)).map((c, i) => ({ at: c.at, key: 'c' + i, change: c }))];
  if (changes.value.length) lines.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  let day = '', episode = 0, before: Message | undefined;
  return <>{lines.map((l) => {
    const out = [];
    const today = new Date(l.at).toDateString();
    if (today !== day) {
      day = today;
      out.push(<p class="divider" key={'d' + l.key}><span>{dayOf(l.at)}</span></p>);
      before = undefined;
    }
    if (l.change) {
      before = undefined;
      out.push(<p class="change" key={l.key}>{changeText(l.change)}</p>);
    } else {
      const m = l.message!;
      if (episode && m.episode !== episode) out.push(<p class="divider strong" key={'e' + l.key}><span>A new conversation begins here</span></p>);
      episode = m.episode;
      const joined = before && before.author === m.author && before.note === m.note && before.staff?.id === m.staff?.id && Date.parse(m.at) - Date.parse(before.at) < 120_000;
      out.push(<Bubble key={l.key} message={m} joined={!!joined} />);
      before = m;
    }
    return out;
  })}</>;
}

export function Thread() {
  const box = useRef<HTMLDivElement>(null), stick = useRef(true);
  const id = openId.value;
  useLayoutEffect(() => { stick.current = true; }, [id]);
  useLayoutEffect(() => {
    const e = box.current;
    if (e && stick.current) e.scrollTop = e.scrollHeight;
  });
  useEffect(() => {
    const e = box.current;
    if (!e) return undefined;
    const grown = new ResizeObserver(() => { if (stick.current) e.scrollTop = e.scrollHeight; });
    for (const child of [e, e.firstElementChild!]) grown.observe(child);
    return () => grown.disconnect();
  }, [id]);
  if (!id) return <section class="thread none" aria-label="Conversation"><Empty text={rows.value.length ? 'Choose a conversation.' : 'Conversations appear here as customers write.'}>
    {rows.value.length > 0 && <button class="btn" type="button" onClick={() => go('inbox', view.value, rows.value[0].id)}>Open the first</button>}</Empty></section>;
  const earlier = async () => {
    const e = box.current!, from = e.scrollHeight - e.scrollTop;
    stick.current = false;
    await readEarlier();
    requestAnimationFrame(() => { e.scrollTop = e.scrollHeight - from; });
  };
  return <section class="thread" aria-label="Conversation">
    <Head />
    <div ref={box} class="log" id="log" role="log" aria-label="Messages" aria-live="off" tabIndex={0}
      onScroll={(e) => { const t = e.currentTarget; stick.current = t.scrollHeight - t.scrollTop - t.clientHeight < 60; }}>
      <div class="log-all">
        {reading.value && !messages.value.length && <Skeleton rows={4} label="Reading the messages" />}
        {trouble.value && <Empty text={trouble.value}><button class="btn" type="button" onClick={again}>Try again</button></Empty>}
        {earliest.value > 1 && <button class="btn quiet middle" type="button" onClick={earlier}>Show earlier messages</button>}
        {earliest.value === 1 && <History />}
        <Log />
        {[...drafts.value].map(([turn, text]) => <DraftBubble key={turn} text={text} />)}
        {silenced.value && <p class="change" role="status">The bot was stopped; what it was writing was not sent.</p>}
        {pendingHere.value.map((p) => <PendingBubble key={p.id} of={p} />)}
        {typing.value && <p class="meta typing">{typing.value} is typing…</p>}
      </div>
    </div>
    <Waits />
    <Composer />
  </section>;
}
