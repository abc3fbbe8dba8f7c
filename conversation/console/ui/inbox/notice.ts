// What tells staff that something waits while they look elsewhere: the count in
// the title, a sound, the browser's notification. Only the tab that has the event
// stream of all tabs may be hidden, so each asks for itself.
import { signal } from '@preact/signals';
import { prefs } from '../prefs';
import { go, route, say, toast } from '../store';
import type { Message } from '../types';

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

/** How many alerts came while nobody looked at this tab. */
export const unheard = signal(0);
document.addEventListener('visibilitychange', () => { if (!document.hidden) unheard.value = 0; });

/** Shows what the server wants somebody to see: a wait, a reminder, an escalation, a
 *  mention. All but the first are heard even by whoever is looking. */
export function alerted(e: { kind: string; conversation: string; text: string; seq?: number }): void {
  if (!e.conversation) return; // of a budget or a webhook: a notice on every page tells admins
  const looks = !document.hidden && (route.value[0] === 'mentions' ? e.kind === 'mention' : route.value[2] === e.conversation);
  if (looks) say(e.text);
  else toast(e.text, { action: 'Open', act: () => go('inbox', 'all', e.conversation, ...(e.seq ? [String(e.seq)] : [])), ms: 12_000 });
  if (prefs.value.sound && !looks && (document.hidden || e.kind !== 'waiting')) beep();
  if (!document.hidden) return;
  unheard.value++;
  notify(e.text, e.conversation);
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

/** Tells of a customer's message when nobody looks. */
export function announce(m: Message): void {
  if (!document.hidden) return;
  if (prefs.value.sound) beep();
  notify('A customer wrote', m.conversation);
}
