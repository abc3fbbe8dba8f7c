// What tells staff that something waits while they look elsewhere: the count in
// the title, a sound, the browser's notification. Only the tab that has the event
// stream of all tabs may be hidden, so each asks for itself.
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

/** Shows what the server wants somebody to see: a wait, a reminder, an escalation. */
export function alerted(e: { kind: string; conversation: string; text: string }): void {
  if (!e.conversation) return; // of a budget or a webhook: a notice on every page tells admins
  const looks = !document.hidden && (route.value[0] === 'mentions' ? e.kind === 'mention' : route.value[2] === e.conversation);
  if (looks) say(e.text);
  else toast(e.text, { action: 'Open', act: () => go('inbox', 'all', e.conversation), ms: 12_000 });
  if (document.hidden) outside(e.text, e.conversation);
}

/** Tells somebody who looks elsewhere, in the ways they chose. */
function outside(title: string, conversation: string): void {
  if (prefs.value.sound) beep();
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
  if (document.hidden) outside('A customer wrote', m.conversation);
}
