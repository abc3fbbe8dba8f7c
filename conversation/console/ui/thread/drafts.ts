// What is being written. Each conversation has a draft of a reply, which the customer
// gets, and one of a note, which stays among staff; neither becomes the other by itself,
// and what is shown is told by its kind. Both survive a reload and a session that ended.
import { computed, effect, signal, untracked } from '@preact/signals';
import { openId } from '../inbox/state';
import { leavers, me } from '../store';

export type Mode = 'reply' | 'note';
const modes: Mode[] = ['reply', 'note'];

const prefix = 'frontdesk:draft:';
/** By person, conversation and kind, so that nobody sees another's on the same page. */
const texts = signal<Record<string, string>>({});
const chosen = signal<Record<string, Mode>>({});

/** Where what the reader writes in a conversation is kept. */
export const place = (id: string) => prefix + me.peek()?.id + ':' + id;

/** Which of the two the open conversation shows. */
export const mode = computed<Mode>(() => (me.value && chosen.value[place(openId.value)]) || 'reply');
export const text = computed(() => (me.value && texts.value[place(openId.value) + ':' + mode.value]) || '');

export function stored(key: string): string {
  try {
    return localStorage.getItem(key) || '';
  } catch {
    return ''; // storage is off: the draft lives as long as the tab
  }
}

export function store(key: string, value: string): void {
  try {
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
  } catch {
    // as above
  }
}

export const draft = (id: string, as: Mode): string => texts.peek()[place(id) + ':' + as] || '';

/** Which is shown outlives the page only with what is written. */
function remember(id: string): void {
  const as = chosen.peek()[place(id)] || 'reply';
  store(place(id) + ':mode', draft(id, as) ? as : '');
}

/** Turns to a reply or to a note, in the open conversation unless another is named. */
export function turnTo(as: Mode, id = openId.peek()): void {
  chosen.value = { ...chosen.peek(), [place(id)]: as };
  remember(id);
}

export function write(value: string, id = openId.peek(), as: Mode = chosen.peek()[place(id)] || 'reply'): void {
  const key = place(id) + ':' + as;
  texts.value = { ...texts.peek(), [key]: value };
  store(key, value);
  remember(id);
}

function open(id: string): void {
  const at = place(id), had = texts.peek();
  if (had[at + ':reply'] === undefined) {
    const next = { ...had };
    for (const as of modes) next[at + ':' + as] = stored(at + ':' + as);
    // An earlier page kept one text and not which kind it was: as a note it reaches nobody unasked.
    const old = stored(at);
    if (old && !next[at + ':note']) store(at + ':note', next[at + ':note'] = old);
    store(at, '');
    texts.value = next;
    const was = stored(at + ':mode') as Mode;
    if (modes.includes(was)) chosen.value = { ...chosen.peek(), [at]: was };
  }
  // Where nothing is written it begins with a reply, unless a note lies there.
  const now = chosen.peek()[at] || 'reply';
  if (!draft(id, now)) chosen.value = { ...chosen.peek(), [at]: draft(id, 'note') && !draft(id, 'reply') ? 'note' : 'reply' };
}

const who = computed(() => me.value?.id);
effect(() => {
  const id = openId.value;
  if (id && who.value) untracked(() => open(id));
});

/** Whoever signs out leaves nothing of theirs behind. */
leavers.push({
  ask: async () => true,
  gone() {
    texts.value = {};
    chosen.value = {};
    try {
      for (const key of Object.keys(localStorage)) if (key.startsWith(prefix + who.peek() + ':')) localStorage.removeItem(key);
    } catch {
      // nothing was kept
    }
  },
});
