// The files of messages as they are shown.
import { el } from '../dom';
import type { Host } from '../part';
import type { Row } from '../row';
import type { Attachment } from '../wire';
import { paint } from './picture';
import { Player } from './player';
import { button, icon } from './shapes';
import { fill, size, words } from './words';

const kept = 6; // files held in memory, the latest
const thumbnail = 520; // px on the longer side: sharp at twice the 260 it is shown at
const playable = 3 << 20; // bytes of sound that are decoded at once; more is for saving
const playableFor = 600; // seconds, likewise

/** What is shown of a message's files, by their ids. */
type Shown = Map<string, { state: string; element: HTMLElement }>;

export class Gallery {
  private readonly _shown = new WeakMap<Row, Shown>();
  private readonly _files = new Map<string, Promise<Blob>>();
  private readonly _seen: IntersectionObserver;
  private readonly _due = new WeakMap<Element, () => void>();
  private readonly _dialog: HTMLDialogElement;

  constructor(private readonly _host: Host) {
    this._seen = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        this._seen.unobserve(target);
        this._due.get(target)?.();
      }
    }, { root: _host.transcript.element, rootMargin: '200px' });
    // A click beside the picture closes it as well.
    this._dialog = el('dialog', { class: 'viewer', onclick: (event: Event) => event.target === this._dialog && this._dialog.close(), onclose: () => this._dialog.replaceChildren() });
    _host.panel.element.parentElement!.append(this._dialog);
  }

  /** Remembers the bytes of a file this page has sent, which need no fetching. */
  keep(id: string, file: Blob): void {
    this._remember(id, Promise.resolve(file));
  }

  /** Shows the files of a row's message as they stand. */
  show(row: Row): void {
    const before = this._shown.get(row), now: Shown = new Map();
    const items = (row.attachments || []).map((file) => {
      const state = JSON.stringify(file), old = before?.get(file.id);
      // What has not changed stays, and with it its picture and the focus.
      const shown = old?.state === state ? old : { state, element: this._item(file) };
      now.set(file.id, shown);
      return shown.element;
    });
    this._shown.set(row, now);
    row.files.replaceChildren(...(items.length ? [el('ul', { class: 'shown' }, ...items)] : []));
  }

  private _item(file: Attachment): HTMLElement {
    const small = file.bytes <= playable && (file.seconds || 0) <= playableFor;
    const sound = file.kind === 'voice' && small && !lost(file);
    const body = file.kind === 'image' && !lost(file) ? this._picture(file) : sound ? new Player(file, () => this._get(file)).element : this._chip(file);
    const said = file.text && el('p', { class: 'said', dir: 'auto' }, el('span', { class: 'spoken' }, words.transcript + ' '), file.text);
    const note = file.state === 'pending' ? (file.kind === 'voice' && words.listening) : file.state !== 'ready' && reason(file);
    return el('li', null, body, said || null, note && el('span', { class: file.state === 'pending' ? 'note' : 'note bad' }, note));
  }

  private _picture(file: Attachment): HTMLElement {
    const open = el('button', { type: 'button', class: 'picture', 'aria-label': fill(words.open, file.name), onclick: () => this._view(file) }, icon('image'));
    const load = () => this._get(file).then((blob) => paint(blob, thumbnail)).then((canvas) => open.replaceChildren(canvas),
      () => open.isConnected && open.replaceWith(this._chip(file)));
    this._due.set(open, load);
    this._seen.observe(open);
    return open;
  }

  private _chip(file: Attachment): HTMLElement {
    const about = el('span', { class: 'about' }, el('bdi', { class: 'name' }, file.name || words.file), el('span', { class: 'status' }, size(file.bytes, this._host.tag)));
    if (lost(file)) return el('span', { class: 'chip' }, icon(file.kind), about);
    return el('button', { type: 'button', class: 'chip', onclick: () => this._save(file) },
      icon(file.kind), el('span', { class: 'spoken' }, words.download), about, icon('save'));
  }

  private async _view(file: Attachment): Promise<void> {
    const place = el('div', { class: 'full', role: 'img', 'aria-label': file.name });
    this._dialog.setAttribute('aria-label', file.name);
    this._dialog.replaceChildren(el('div', { class: 'bar' }, el('bdi', { class: 'name' }, file.name),
      button('save', words.download, () => this._save(file)),
      button('remove', words.close, () => this._dialog.close())), place);
    this._dialog.showModal();
    try {
      place.append(await paint(await this._get(file), 4096));
    } catch {
      place.append(words.unavailable);
    }
  }

  private async _save(file: Attachment): Promise<void> {
    try {
      const address = URL.createObjectURL(await this._get(file));
      el('a', { href: address, download: file.name || 'file' }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60e3);
    } catch {
      this._host.panel.tell(words.unavailable);
    }
  }

  /** Returns a file's bytes. It fails when the server cannot be reached or no
   *  longer has it. */
  private _get(file: Attachment): Promise<Blob> {
    const known = this._files.get(file.id);
    if (known) return known;
    const asked = this._host.client.get('files/' + file.id).then((answer) => answer.blob());
    asked.catch(() => this._files.delete(file.id)); // another time it may be had
    return this._remember(file.id, asked);
  }

  private _remember(id: string, blob: Promise<Blob>): Promise<Blob> {
    this._files.delete(id);
    this._files.set(id, blob);
    if (this._files.size > kept) this._files.delete(this._files.keys().next().value!);
    return blob;
  }
}

/** Whether there are no bytes to be had. */
function lost({ state, reason }: Attachment): boolean {
  return (state === 'failed' || state === 'refused') && (reason === 'gone' || reason === 'full');
}

/** Says why a file was not read. */
function reason(file: Attachment): string {
  const why: Record<string, string> = {
    too_large: words.refusedSize, dimensions: words.refusedSize, duration: words.refusedDuration, damaged: words.refusedDamaged, empty: words.refusedDamaged,
    no_hearing: words.refusedHere, no_video: words.refusedHere, timeout: words.refusedHere, full: words.refusedFull, gone: words.unavailable,
  };
  return why[file.reason || ''] || words.refusedFormat;
}
