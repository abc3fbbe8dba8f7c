// What was said in the open conversation, with what changed in between. The newest is
// drawn at once; the rest follows above it a little at a time, so that a long thread
// keeps nobody waiting.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { dayOf, exact, time } from '../format';
import { openId } from '../inbox/state';
import type { Change, Message } from '../types';
import { apart } from './around';
import { Bubble } from './bubble';
import { changeText, hasReason } from './changes';
import { changes, messages } from './state';

function ChangeLine({ of: c }: { of: Change }) {
  if (!c.comment) return <p class="change" dir="auto">{changeText(c)}<time dateTime={c.at} title={exact(c.at)}>{time(c.at)}</time></p>;
  return <figure class="change comment"><figcaption>{changeText(c)}</figcaption><blockquote dir="auto">{c.comment}</blockquote></figure>;
}

// A change of owner that the customer was told of stands there as its own message; a
// reason that staff gave is not in it.
const toldMs = 3000;

/** The changes worth a line beside these messages. */
function lasting(list: Change[], said: Message[]): Change[] {
  const told = said.filter((m) => m.author === 'system').map((m) => Date.parse(m.at)), first = said[0]?.at || '', last = (apart.value && said[said.length - 1]?.at) || '~';
  return list.filter((c) => c.at >= first && c.at <= last && (hasReason(c) || (c.kind !== 'owner' && c.kind !== 'status') || !told.some((at) => Math.abs(at - Date.parse(c.at)) < toldMs)));
}

// A portion ends with the message that makes it so long, in messages or characters. The
// first one about fills a window.
const first = { messages: 10, runes: 3000 }, portion = { messages: 12, runes: 6000 };

/** The place from which a further portion in front of a place is shown. */
function further(list: Message[], before: number, most = portion): number {
  let at = before, runes = 0;
  while (at > 0 && before - at < most.messages && runes < most.runes) runes += list[--at].text.length;
  return at;
}

/** The messages to be drawn now; more come with each frame until all are. */
function usePortions(): Message[] {
  const id = openId.value, list = messages.value;
  const since = useRef({ id: '', seq: Infinity }), [, redraw] = useState(0), anchor = useRef(-1);
  if (since.current.id !== id) since.current = { id, seq: Infinity };
  let start = list.findIndex((m) => m.seq >= since.current.seq);
  if (start < 0) start = further(list, list.length, first);
  if (list.length) since.current.seq = list[start].seq;
  useLayoutEffect(() => {
    const log = document.getElementById('log');
    if (log && anchor.current >= 0) log.scrollTop = log.scrollHeight - anchor.current; // what is read stays where it is
    anchor.current = -1;
  });
  useEffect(() => {
    if (!start) return undefined;
    const timer = setTimeout(() => {
      const log = document.getElementById('log');
      if (log && log.scrollHeight - log.scrollTop - log.clientHeight >= 60) anchor.current = log.scrollHeight - log.scrollTop;
      since.current.seq = list[further(list, start)].seq;
      redraw((n) => n + 1);
    });
    return () => clearTimeout(timer);
  }, [list, start]);
  return start ? list.slice(start) : list;
}

type Line = { at: string; key: string; message?: Message; change?: Change };

export function Log() {
  const said = usePortions(), beside = lasting(changes.value, said);
  const lines: Line[] = [...said.map((m) => ({ at: m.at, key: 'm' + m.seq, message: m })), ...beside.map((c, i) => ({ at: c.at, key: 'c' + c.at + i, change: c }))];
  if (beside.length) lines.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
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
      out.push(<ChangeLine key={l.key} of={l.change} />);
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
