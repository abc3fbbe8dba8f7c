// Tells the others who is looking at the open conversation, and writing; and at once when
// one leaves it.
import { computed, effect } from '@preact/signals';
import { api, Failed } from '../api';
import { openId } from '../inbox/state';
import { leavers, mayAct } from '../store';
import { mode, text } from './send';

const everyMs = 10_000;
const restMs = 120; // who steps past a conversation does not look at it
let known = true; // whether the server can be told
let at = ''; // where the others take us to be
let told: Promise<void> = Promise.resolve(); // one after the other: the last word counts

const doing = computed(() => (text.value ? mode.value : 'none'));

function post(id: string, body: unknown, keepalive = false): Promise<void> {
  const send = async () => {
    try {
      await api('POST', `/conversations/${id}/presence`, body, { keepalive, quiet401: true });
    } catch (err) {
      if (err instanceof Failed && (err.status === 404 || err.status === 405)) known = false;
    }
  };
  told = keepalive ? send() : told.then(send); // a page that goes has no time to wait
  return told;
}

function tell(): void {
  if (!known || !openId.peek() || !mayAct.peek() || document.hidden) return;
  at = openId.peek();
  post(at, { typing: doing.peek() });
}

function leave(keepalive = false): Promise<void> {
  const was = at;
  at = '';
  return was && known ? post(was, { typing: 'none', leaves: true }, keepalive) : Promise.resolve();
}

leavers.push({ async ask() { await leave(); return true; }, gone: () => undefined });

export function watch(): () => void {
  const timer = setInterval(tell, everyMs);
  let due = 0;
  const end = effect(() => {
    doing.value;
    if (at && at !== openId.value) leave();
    clearTimeout(due);
    due = setTimeout(tell, restMs) as unknown as number;
  });
  const looked = () => { if (document.hidden) leave(); else tell(); }, goes = () => { leave(true); };
  document.addEventListener('visibilitychange', looked);
  addEventListener('pagehide', goes);
  return () => {
    clearInterval(timer);
    clearTimeout(due);
    document.removeEventListener('visibilitychange', looked);
    removeEventListener('pagehide', goes);
    end();
    at = '';
  };
}
