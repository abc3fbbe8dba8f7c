// One file on its way: what is seen of it, and its bytes going out.
import { el } from '../dom';
import type { Host } from '../part';
import { isPicture } from './check';
import { paint } from './picture';
import { button, icon } from './shapes';
import { fill, size, words } from './words';

const sendFor = 130e3; // ms; the server gives up after two minutes
const longest = 30e3; // ms between two attempts
const patience = 60; // seconds the server may ask for; more is a refusal

/** What the server said, or 0 when it could not be reached. */
interface Failure {
  status: number;
  after: number; // seconds to wait
}

// Files go out one after another, so that each is soon there.
let turn: Promise<unknown> = Promise.resolve();

export class Upload {
  readonly element: HTMLElement;
  /** Given by the server once it has the file. */
  id?: string;
  /** The status it was refused with. */
  refused = 0;
  gone = false;
  private readonly _bar = el('progress', { max: 1, value: 0 });
  private readonly _status = el('span', { class: 'status' });
  private readonly _again: HTMLButtonElement;
  private _request?: XMLHttpRequest;
  private _wake?: () => void;
  private _settled!: Promise<void>;

  constructor(private readonly _host: Host, readonly file: File, name: string, private readonly _changed: (upload: Upload) => void) {
    this._bar.setAttribute('aria-label', fill(words.uploading, name));
    this._again = button('again', fill(words.again, name), () => this.start());
    const preview = el('span', { class: 'preview' }, icon(shape(file)));
    if (isPicture(file)) paint(file, 96).then((canvas) => preview.replaceChildren(canvas), () => 0);
    this.element = el('li', { class: 'upload' }, preview,
      el('span', { class: 'about' }, el('bdi', { class: 'name', title: name }, name), this._status, this._bar),
      this._again, button('remove', fill(words.remove, name), () => this.remove()));
    this.start();
  }

  /** Sends the file, until the server has it, refuses it, or it is removed. */
  start(): void {
    this.id = undefined;
    this.refused = 0;
    this._settled = this._run();
  }

  /** Resolves when there is nothing more to wait for. */
  settled(): Promise<void> {
    return this._settled;
  }

  remove(): void {
    this.gone = true;
    this._request?.abort();
    this._wake?.();
    this.element.remove();
    this._changed(this);
  }

  private async _run(): Promise<void> {
    for (let attempt = 0; !this.gone; attempt++) {
      this._tell(this._size(this.file.size), true);
      try {
        const mine = turn.catch(() => 0).then(() => this._post());
        turn = mine;
        this.id = await mine;
        this._tell(this._size(this.file.size));
        return this._changed(this);
      } catch (error) {
        const { status = 0, after = 0 } = error as Partial<Failure>;
        if (this.gone) return;
        if (status === 401) await this._host.client.renew().catch(() => 0);
        else if ((status >= 400 && status < 500 && status !== 408 && status !== 429) || after > patience) {
          this.refused = status;
          this._tell(status === 413 ? words.refusedSize : status === 415 ? words.refusedFormat : status === 429 ? words.refusedFull : words.failed);
          return this._changed(this);
        }
        this._tell(navigator.onLine ? words.retrying : words.offline, true);
        this._changed(this);
        await this._pause(after * 1e3 || Math.min(longest, 1e3 * 2 ** attempt) * (0.5 + Math.random()));
      }
    }
  }

  private async _post(): Promise<string> {
    if (this.gone || !navigator.onLine) throw { status: 0 };
    await this._host.client.begin();
    return new Promise((resolve, reject) => {
      const request = (this._request = new XMLHttpRequest()), form = new FormData();
      form.append('file', this.file, this.file.name);
      request.open('POST', this._host.base + 'widget/v1/files');
      request.setRequestHeader('authorization', 'Bearer ' + this._host.client.session?.token);
      request.timeout = sendFor;
      request.upload.onprogress = ({ loaded, total }) => {
        this._bar.value = loaded / total;
        this._status.textContent = fill(words.sentOf, this._size(this.file.size * loaded / total), this._size(this.file.size));
      };
      request.onload = () => {
        if (request.status === 201) return resolve(JSON.parse(request.responseText).id);
        reject({ status: request.status, after: +request.getResponseHeader('retry-after')! || 0 });
      };
      request.onerror = request.onabort = request.ontimeout = () => reject({ status: 0 });
      request.send(form);
    });
  }

  /** Waits for a time, for the connection or for the end. */
  private _pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this._wake!(), navigator.onLine ? ms : 2 ** 31 - 1);
      this._wake = () => {
        clearTimeout(timer);
        removeEventListener('online', this._wake!);
        resolve();
      };
      addEventListener('online', this._wake);
    });
  }

  private _size(bytes: number): string {
    return size(bytes, this._host.tag);
  }

  private _tell(text: string, busy = false): void {
    this._status.textContent = text;
    this._bar.hidden = !busy;
    this._bar.value = 0;
    this.element.classList.toggle('bad', !!this.refused);
    this._again.hidden = !this.refused || this.refused === 413 || this.refused === 415;
  }
}

function shape(file: File) {
  const kind = file.type.split('/')[0];
  return kind === 'image' ? 'image' : kind === 'audio' ? 'voice' : kind === 'video' ? 'video' : 'document';
}
