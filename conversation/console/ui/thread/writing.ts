// What the bot is writing just now.
import { signal } from '@preact/signals';
import type { Message, Row } from '../types';
import { again } from './state';

/** By turn. */
export const drafts = signal<ReadonlyMap<string, string>>(new Map());

/** Brings what the bot is writing to what was read: before is what was shown when that was asked for. */
export function redraft(row: Row, before: ReadonlyMap<string, string>, stored: Message[]): void {
  const next = new Map(drafts.peek()), d = row.draft;
  for (const [of, text] of before) if (of !== d?.turn && next.get(of) === text) next.delete(of);
  if (d && d.text.length > (next.get(d.turn) || '').length) next.set(d.turn, d.text);
  for (const m of stored) if (m.turn) next.delete(m.turn);
  drafts.value = next;
  behind = '';
}

/** The turn of which the beginning is being read. */
let behind = '';

/**
 * Adds a piece of an answer. What was read may hold some of it already; where the
 * beginning is missing, the whole is read.
 */
export function piece(e: { turn: string; text: string; at?: number }): void {
  const at = e.at || 0, have = drafts.peek().get(e.turn) || '', overlap = have.slice(at);
  if (at > have.length) {
    if (behind !== e.turn) again();
    behind = e.turn;
    return;
  }
  let text = have + e.text;
  if (e.text.startsWith(overlap)) text = have + e.text.slice(overlap.length);
  else if (overlap.startsWith(e.text)) text = have;
  drafts.value = new Map(drafts.peek()).set(e.turn, text);
}

export function drop(of: string): void {
  const rest = new Map(drafts.value);
  rest.delete(of);
  drafts.value = rest;
}
