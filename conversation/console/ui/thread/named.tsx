// Whom a note names: told by weight and a frame, and the reader by a word besides.
import { effect, signal } from '@preact/signals';
import { optional } from '../api';
import { me } from '../store';
import type { Colleague, Person } from '../types';

/** Those who can be named, the longer names first: of two that begin alike the longer counts. */
const known = signal<Person[]>([]);

effect(() => { known.value = me.value ? [me.value] : []; });

const freshMs = 60_000; // who came since is found by then

/** Reads who is there. */
export async function colleagues(): Promise<Colleague[]> {
  const own = me.peek(), list = (await optional<{ staff: Colleague[] }>('/staff', 'colleagues ' + Math.floor(Date.now() / freshMs)))?.staff || [];
  const next = list.map(({ id, name }) => ({ id, name })).sort((a, b) => b.name.length - a.name.length);
  if (next.length && own && own === me.peek() && JSON.stringify(next) !== JSON.stringify(known.peek())) known.value = next;
  return list;
}

/** Who can be named, for a text that may name somebody. */
export function nameable(text: string): Person[] | null {
  if (!text.includes('@')) return null;
  colleagues();
  return known.value;
}

interface Piece { text: string; who?: Person }
const wordy = /[\p{L}\p{N}_]/u;

/** Cuts a text where it names somebody. */
export function pieces(text: string, people: Person[]): Piece[] {
  const out: Piece[] = [];
  let from = 0;
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    if (at < from || (at && wordy.test(text[at - 1]))) continue;
    const first = text.charAt(at + 1).toLowerCase(), who = people.find((p) => {
      if (p.name.charAt(0).toLowerCase() !== first) return false; // most are told by that alone
      const end = at + 1 + p.name.length;
      return p.name && text.slice(at + 1, end).toLowerCase() === p.name.toLowerCase() && !(end < text.length && wordy.test(text[end]));
    });
    if (!who) continue;
    if (at > from) out.push({ text: text.slice(from, at) });
    from = at + 1 + who.name.length;
    out.push({ text: text.slice(at, from), who });
  }
  if (from < text.length) out.push({ text: text.slice(from) });
  return out;
}

const isMe = (who: Person): boolean => who.id === me.peek()?.id;

/** Marks who is named in a text. */
export function Named({ text }: { text: string }) {
  return <>{pieces(text, nameable(text) || []).map((p, i) => (p.who ? <mark key={i} class={'named' + (isMe(p.who) ? ' me' : '')}>{p.text}{isMe(p.who) && <span class="hidden"> (you)</span>}</mark> : p.text))}</>;
}

/** Marks who of some people is named below a node, save in code and links. */
export function markNames<T extends Node>(of: T, people: Person[] | null): T {
  if (!people) return of;
  const walk = document.createTreeWalker(of, NodeFilter.SHOW_TEXT), texts: Text[] = [];
  while (walk.nextNode()) texts.push(walk.currentNode as Text);
  for (const t of texts) {
    if (!t.data.includes('@') || t.parentElement?.closest('code, a')) continue;
    const list = pieces(t.data, people);
    if (!list.some((p) => p.who)) continue;
    t.replaceWith(...list.map((p) => {
      if (!p.who) return p.text;
      const mark = document.createElement('mark');
      mark.className = 'named' + (isMe(p.who) ? ' me' : '');
      mark.textContent = p.text;
      if (isMe(p.who)) {
        const told = document.createElement('span');
        told.className = 'hidden';
        told.textContent = ' (you)';
        mark.append(told);
      }
      return mark;
    }));
  }
  return of;
}
