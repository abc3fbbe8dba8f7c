// Messages on their way. Each has its own id, which the server knows again, so
// sending one twice does no harm and losing the answer costs nothing.
import { Client, Refused } from './client';
import type { Files } from './part';
import type { Item, Store } from './store';
import { pause } from './stream';

export type Progress =
  | { kind: 'sending' | 'waiting' | 'dropped' }
  | { kind: 'sent'; seq: number }
  | { kind: 'refused'; status: number };

export class Outbox {
  /** The files of messages, by id, which only this page has. */
  readonly held = new Map<string, Files>();
  private _busy = false;
  private _told = false; // by the server, to wait for the timer
  private _timer = 0;
  private _failures = 0;

  constructor(
    private readonly _client: Client,
    private readonly _store: Store,
    private readonly _report: (item: Item, progress: Progress) => void,
  ) {}

  /** What has not been sent, the refused included, oldest first. */
  get items(): Item[] {
    return this._store.get('queue') || [];
  }

  add(text: string, files?: Files): Item {
    const item: Item = { id: randomID(), text };
    if (files) {
      item.files = [];
      this.held.set(item.id, files);
    }
    this._store.set('queue', [...this.items, item]);
    return item;
  }

  /** Whether the page that had the item's files is gone, or is another. */
  lost(item: Item): boolean {
    return item.files?.length === 0 && !this.held.has(item.id);
  }

  remove(id: string): void {
    this.held.delete(id);
    const left = this.items.filter((item) => item.id !== id);
    this._store.set('queue', left.length ? left : undefined);
  }

  /** Sends what waits, in order, one at a time. */
  async flush(): Promise<void> {
    if (this._busy || this._told) return;
    this._busy = true;
    clearTimeout(this._timer);
    let item: Item | undefined;
    try {
      while ((item = this.items.find((waiting) => !waiting.refused && !this.lost(waiting))) && (await this._send(item)));
    } finally {
      this._busy = false;
    }
  }

  private async _send(item: Item): Promise<boolean> {
    if (!navigator.onLine) { // the online event sends it
      this._report(item, { kind: 'waiting' });
      return false;
    }
    this._report(item, { kind: 'sending' });
    try {
      const files = this.held.get(item.id);
      if (files) {
        item.files = await files.ready();
        if (!this.held.has(item.id)) return true; // forgotten meanwhile
        if (!item.files.length && !item.text) { // taken back one by one
          this.remove(item.id);
          this._report(item, { kind: 'dropped' });
          return true;
        }
        this._change(item);
      }
      const { seq } = await this._client.post('messages', { id: item.id, text: item.text, attachments: item.files });
      this._failures = 0;
      this.remove(item.id);
      this._report(item, { kind: 'sent', seq });
      return true;
    } catch (error) {
      const status = error instanceof Refused ? error.status : 0;
      if (status >= 400 && status < 500 && status !== 429 && status !== 401 && status !== 408) {
        item.refused = status;
        this._change(item);
        this._report(item, { kind: 'refused', status });
        return true;
      }
      const asked = error instanceof Refused ? error.retryAfter : 0;
      this._report(item, { kind: 'waiting' });
      this._told = asked > 0;
      this._timer = setTimeout(() => {
        this._told = false;
        this.flush();
      }, asked ? asked * 1e3 : pause(this._failures++));
      return false;
    }
  }

  private _change(item: Item): void {
    this._store.set('queue', this.items.map((kept) => (kept.id === item.id ? item : kept)));
  }
}

/** Makes a UUID. crypto.randomUUID would need the page to be served over TLS. */
function randomID(): string {
  return 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => (crypto.getRandomValues(new Uint8Array(1))[0] & 15).toString(16));
}
