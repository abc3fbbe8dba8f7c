// The conversations behind a figure of a report, shown as a view of the inbox. What is
// shown outlives a reload of the tab, and nothing more.
import { computed, signal } from '@preact/signals';
import { go, route } from '../store';

export interface Behind {
  query: string; // the address below /api/v1 that lists them
  title: string;
  days: string;
  back: string; // where the report is
}

const key = 'frontdesk:figure';

function kept(): Behind | null {
  try {
    const b = JSON.parse(sessionStorage.getItem(key) || 'null');
    return b && typeof b.query === 'string' && b.query.startsWith('/conversations?') && typeof b.back === 'string' && b.back.startsWith('#/reports') ? b : null;
  } catch {
    return null; // storage is off or damaged
  }
}

export const figure = signal<Behind | null>(kept());

/** Whether what is listed are ratings: then rows show what was said beside the score. */
export const commented = computed(() => route.value[1] === 'figure' && /[?&]figure=rated/.test(figure.value?.query || ''));

export function openFigure(b: Behind): void {
  figure.value = b;
  try {
    sessionStorage.setItem(key, JSON.stringify(b));
  } catch {
    // it lasts until the tab is loaded anew
  }
  go('inbox', 'figure');
}
