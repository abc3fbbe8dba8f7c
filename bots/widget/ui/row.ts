// One message as it is shown.
import { el, icon, iconButton, link } from './dom';
import { type Cite, markdown } from './markdown';
import { second } from './part';
import { fill, type Language } from './strings';
import type { Attachment, Author, Message, Source } from './wire';

export class Row {
  readonly element: HTMLElement;
  private readonly _language: Language;
  seq = 0; // 0 until the server has numbered it
  readonly files = el('div', { class: 'files' });
  attachments?: Attachment[];
  private _text = '';
  private _cite?: Cite;
  private readonly _body = el('div', { class: 'bubble', dir: 'auto' });
  private readonly _below = el('div', { class: 'below' });

  constructor(readonly author: Author, name: string, at: Date, language: Language) {
    this._language = language;
    const clock = at.toLocaleTimeString(language.tag, { hour: 'numeric', minute: '2-digit' });
    this.element = el('div', { class: 'row ' + author },
      author !== 'system' && el('div', { class: 'who' }, el('bdi', null, name), ' ',
        el('time', { datetime: at.toISOString() }, clock)),
      this._body, this.files, this._below);
  }

  /** The words as they are read out. */
  get words(): string {
    return (this._body.textContent || this.files.textContent)!;
  }

  /** Shows text; what customers wrote is never taken for Markdown. */
  write(text: string, cite?: Cite): void {
    this._text = text;
    this._cite = cite;
    this.paint();
  }

  /** Shows the text and the files as the parts that are there can. */
  paint(): void {
    this._body.replaceChildren(this.author === 'customer' ? this._text : markdown(this._text, this._cite));
    this.attach(this.attachments);
  }

  attach(list?: Attachment[]): void {
    this.attachments = list;
    if (!list) return;
    if (second.part) second.part.show(this);
    else this.files.textContent = list.map((file) => file.name).join(', ');
  }

  /** Shows a finished message with its sources and, for an answer, its thumbs or,
   *  for a question, the options to choose from. */
  finish(message: Message, rate?: (helpful: boolean) => Promise<unknown>, choose?: (text: string) => void): void {
    this.seq = message.seq;
    this.attachments = message.attachments;
    this._below.replaceChildren();
    if (message.author === 'customer') return this.write(message.text);
    const sources = new Map((message.sources || []).map((source) => [source.n, this._source(source)]));
    this.write(message.text, (n) => {
      const entry = sources.get(n);
      return entry ? this._citation(n, entry) : null;
    });
    if (sources.size) {
      this._below.append(el('ul', { class: 'sources', 'aria-label': this._language.words.sources },
        ...[...sources.values()].map((entry) => el('li', null, entry))));
    }
    if (message.options) this.offer(message.options.map(({ text }) => text), choose!);
    else if (rate) this._below.append(this._thumbs(message.helpful, rate));
  }

  /** Puts what the customer may say by a press under the message. */
  offer(texts: string[], choose: (text: string) => void): void {
    this._below.append(el('div', { class: 'thumbs' },
      ...texts.map((text) => el('button', { type: 'button', class: 'switch', dir: 'auto', onclick: () => choose(text) }, text))));
  }

  /** Puts a note with buttons under the message, or takes it away. */
  note(text = '', actions: Record<string, () => void> = {}, bad = false): void {
    const buttons = Object.entries(actions).map(([label, act]) => el('button', { type: 'button', class: 'plain', onclick: act }, label));
    this._below.replaceChildren();
    if (text) this._below.append(el('div', { class: bad ? 'note bad' : 'note' }, text, ...buttons));
  }

  /** A source opens to the passage it stands for; without one it is a link. */
  private _source({ n, title, heading, page, url, excerpt }: Source): HTMLElement {
    const { words } = this._language;
    const label = [el('span', { class: 'number' }, n),
      el('bdi', null, heading && heading !== title ? title + ' › ' + heading : title),
      page ? el('span', { class: 'page' }, fill(words.page, page)) : null];
    if (!excerpt) return link(url, ...label) || el('span', null, ...label);
    return el('details', null, el('summary', null, ...label, icon('down')),
      el('p', { tabindex: 0 }, excerpt), link(url, (url || '').replace(/^https?:\/\//, '')));
  }

  private _citation(n: number, entry: HTMLElement): Node {
    const show = () => {
      entry.toggleAttribute('open', true);
      const target = entry.querySelector('summary') || entry;
      target.focus();
      entry.scrollIntoView({ block: 'nearest' });
    };
    return el('button', { type: 'button', class: 'cite', 'aria-label': fill(this._language.words.source, n), onclick: show }, n);
  }

  private _thumbs(given: boolean | undefined, rate: (helpful: boolean) => Promise<unknown>): HTMLElement {
    const { words } = this._language;
    const buttons = [true, false].map((helpful) =>
      iconButton('up', helpful ? words.helpful : words.unhelpful, () => choose(helpful), helpful ? 'thumb' : 'thumb down'));
    const mark = (chosen?: boolean) => buttons.forEach((button, index) => button.setAttribute('aria-pressed', String(chosen === !index)));
    const choose = (helpful: boolean) => {
      const before = given;
      mark((given = helpful));
      rate(helpful).catch(() => mark((given = before)));
    };
    mark(given);
    return el('div', { class: 'thumbs' }, ...buttons);
  }
}
