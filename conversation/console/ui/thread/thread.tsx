// The middle pane: who has the conversation, what was said, the composer.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { dayOf, whoIs } from '../format';
import { OwnerChip, Skeleton, Empty } from '../parts/bits';
import { Waits } from './waits';
import { Icon } from '../parts/icons';
import { complain, go, mayAct, panel } from '../store';
import { full, openId, rows, view } from '../inbox/state';
import { takeOrGive } from './actions';
import { apart, readLater, toNewest, wanted } from './around';
import { Bubble, DraftBubble, PendingBubble } from './bubble';
import { Composer } from './composer';
import { History } from './elsewhere';
import { Log } from './log';
import { Resolve } from './resolve';
import { pendingHere } from './send';
import { again, drafts, earliest, head, looking, messages, mine, readEarlier, reading, silenced, trouble, typing } from './state';

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
      <Resolve of={h} />
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

const sizes = (e: HTMLElement) => e.scrollHeight + '/' + e.clientHeight;

export function Thread() {
  const box = useRef<HTMLDivElement>(null), stick = useRef(true), settled = useRef('');
  const id = openId.value;
  const at = wanted.value, aim = useRef(0);
  useLayoutEffect(() => { stick.current = true; aim.current = at; }, [id, at]);
  // The newest stays in sight, unless somebody reads further up or came for a message,
  // which may have to be read first.
  const settle = () => {
    const e = box.current, found = e && aim.current ? [...e.querySelectorAll(`[data-seq="${aim.current}"]`)].pop() : undefined;
    if (found) {
      aim.current = 0;
      stick.current = false;
      found.scrollIntoView({ block: 'center' });
    } else if (e && stick.current) {
      e.scrollTop = e.scrollHeight;
    }
    if (e) settled.current = sizes(e);
  };
  useLayoutEffect(settle);
  useEffect(() => {
    const e = box.current;
    if (!e) return undefined;
    const grown = new ResizeObserver(settle);
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
      onScroll={(e) => {
        const t = e.currentTarget;
        if (t.scrollHeight - t.scrollTop - t.clientHeight < 60) stick.current = true;
        else if (sizes(t) === settled.current) stick.current = false; // else it is the log or what was said that changed, and nobody who scrolled
      }}>
      <div class="log-all">
        {reading.value && !messages.value.length && <Skeleton rows={4} label="Reading the messages" />}
        {trouble.value && <Empty text={trouble.value}><button class="btn" type="button" onClick={again}>Try again</button></Empty>}
        {earliest.value > 1 && <button class="btn quiet middle" type="button" onClick={earlier}>Show earlier messages</button>}
        {earliest.value === 1 && <History />}
        <Log />
        {!apart.value && [...drafts.value].map(([turn, text]) => <DraftBubble key={turn} text={text} />)}
        {silenced.value && <p class="change" role="status">The bot was stopped; what it was writing was not sent.</p>}
        {pendingHere.value.map((p) => <PendingBubble key={p.id} of={p} />)}
        {typing.value && <p class="meta typing">{typing.value} is typing…</p>}
        {at > 0 && <p class="onward">{apart.value && <button class="btn" type="button" onClick={() => readLater().catch(complain)}>Show later messages</button>}
          <button class="btn" type="button" onClick={toNewest}>Go to the newest</button></p>}
      </div>
    </div>
    <Waits />
    <Composer />
  </section>;
}
