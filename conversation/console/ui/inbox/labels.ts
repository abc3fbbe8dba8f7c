// The colours of labels, wherever their names are shown.
import { effect, signal, untracked } from '@preact/signals';
import { forget, optional } from '../api';
import { on } from '../events';
import { me } from '../store';
import type { Label } from '../types';

/** By name; '' and undefined are no colour. */
export const colors = signal<ReadonlyMap<string, string>>(new Map());

async function read(): Promise<void> {
  const got = await optional<{ labels: Label[] }>('/labels');
  colors.value = new Map((got?.labels || []).map((l) => [l.name, l.color]));
}

/** Reads them anew: one was changed. */
export function relabel(): Promise<void> {
  forget('/labels');
  return read();
}

/** Knows them while somebody is signed in, until the result is called. */
export function watch(): () => void {
  const ends = [on('open', relabel), effect(() => { if (me.value) untracked(read); })];
  return () => ends.forEach((end) => end());
}
