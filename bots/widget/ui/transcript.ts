// The conversation on screen: numbered messages in their order, then what is
// still on its way, then the answer being written.
import { el } from './dom';
import { Row } from './row';
import type { Language } from './strings';
import type { Attachment, Author, Message } from './wire';

const nearEnd = 60; // px: closer than this the view follows what is new

export class Transcript {
  readonly element: HTMLElement;
  /** The number of the newest message; undefined before the first. */
  last?: number;
  readonly numbered = new Map<number, Row>();
  private readonly _own = new Map<string, Row>(); // by the customer's id
  private _rows: Row[] = [];
  private readonly _dots = el('div', { class: 'row typing', hidden: true });
  private _draft?: { turn: string; text: string; row: Row; frame: number };
  private _question?: Row; // the customer's latest
  private _follow = true;
  private _timer = 0;

  constructor(
    private readonly _language: Language,
    private readonly _rate: (seq: number, helpful: boolean) => Promise<unknown>,
    private readonly _choose: (text: string) => void,
    /** Told whether there is something new out of view. */
    private readonly _hidden: (more: boolean) => void,
  ) {
    this.element = el('div', {
      class: 'log', role: 'log', 'aria-live': 'off', tabindex: 0, 'aria-label': _language.words.chat,
      onscroll: () => {
        this._follow = this._below() < nearEnd;
        if (this._follow) this._hidden(false);
      },
    }, this._dots);
  }

  greet(text: string, replies?: string[]): void {
    const row = this._row('bot');
    row.write(text);
    if (replies) row.offer(replies, this._choose);
    this.element.prepend(row.element);
  }

  /** Shows what the customer wrote, before the server has it. */
  pending(id: string, text: string): Row {
    const row = this._own.get(id) || this._row('customer');
    row.write(text);
    row.element.classList.add('pending');
    this._own.set(id, row);
    this.element.insertBefore(row.element, this._dots);
    this._ask(row);
    this._follow = true;
    this._settle();
    return row;
  }

  pendingRow(id: string): Row | undefined {
    return this._own.get(id);
  }

  /** Numbers the customer's message once the server has it. */
  sent(id: string, seq: number): void {
    const row = this._own.get(id);
    if (!row) return;
    row.element.classList.remove('pending');
    row.note();
    this._place(row, seq);
  }

  remove(id: string): void {
    this._own.get(id)?.element.remove();
    this._own.delete(id);
  }

  /** Shows a message of the log and returns its row, or nothing for one that
   *  is shown already. */
  add(message: Message): Row | undefined {
    this.last = Math.max(this.last || 0, message.seq);
    if (message.author === 'customer' && message.id && this._own.has(message.id)) {
      this.sent(message.id, message.seq);
      this._own.get(message.id)!.attach(message.attachments);
      return;
    }
    if (this.numbered.has(message.seq)) return;
    if (message.author === 'bot' || message.turn) this.discard();
    if (message.author !== 'customer') this.type();
    const row = this._row(message.author, message.name, message.at);
    row.finish(message, message.author === 'bot' ? (helpful) => this._rate(message.seq, helpful) : undefined, this._choose);
    if (message.id) this._own.set(message.id, row);
    if (message.author === 'customer') this._ask(row);
    this._place(row, message.seq);
    this._settle();
    return row;
  }

  /** Shows how the files of a message stand now. */
  files(seq: number, list: Attachment[]): void {
    this.numbered.get(seq)?.attach(list);
    this._settle();
  }

  /** Shows everything anew, now that there is more to show it with. */
  paint(): void {
    for (const row of this._rows) row.paint();
    this._settle();
  }

  /** Adds a piece to the answer being written, painted once a frame. */
  delta(turn: string, text: string): void {
    if (this._draft?.turn !== turn) {
      this.discard();
      this.type();
      const row = this._row('bot');
      row.element.classList.add('draft');
      this._draft = { turn, text: '', row, frame: 0 };
      this.element.insertBefore(row.element, this._dots);
    }
    const draft = this._draft!;
    draft.text += text;
    draft.frame ||= requestAnimationFrame(() => {
      draft.frame = 0;
      draft.row.write(draft.text);
      this._settle();
    });
  }

  /** Takes the answer being written away, of the turn or whichever it is. */
  discard(turn?: string): void {
    if (!this._draft || (turn && this._draft.turn !== turn)) return;
    cancelAnimationFrame(this._draft.frame);
    this._draft.row.element.remove();
    this._draft = undefined;
  }

  /** Shows that somebody is writing, for a while; without a text, nobody is. */
  type(label?: string, seconds = 6): void {
    clearTimeout(this._timer);
    this._dots.hidden = !label || !!this._draft;
    if (this._dots.hidden) return;
    this._dots.replaceChildren(el('span', { class: 'dots', 'aria-hidden': 'true' }, el('i'), el('i'), el('i')), el('span', null, label));
    this._timer = setTimeout(() => this.type(), seconds * 1e3);
    this._settle();
  }

  /** Another conversation begins; what was said before stays on screen. */
  restart(): void {
    this.discard();
    this.type();
    this.last = undefined;
    for (const row of this.numbered.values()) row.element.classList.add('past');
    this.numbered.clear();
    for (const [id, row] of this._own) if (row.seq) this._own.delete(id);
  }

  clear(): void {
    this.restart();
    this._own.clear();
    this._rows = [];
    this.element.replaceChildren(this._dots);
  }

  toEnd(): void {
    this.element.scrollTop = this.element.scrollHeight;
  }

  /** Follows what is new, but never past the question it answers. */
  private _settle(): void {
    if (!this._follow) return this._hidden(true);
    const top = this._question?.element.isConnected ? this._question.element.offsetTop - 12 : Infinity;
    this.element.scrollTop = Math.min(this.element.scrollHeight, top);
  }

  /** Takes note of the customer's latest words, which leave no choice open. */
  private _ask(row: Row): void {
    this._question = row;
    for (const button of this.element.querySelectorAll<HTMLButtonElement>('.thumbs .switch')) button.disabled = true;
  }

  private _below(): number {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight;
  }

  private _row(author: Author, name?: string, at?: string): Row {
    const { you, assistant, team } = this._language.words;
    const names = { customer: you, bot: assistant, staff: team, system: '' };
    const row = new Row(author, (author !== 'customer' && name) || names[author], at ? new Date(at) : new Date(), this._language);
    this._rows.push(row);
    return row;
  }

  /** Puts a row where its number belongs. */
  private _place(row: Row, seq: number): void {
    row.seq = seq;
    this.numbered.set(seq, row);
    let next: Row | undefined;
    for (const other of this.numbered.values()) {
      if (other.seq > seq && (!next || other.seq < next.seq)) next = other;
    }
    const unnumbered = this.element.querySelector('.pending,.draft,.typing');
    this.element.insertBefore(row.element, next ? next.element : unnumbered);
  }
}
