// What the visitor thinks of a conversation that was closed: a score from 1 to 5 at
// once, words if they like, and both anew if they change their mind.
import { draw, el } from '../dom';
import type { Host } from '../part';
import type { Card } from './card';
import { fill, words } from './words';

const star = 'M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9-4.3-4.1 5.9-.8z';
const scores = [1, 2, 3, 4, 5];
const longest = 2000; // characters of a comment; the server's own bound

export function rating(host: Host, card: Card, seq: number): void {
  const { rated, score } = card.asked;
  if (rated !== seq) return ask();
  if (score) thank(score);

  function ask(given = 0): void {
    const wrong = el('p', { class: 'wrong', role: 'alert' });
    const stars = scores.map((n) => el('button', {
      type: 'button', class: 'star', 'aria-label': fill(words.score, n), 'aria-pressed': String(n === given), onclick: () => give(n),
    }, draw(star)));
    const mark = (n: number) => stars.forEach((button, i) => {
      button.classList.toggle('lit', i < n);
      button.setAttribute('aria-pressed', String(i + 1 === n));
    });
    mark(given);
    card.put(words.rate, [
      el('div', { class: 'stars', role: 'group', 'aria-label': words.rate }, ...stars),
      el('p', { class: 'ends', 'aria-hidden': 'true' }, el('span', null, words.poor), el('span', null, words.great)), wrong,
    ], () => card.keep({ rated: seq, score: 0 }));

    async function give(n: number): Promise<void> {
      mark(n);
      wrong.textContent = '';
      try {
        await send(n);
        tell(n);
      } catch (error) {
        mark(given);
        wrong.textContent = (error as { status?: number }).status === 409 ? words.late : words.failed;
      }
    }
  }

  /** Asks for words beside a score that is kept already. */
  function tell(n: number): void {
    const wrong = el('p', { class: 'wrong', role: 'alert' });
    const field = el('textarea', { rows: 2, maxlength: longest, dir: 'auto', placeholder: words.comment, 'aria-label': words.comment });
    const submit = async (event: Event) => {
      event.preventDefault();
      try {
        if (field.value.trim()) await send(n, field.value.trim());
        thank(n);
      } catch {
        wrong.textContent = words.failed;
        field.focus();
      }
    };
    card.put(fill(words.thanks, n), [el('form', { class: 'tell', onsubmit: submit }, field, el('button', { type: 'submit', class: 'go' }, words.done)), wrong]);
  }

  function thank(n: number): void {
    card.put(fill(words.thanks, n), [el('button', { type: 'button', class: 'plain', onclick: () => ask(n) }, words.change)]);
  }

  async function send(n: number, comment?: string): Promise<void> {
    await host.client.post('rating', { score: n, comment });
    card.keep({ rated: seq, score: n });
  }
}
