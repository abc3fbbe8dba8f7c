// What tells staff that something waits while they look elsewhere: the count in
// the title, a sound, the browser's notification. Every tab hears of everything; one
// makes the noise.
import { signal } from '@preact/signals';
import { api, Failed } from '../api';
import { prefs } from '../prefs';
import { go, route, say, toast } from '../store';
import type { Message, Row } from '../types';
import { first, nobodyLooks } from './front';
import { own } from './views';

let audio: AudioContext | null = null;

function beep(): void {
  audio ||= new AudioContext();
  const tone = audio.createOscillator(), volume = audio.createGain(), at = audio.currentTime;
  tone.frequency.setValueAtTime(660, at);
  tone.frequency.setValueAtTime(880, at + 0.09);
  volume.gain.setValueAtTime(0.05, at);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.3);
  tone.connect(volume).connect(audio.destination);
  tone.start(at);
  tone.stop(at + 0.3);
}

/** How many alerts came while nobody looked at the console. */
export const unheard = signal(0);
document.addEventListener('visibilitychange', () => { if (!document.hidden) unheard.value = 0; });

/** Shows what the server wants somebody to see: a wait, a reminder, an escalation, a
 *  mention, an assignment. All but the first are heard even by whoever is looking. */
export async function alerted(e: { kind: string; conversation: string; text: string; seq?: number }): Promise<void> {
  if (!e.conversation) return; // of a budget or a webhook: a notice on every page tells admins
  const looks = !document.hidden && (route.value[0] === 'mentions' ? e.kind === 'mention' : route.value[2] === e.conversation);
  if (looks) say(e.text);
  else toast(e.text, { action: 'Open', act: () => go('inbox', 'all', e.conversation, ...(e.seq ? [String(e.seq)] : [])), ms: 12_000 });
  if (!document.hidden) {
    if (prefs.value.sound && !looks && e.kind !== 'waiting' && await first(e.conversation + e.text)) beep();
  } else if (await nobodyLooks()) {
    unheard.value++;
    if (await first(e.conversation + e.text)) ring(e.text, e.conversation);
  }
}

function ring(title: string, conversation: string): void {
  if (prefs.value.sound) beep();
  notify(title, conversation);
}

/** Shows it outside the page, to whoever chose so. */
function notify(title: string, conversation: string): void {
  if (!prefs.value.notify || !('Notification' in window) || Notification.permission !== 'granted') return;
  // What was written stays in the console: a notification is shown on locked screens too.
  const note = new Notification(title, { tag: conversation });
  note.onclick = () => {
    focus();
    location.hash = '#/conversations/' + conversation;
    note.close();
  };
}

/** Tells of a customer's message in a conversation that is the reader's own, when nobody
 *  looks: what the bot or a colleague has is theirs, and a new wait is an alert. */
export async function announce(m: Message, known?: Row): Promise<void> {
  if (!document.hidden || !(prefs.value.sound || prefs.value.notify) || !(await nobodyLooks()) || !(await first(m.conversation + m.seq))) return;
  try {
    const row = known || await api<Row>('GET', '/conversations/' + m.conversation);
    if (own(row) && row.status !== 'resolved') ring('A customer wrote', m.conversation);
  } catch (err) {
    if (!(err instanceof Failed)) throw err; // the list shows it
  }
}
