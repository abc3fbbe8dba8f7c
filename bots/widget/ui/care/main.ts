// The third part: when people are there, whether they have read, where they can reach
// the visitor, and what the visitor thinks of it all. See ../part.ts for how the first
// part knows it.
import { dress, el } from '../dom';
import type { Care, Host } from '../part';
import type { Row } from '../row';
import { Card } from './card';
import { outlook } from './outlook';
import { rating } from './rating';
import { mail } from './mail';
import css from './style.css';
import { words } from './words';

export function begin(host: Host): Care {
  dress(host.shadow, css);
  const expected = el('p', { class: 'outlook' });
  host.panel.element.querySelector('.titles')!.append(expected);
  const card = new Card(host);
  let marked: Row | undefined, read = 0;

  return (state) => {
    const person = !!state && state.owner !== 'bot';
    const text = outlook(state, host.tag);
    if (expected.textContent !== text) expected.textContent = text;

    read = state ? Math.max(read, state.staff_seen_seq || 0) : 0;
    let row: Row | undefined, last = 0;
    for (const one of host.transcript.numbered.values()) {
      if (one.author !== 'customer') continue;
      last = Math.max(last, one.seq);
      if (person && one.seq <= read && one.seq > (row?.seq || 0)) row = one;
    }
    if (row !== marked) {
      marked?.note();
      row?.note(words.seen);
      marked = row;
    }

    if (state?.status === 'resolved' && last) card.show('rating' + last, () => rating(host, card, last));
    else if (state?.ask_email && !host.client.profile.identity?.email) card.show('mail', () => mail(host, card));
    else card.show();
  };
}
