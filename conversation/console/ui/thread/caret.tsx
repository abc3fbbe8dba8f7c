// What is offered while one writes: after a mark, such as "/" or "@", the letters find
// something, and Enter puts it in their place.
import { signal } from '@preact/signals';
import { openId } from '../inbox/state';
import { compose, text } from './send';

export interface Offer { id: string; name: string; text: string; put: () => string | Promise<string> }
/** Finds offers by the first group of what stands before the caret, which with its mark is replaced. */
export interface Finder { label: string; asked: RegExp; find: (words: string) => Promise<Offer[]> }

const found = signal<Offer[]>([]);
const label = signal('');
const at = signal(0);
let from = 0; // where the mark stands
let to = 0;
const shownMost = 6;

export function closeOffers(): void { found.value = []; }

/** Looks whether the caret stands after a mark and letters. */
export async function lookForOffers(area: HTMLTextAreaElement, finders: Finder[]): Promise<void> {
  const before = area.value.slice(0, area.selectionStart), finder = finders.find((f) => f.asked.test(before));
  if (!finder) return closeOffers();
  const words = finder.asked.exec(before)![1], list = await finder.find(words.toLowerCase());
  if (area.value.slice(0, area.selectionStart) !== before) return; // written on meanwhile
  to = before.length;
  from = to - words.length - 1;
  label.value = finder.label;
  found.value = list.slice(0, shownMost);
  at.value = 0;
}

async function choose(o: Offer): Promise<void> {
  const id = openId.value, value = text.value, start = from, end = to;
  closeOffers();
  const put = await o.put();
  if (id !== openId.value || text.value !== value) return; // written on, or gone elsewhere, meanwhile
  compose(value.slice(0, start) + put + value.slice(end), start + put.length);
}

/** Handles a key while something is offered; true when it was used. */
export function offerKeys(e: KeyboardEvent): boolean {
  const list = found.value;
  if (!list.length) return false;
  if (e.key === 'ArrowDown' || e.key === 'ArrowUp') at.value = (at.value + (e.key === 'ArrowDown' ? 1 : list.length - 1)) % list.length;
  else if ((e.key === 'Enter' || e.key === 'Tab') && !e.ctrlKey && !e.metaKey) choose(list[at.value]);
  else if (e.key === 'Escape') closeOffers();
  else return false;
  e.preventDefault();
  return true;
}

/** What the text field says of the list to a screen reader. */
export function offerAria(): { 'aria-controls'?: string; 'aria-activedescendant'?: string } {
  return found.value.length ? { 'aria-controls': 'offers', 'aria-activedescendant': 'offer-' + at.value } : {};
}

export function Offers() {
  if (!found.value.length) return null;
  return <ul class="canned" id="offers" role="listbox" aria-label={label.value}>{found.value.map((o, i) =>
    <li key={o.id} id={'offer-' + i} role="option" aria-selected={i === at.value} onMouseDown={(e) => { e.preventDefault(); choose(o); }}>
      <b dir="auto">{o.name}</b><span dir="auto">{o.text}</span></li>)}</ul>;
}
