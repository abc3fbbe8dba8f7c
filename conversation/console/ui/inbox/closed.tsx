// Says above the list that nobody is expected to answer now.
import { effect, signal, untracked } from '@preact/signals';
import { api, Failed } from '../api';
import { on } from '../events';
import { now } from '../format';
import { type Hours, status } from '../hours';
import { me } from '../store';

const hours = signal<Hours | null>(null);

async function read(): Promise<void> {
  try {
    hours.value = await api<Hours>('GET', '/settings/hours');
  } catch (err) {
    if (!(err instanceof Failed)) throw err; // nothing is said then
  }
}

/** What the page has just stored, or read. */
export function known(h: Hours): void { hours.value = h; }

export function watch(): () => void {
  const ends = [on('open', read), effect(() => { if (me.value) untracked(read); })];
  return () => ends.forEach((end) => end());
}

export function HoursChip() {
  const h = hours.value, s = h && status(h, now.value);
  if (!s || s.open) return null;
  const back = s.opens ? `Open again ${s.opens} (${h!.timezone}).` : 'No opening is in sight.';
  return <a class="chip warn closed" href="#/settings/hours" title={'Outside the opening hours. ' + back}>Closed<span class="hidden">: outside the opening hours. {back}</span></a>;
}
