// What others do in the open conversation just now: the customer types, colleagues look.
import { signal } from '@preact/signals';
import { on } from '../events';
import { openId } from '../inbox/state';
import { me } from '../store';
import type { Looking } from '../types';

const typingMs = 6000;
const lookingMs = 25_000;

export const typing = signal('');
export const looking = signal<Looking[]>([]);

let typed = 0;
const seenAt = new Map<string, number>();

/** Keeps both live, until each of the results is called. */
export function watchOthers(): (() => void)[] {
  return [
    on('typing', (e: { conversation: string; name?: string }) => {
      if (e.conversation !== openId.value) return;
      typing.value = e.name || 'The customer';
      clearTimeout(typed);
      typed = setTimeout(() => { typing.value = ''; }, typingMs) as unknown as number;
    }),
    on('presence', (e: { conversation: string; staff: Looking[] }) => {
      if (e.conversation !== openId.value) return;
      seenAt.set(e.conversation, Date.now());
      looking.value = e.staff.filter((s) => s.id !== me.value?.id);
      setTimeout(() => { if (Date.now() - (seenAt.get(e.conversation) || 0) >= lookingMs && e.conversation === openId.value) looking.value = []; }, lookingMs);
    }),
  ];
}
