// The one card above where the visitor writes. It never takes the focus, and what it
// asks can be left unanswered.
import { el, iconButton } from '../dom';
import type { Host } from '../part';
import type { Asked } from '../store';

export class Card {
  private readonly _title = el('p', { class: 'asked', role: 'status' });
  private readonly _body = el('div', { class: 'reply' });
  private readonly _element = el('div', { class: 'care' }, this._title, this._body);
  private _key?: string;

  constructor(private readonly _host: Host) {
    _host.panel.form.parentElement!.before(this._element);
  }

  /** Shows what a key stands for, unless it is shown already; without one, nothing.
   *  Nobody who is just answering is cut off. */
  show(key?: string, fill?: () => void): void {
    if (key === this._key || (!key && this._element.matches(':focus-within') && this._body.querySelector('form'))) return;
    this._key = key;
    this.put('');
    fill?.();
  }

  /** Puts a text, which is read out, and what belongs below it. With leave there is a
   *  button that takes the card away. */
  put(text: string, below: (Node | null)[] = [], leave?: () => void): void {
    const focused = this._element.matches(':focus-within');
    this._element.classList.toggle('on', !!text);
    this._title.textContent = text;
    this._body.replaceChildren(...below.filter((node) => node !== null));
    if (leave) {
      this._body.append(iconButton('close', this._host.words.close, () => {
        leave();
        this.put('');
        this._host.panel.focus();
      }, 'leave'));
    }
    // What had the focus is gone: it stays close by.
    if (focused) (this._body.querySelector<HTMLElement>('textarea, button:not(.leave)') || this._host.panel).focus();
  }

  /** What the visitor said so far in this conversation. */
  get asked(): Asked {
    const of = this._host.client.session?.conversation || '', had = this._host.store.get('state')?.care;
    return had?.of === of ? had : { of };
  }

  keep(change: Partial<Asked>): void {
    this._host.store.remember({ care: { ...this.asked, ...change } });
  }
}
