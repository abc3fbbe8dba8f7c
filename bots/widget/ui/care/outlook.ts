// What the visitor may expect of people now, in one line below who answers.
import type { State } from '../wire';
import { fill, words } from './words';

const soon = 6 * 24 * 3600e3; // ms within which a weekday alone says which day

/** Says when people are there; nothing while one is, or nobody is waited for. */
export function outlook(state: State | undefined, tag: string): string {
  if (!state || state.status === 'resolved' || state.owner === 'staff') return '';
  if (!state.open) return state.opens_at ? fill(words.back, when(new Date(state.opens_at), tag)) : words.shut;
  if (state.owner === 'bot') return '';
  if (state.away) return words.away;
  const seconds = state.typical_wait_s;
  return seconds ? fill(words.wait, lasting(seconds, tag)) : '';
}

/** Says a moment by the visitor's own clock, and which clock that is. */
function when(at: Date, tag: string): string {
  const far = at.getTime() - Date.now() > soon;
  return at.toLocaleString(tag, {
    weekday: far ? undefined : 'long', day: far ? 'numeric' : undefined, month: far ? 'long' : undefined,
    hour: 'numeric', minute: '2-digit', timeZoneName: 'short',
  });
}

function lasting(seconds: number, tag: string): string {
  const minutes = Math.max(1, Math.round(seconds / 60));
  const [value, unit] = minutes < 90 ? [minutes, 'minute'] : [Math.round(minutes / 60), 'hour'];
  return new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}
