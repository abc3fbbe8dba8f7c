// What came to the open conversation is read once somebody looks at this tab.
import { markRead } from '../inbox/marks';
import { openId } from '../inbox/state';
import { messages } from './state';

let unseen = false; // what came while nobody looked at this tab

/** Marks as read what came, or notes that nobody looks. */
export function saw(id: string, seq: number): void {
  if (document.hidden) unseen = true;
  else markRead(id, seq);
}

/** Marks as read what came while nobody looked. */
export function lookedAgain(): void {
  const last = messages.value[messages.value.length - 1];
  if (document.hidden || !unseen || !last || last.conversation !== openId.value) return;
  unseen = false;
  markRead(last.conversation, last.seq);
}

/** Forgets what came to another conversation. */
export function clearUnseen(): void { unseen = false; }
