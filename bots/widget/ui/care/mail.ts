// Where the visitor can be reached when nobody is there. Nobody has to say.
import { el } from '../dom';
import type { Host } from '../part';
import type { Card } from './card';
import { fill, words } from './words';

const longest = 254; // characters of an address, by RFC 5321
const like = /^[^\s@<>()[\]\\,;:"]+@[^\s@<>()[\]\\,;:"]+\.[^\s@<>()[\]\\,;:".]{2,}$/;

export function mail(host: Host, card: Card): void {
  const { email } = card.asked;
  if (email === '') return;
  if (email) return thank(email);
  ask('');

  function ask(value: string): void {
    const wrong = el('p', { class: 'wrong', id: 'wrong', role: 'alert' });
    const field = el('input', {
      type: 'email', autocomplete: 'email', inputmode: 'email', maxlength: longest, dir: 'ltr', placeholder: words.example, 'aria-label': words.address, 'aria-describedby': 'wrong', value,
    });
    const fail = (text: string, invalid: boolean) => {
      wrong.textContent = text;
      field.setAttribute('aria-invalid', String(invalid));
      field.focus();
    };
    const form = el('form', {
      novalidate: true,
      onsubmit: async (event: Event) => {
        event.preventDefault();
        const address = field.value.trim();
        if (!like.test(address)) return fail(words.invalid, true);
        try {
          await host.client.post('email', { email: address });
          card.keep({ email: address });
          thank(address);
        } catch (error) {
          const refused = (error as { status?: number }).status === 422;
          fail(refused ? words.invalid : words.failed, refused);
        }
      },
    }, field, el('button', { type: 'submit', class: 'go' }, words.save));
    card.put(words.reach, [form, wrong], () => card.keep({ email: '' }));
    if (value) field.focus();
  }

  function thank(address: string): void {
    card.put(fill(words.reached, address), [el('button', { type: 'button', class: 'plain', onclick: () => ask(address) }, words.change)]);
  }
}
