// Tells the others who is looking at the open conversation, and writing.
import { computed, effect } from '@preact/signals';
import { api, Failed } from '../api';
import { openId } from '../inbox/state';
import { mayAct } from '../store';
import { mode, text } from './send';

const everyMs = 10_000;
const restMs = 120; // who steps past a conversation does not look at it
let known = true; // whether the server can be told

const doing = computed(() => (text.value ? mode.value : 'none'));

async function tell(): Promise<void> {
  if (!known || !openId.value || !mayAct.value || document.hidden) return;
  try {
    await api('POST', `/conversations/${openId.value}/presence`, { typing: doing.value });
  } catch (err) {
    if (err instanceof Failed && (err.status === 404 || err.status === 405)) known = false;
  }
}

export function watch(): () => void {
  const timer = setInterval(tell, everyMs);
  let due = 0;
  const end = effect(() => {
    openId.value;
    doing.value;
    clearTimeout(due);
    due = setTimeout(tell, restMs) as unknown as number;
  });
  return () => {
    clearInterval(timer);
    clearTimeout(due);
    end();
  };
}
