// The chat as one element: it ties the server to what is on screen.
import { Client, Refused } from './client';
import { dress, el, icon } from './dom';
import { inline } from './markdown';
import { Outbox, type Progress } from './outbox';
import { Panel } from './panel';
import { type Files, type Host, load, second, third } from './part';
import { type Item, Store } from './store';
import { Stream } from './stream';
import { fill, type Language } from './strings';
import css from './style.css';
import { colour } from './theme';
import { Transcript } from './transcript';
import type { Message, Profile, State } from './wire';

/** What the script's attributes say. */
export interface Options {
  base: string; // where the server is, with a slash at its end
  key: string;
  accent?: string;
  position?: string;
  theme?: string;
  lang?: string;
  title?: string;
  greeting?: string;
  quick_replies?: string[];
}

type Listener = (detail: any) => void;

const wakers = ['online', 'offline', 'pageshow', 'visibilitychange'];
const hiddenFor = 60e3; // then the stream gives its connection back
const recently = 24 * 3600e3; // whoever wrote within a day may expect an answer
const lostFiles = 1; // in place of a status: the page that had a message's files is gone
const typingEvery = 4e3; // staff are told that the visitor types
const answerTime = 60; // seconds for which the assistant is said to be writing

export class Widget extends HTMLElement {
  private readonly _shadow = this.attachShadow({ mode: 'open' });
  private readonly _listeners: Record<string, Set<Listener>> = {};
  private _options!: Options;
  private _language!: Language;
  private _store!: Store;
  private _client!: Client;
  private _stream!: Stream;
  private _outbox!: Outbox;
  private _transcript!: Transcript;
  private _panel!: Panel;
  private _host!: Host;
  private _launcher!: HTMLButtonElement;
  private _badge!: HTMLElement;
  private _state?: State;
  private _unread = 0;
  private _absence = 0; // timer: hidden for too long
  private _silence = 0; // timer: disconnected for too long
  private _typed = 0; // when staff were told last that the visitor types

  setUp(options: Options, words: Language): void {
    this._options = options;
    this._language = words;
    this._store = new Store(options.key);
    this._client = new Client(options.base, options.key, this._language.tag, this._store, () => this._restart());
    this._stream = new Stream(this._client, () => this._transcript.last, (kind, data) => this._hear(kind, data), (up) => this._connected(up));
    this._outbox = new Outbox(this._client, this._store, (item, progress) => this._report(item, progress));
    this._transcript = new Transcript(this._language, (seq, helpful) => this._client.post('feedback', { seq, helpful }), (text) => (this.send(text), this._panel.focus()), (more) => this._panel.more(more));
    this._build();
  }

  connectedCallback(): void {
    for (const event of wakers) addEventListener(event, this._wake, true);
    const { open, active } = this._store.get('state') || {};
    if (open && !narrow()) this._show(false);
    else if (Date.now() - (active || 0) < recently) this._stream.start();
    this._outbox.flush();
  }

  disconnectedCallback(): void {
    for (const event of wakers) removeEventListener(event, this._wake, true);
    this._stream.stop();
  }

  get isOpen(): boolean {
    return !this._panel.element.hidden;
  }

  open(): void {
    if (!this.isOpen) this._show(true);
  }

  close(): void {
    if (!this.isOpen) return;
    this._panel.element.hidden = true;
    this._store.remember({ open: false });
    this._paint();
    this._launcher.focus();
    this._emit('close');
  }

  toggle(): void {
    if (this.isOpen) this.close();
    else this.open();
  }

  send(text: string, files?: Files): void {
    if (!text.trim() && !files) return;
    const item = this._outbox.add(text.trim(), files);
    this._store.remember({ active: Date.now() });
    const row = this._transcript.pending(item.id, item.text);
    files?.show(row);
    this._outbox.flush();
  }

  /** Says who the visitor claims to be, or adds to what staff may know. */
  async describe(profile: Profile): Promise<void> {
    Object.assign(this._client.profile, profile);
    // What cannot be told now is told with the next session.
    if (this._client.session) await this._client.renew().catch(() => 0);
  }

  on(event: string, listener: Listener): () => void {
    (this._listeners[event] ||= new Set()).add(listener);
    return () => this._listeners[event].delete(listener);
  }

  /** Forgets the visitor and the conversation, as at a sign-out. */
  reset(): void {
    this._stream.stop();
    for (const key of ['token', 'queue', 'draft', 'state'] as const) this._store.set(key);
    this._client.profile = {};
    this._state = undefined;
    this._unread = 0;
    this._panel.element.hidden = true;
    this._outbox.held.clear();
    second.part?.clear();
    this._panel.write('');
    this._transcript.clear();
    this._greet();
    this._paint();
  }

  private _build(): void {
    const { words, tag } = this._language;
    const { title, theme, position, accent } = this._options;
    this._panel = new Panel(this._language, title || words.title, this._transcript.element, !!this._store.get('state')?.muted, {
      close: () => this.close(),
      submit: (text) => {
        this._store.set('draft');
        this.send(text, second.part?.take());
      },
      draft: (text) => {
        this._store.set('draft', text || undefined);
        if (text && Date.now() - this._typed > typingEvery && this._sign('typing', {})) this._typed = Date.now();
      },
      change: () => this._change(),
      mute: () => {
        const muted = !this._store.get('state')?.muted;
        this._store.remember({ muted });
        return muted;
      },
      toEnd: () => this._transcript.toEnd(),
    });
    this._badge = el('span', { class: 'badge', 'aria-hidden': 'true', hidden: true });
    this._launcher = el('button', { type: 'button', class: 'launcher', onclick: () => this.toggle() });
    const root = el('section', {
      class: `root ${theme || 'auto'} ${position || ''}`, dir: words.direction, lang: tag, 'aria-label': words.chat,
    }, this._panel.element, this._launcher);
    colour(root, accent);
    dress(this._shadow, css);
    this._shadow.append(root);
    // A phone's keyboard covers the page without changing its height.
    const fit = () => root.style.setProperty('--height', visualViewport!.height + 'px');
    visualViewport?.addEventListener('resize', fit);
    this._greet();
    for (const item of this._outbox.items) {
      this._transcript.pending(item.id, item.text);
      const status = item.refused || (this._outbox.lost(item) && lostFiles);
      if (status) this._report(item, { kind: 'refused', status });
    }
    this._panel.write(this._store.get('draft') || '');
    this._host = {
      base: this._options.base, tag, words, shadow: this._shadow, client: this._client, store: this._store, panel: this._panel,
      transcript: this._transcript, send: (text, files) => this.send(text, files), refuse: (status) => new Refused(status, 0), inline,
    };
    this._paint();
  }

  private _greet(): void {
    const { greeting, quick_replies } = this._options;
    this._transcript.greet(greeting || this._language.words.greeting, quick_replies);
  }

  private _show(focus: boolean): void {
    this._panel.element.hidden = false;
    this._panel.fit();
    this._store.remember({ open: true });
    this._paint();
    this._transcript.toEnd();
    this._seen();
    if (focus) this._panel.focus();
    this._emit('open');
    load(second, this._host, 'part' + this._language.part, () => this._transcript.paint());
    // Without a connection the session is opened with the first message.
    this._client.begin().then(() => this._client.keep()).catch((error) => this._client.lost(error)).then(() => this._stream.start());
  }

  /** Asks for a person, or from the queue for the assistant. */
  private async _change(): Promise<void> {
    const cancel = this._state?.owner === 'queue';
    try {
      const state = await this._client.post('handoff', cancel ? { cancel } : {});
      this._store.remember({ active: Date.now() });
      this._hear('state', state);
      this._stream.start();
    } catch (error) {
      this._panel.tell(this._language.words[error instanceof Refused ? 'failed' : navigator.onLine ? 'connecting' : 'offline']);
    }
  }

  private _hear(kind: string, data: any): void {
    if (kind === 'message') return this._receive(data), this._care();
    if (kind === 'delta') return this._transcript.delta(data.turn, data.text);
    if (kind === 'files') return this._transcript.files(data.seq, data.attachments);
    if (kind === 'discard') this._transcript.discard(data.turn);
    if (kind === 'typing') return this._transcript.type(fill(this._language.words.typing, data.name || this._language.words.team));
    if (kind === 'state') {
      this._state = data;
      if (data.owner !== 'bot' || data.status === 'resolved') this._transcript.type();
      this._emit('state', data);
      this._paint();
    }
  }

  private _receive(message: Message): void {
    const row = this._transcript.add(message);
    if (!row || message.author === 'customer') return;
    const { read, muted } = this._store.get('state') || {};
    if (message.seq <= (read || 0)) return; // history
    if (this.isOpen && !document.hidden) this._seen();
    else this._unread++;
    if (document.hidden && !muted) second.part?.chime();
    this._panel.say(row.words);
    this._store.remember({ active: Date.now() });
    this._paint();
    this._emit('message', message);
  }

  private _report(item: Item, progress: Progress): void {
    const { words } = this._language;
    const row = this._transcript.pendingRow(item.id) || this._transcript.pending(item.id, item.text);
    if (progress.kind === 'sent') {
      this._transcript.sent(item.id, progress.seq);
      this._panel.tell();
      this._stream.start();
      const answered = (this._transcript.last || 0) > progress.seq;
      if (!answered && (this._state?.owner || 'bot') === 'bot') this._transcript.type(fill(words.typing, words.assistant), answerTime);
    } else if (progress.kind === 'dropped') {
      this._transcript.remove(item.id);
    } else if (progress.kind === 'refused') {
      const again = (act: (text: string) => void) => () => {
        this._outbox.held.get(item.id)?.back();
        this._outbox.remove(item.id);
        this._transcript.remove(item.id);
        act(item.text);
      };
      row.note(progress.status === 413 ? words.tooLong : progress.status === lostFiles ? words.lostFiles : words.failed, {
        // A new id, since the server will have nothing to do with the old one.
        [words.retry]: again((text) => this.send(text, second.part?.take())),
        [words.edit]: again((text) => {
          this._panel.write(text);
          this._panel.focus();
        }),
      }, true);
    } else {
      row.note(progress.kind !== 'waiting' ? '' : (this._outbox.held.has(item.id) && second.part?.waiting) || words.queued);
    }
  }

  private _connected(up: boolean): void {
    clearTimeout(this._silence);
    if (up) {
      this._transcript.discard(); // what there is of an answer comes anew
      this._panel.tell();
      this._outbox.flush();
    } else if (this.isOpen && !document.hidden) {
      // Most interruptions are over before anybody needs to know.
      this._silence = setTimeout(() => this._panel.tell(this._language.words[navigator.onLine ? 'connecting' : 'offline']), 3e3);
    }
  }

  /** The session had ended and another conversation began. */
  private _restart(): void {
    this._stream.stop();
    this._transcript.restart();
    this._state = undefined;
    this._unread = 0;
    this._store.remember({ read: 0 });
    this._paint();
  }

  private _seen(): void {
    this._unread = 0;
    const seq = this._transcript.last;
    if (seq) {
      if (seq > (this._store.get('state')?.read || 0)) this._sign('seen', { seq });
      this._store.remember({ read: seq });
    }
    this._paint();
  }

  /** Shows who answers, the badge and the launcher as they are. */
  private _paint(): void {
    const { words } = this._language, { owner, name, position, status } = this._state || {};
    if (status === 'resolved') this._panel.answers(words.closed, false, owner === 'bot' ? words.person : '');
    else if (owner === 'queue') this._panel.answers(position ? fill(words.position, position) : words.waiting, true, words.bot);
    else if (owner === 'staff') this._panel.answers(fill(words.staffHere, name || words.team), false);
    else this._panel.answers(words.botHere, false, words.person);
    const label = this.isOpen ? words.close : words.open;
    this._launcher.setAttribute('aria-label', this._unread ? label + ', ' + fill(words.unread, this._unread) : label);
    this._launcher.setAttribute('aria-expanded', String(this.isOpen));
    this._launcher.replaceChildren(icon(this.isOpen ? 'down' : 'chat'), this._badge);
    const unread = String(this._unread);
    if (this._badge.textContent !== unread) this._emit('unread', this._unread);
    this._badge.textContent = unread;
    this._badge.hidden = !this._unread;
    this._care();
  }

  /** Shows what is to be expected of people, once they matter. */
  private _care(): void {
    const state = this._state;
    if (this.isOpen && state && (state.owner !== 'bot' || !state.open || state.status === 'resolved')) {
      load(third, this._host, 'care' + this._language.part, () => this._care());
    }
    third.part?.(state);
  }

  /** The page came back, or the connection came or went. */
  private readonly _wake = () => {
    clearTimeout(this._absence);
    if (document.hidden) {
      this._absence = setTimeout(() => this._stream.stop(), hiddenFor);
      return;
    }
    if (!navigator.onLine) {
      this._panel.tell(this._language.words.offline);
      this._stream.stop();
      return;
    }
    this._panel.tell();
    if (this.isOpen) this._seen();
    if (this.isOpen || this._transcript.last !== undefined) this._stream.start();
    this._outbox.flush();
  };

  /** Shows a person who waits for the visitor, or is waited for, what they do. One
   *  that is lost is no matter, and the assistant has no use for any. Returns whether
   *  there is somebody to show it to. */
  private _sign(path: string, body: object): boolean {
    const person = (this._state?.owner || 'bot') !== 'bot';
    if (person) this._client.post(path, body).catch(() => 0);
    return person;
  }

  private _emit(event: string, detail?: unknown): void {
    this._listeners[event]?.forEach((listener) => listener(detail));
  }
}

/** Whether the panel covers the whole screen; style.css has the same width. */
function narrow(): boolean {
  return matchMedia('(max-width:480px)').matches;
}
