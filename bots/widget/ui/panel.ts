// The window of the chat: who answers, the transcript, and where to write.
import { el, icon, iconButton } from './dom';
import type { Language } from './strings';

const tallest = 120; // px, of the field that grows with its text

export interface Wishes {
  close(): void;
  submit(text: string): void;
  draft(text: string): void;
  change(): void; // of who answers
  mute(): boolean; // returns whether it is now silent
  toEnd(): void;
}

export class Panel {
  readonly element: HTMLElement;
  readonly form: HTMLFormElement;
  /** Whether there is something to send besides text. */
  filled = false;
  private readonly _field: HTMLTextAreaElement;
  private readonly _sendButton: HTMLButtonElement;
  private readonly _answering = el('p', { class: 'answering' });
  private readonly _notice = el('div', { class: 'notice', role: 'status', hidden: true });
  private readonly _spoken = el('div', { class: 'spoken', role: 'status' });
  private readonly _switchButton: HTMLButtonElement;
  private readonly _latest: HTMLButtonElement;
  private readonly _wishes: Wishes;

  constructor({ words }: Language, title: string, log: HTMLElement, muted: boolean, wishes: Wishes) {
    this._wishes = wishes;
    const sound = iconButton('sound', words.sound, () => silence(wishes.mute()));
    const silence = (silent: boolean) => {
      sound.setAttribute('aria-pressed', String(!silent));
      sound.replaceChildren(icon(silent ? 'silent' : 'sound'));
    };
    silence(muted);
    this._field = el('textarea', {
      rows: 1, placeholder: words.placeholder, 'aria-label': words.placeholder, dir: 'auto', enterkeyhint: 'send',
      oninput: () => {
        this.fit();
        wishes.draft(this._field.value);
      },
      onkeydown: (event: KeyboardEvent) => {
        // While a word is being composed Enter picks it; Safari marks that
        // Enter by its code alone.
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
        event.preventDefault();
        this._submit();
      },
    });
    this._sendButton = el('button', { type: 'submit', class: 'send', 'aria-label': words.send, disabled: true }, icon('send'));
    this._switchButton = el('button', { type: 'button', class: 'switch', onclick: () => wishes.change() });
    this._latest = el('button', { type: 'button', class: 'latest', hidden: true, onclick: () => wishes.toEnd() }, words.latest, icon('down'));
    this.form = el('form', {
      onsubmit: (event: Event) => {
        event.preventDefault();
        this._submit();
      },
    }, this._field, this._sendButton);
    this.element = el('div', {
      class: 'panel', role: 'dialog', 'aria-label': title, tabindex: -1, hidden: true,
      onkeydown: (event: KeyboardEvent) => {
        if (event.key !== 'Escape' || event.isComposing) return;
        event.stopPropagation();
        wishes.close();
      },
    },
      el('header', null, el('div', { class: 'titles' }, el('h2', null, title), this._answering),
        sound, iconButton('close', words.close, () => wishes.close())),
      this._notice,
      el('div', { class: 'view' }, log, this._latest),
      this._spoken,
      el('div', { class: 'foot' }, this._switchButton, this.form));
  }

  focus(): void {
    // On a touch screen the keyboard would cover what is to be read first.
    (matchMedia('(pointer:coarse)').matches ? this.element : this._field).focus();
  }

  write(text: string): void {
    this._field.value = text;
    this.fit();
  }

  /** Says who answers and offers the other; without a label there is none. */
  answers(who: string, waiting: boolean, offer?: string): void {
    this._answering.textContent = who;
    this._answering.classList.toggle('waiting', waiting);
    this._switchButton.textContent = offer || '';
    // What has the focus must not vanish from under it.
    if (!offer && this._switchButton.matches(':focus')) this.focus();
    this._switchButton.hidden = !offer;
  }

  /** Shows a line above the messages, or takes it away. */
  tell(text = ''): void {
    this._notice.textContent = text;
    this._notice.hidden = !text;
  }

  /** Has a finished message read out. */
  say(text: string): void {
    this._spoken.textContent = text;
  }

  more(hidden: boolean): void {
    this._latest.hidden = !hidden;
  }

  private _submit(): void {
    const text = this._field.value.trim();
    if (!text && !this.filled) return;
    this.write('');
    this._wishes.submit(text);
  }

  /** Gives the field the height of its text, once it is on screen. */
  fit(): void {
    this._sendButton.disabled = !this.filled && !this._field.value.trim();
    const { style } = this._field;
    style.height = 'auto';
    if (this._field.scrollHeight) style.height = Math.min(this._field.scrollHeight, tallest) + 'px';
  }
}
