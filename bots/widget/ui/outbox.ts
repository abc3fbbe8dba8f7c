// Messages on their way. Each has its own id, which the server knows again, so
// sending one twice does no harm and losing the answer costs nothing.
import { Client, Refused } from './client';
import type { Item, Store } from './store';
import { pause } from './stream';

export type Progress =
  | { kind: 'sending' | 'waiting' }
  | { kind: 'sent'; seq: number }
  | { kind: 'refused'; status: number };

export class Outbox {
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

  add(text: string): Item {
    const item = { id: randomID(), text };
    this._store.set('queue', [...this.items, item]);
    return item;
  }

  remove(id: string): void {
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
      while ((item = this.items.find((waiting) => !waiting.refused)) && (await this._send(item)));
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
      const { seq } = await this._client.post('messages', { id: item.id, text: item.text });
      this._failures = 0;
      this.remove(item.id);
      this._report(item, { kind: 'sent', seq });
      return true;
    } catch (error) {
      const status = error instanceof Refused ? error.status : 0;
      if (status >= 400 && status < 500 && status !== 429 && status !== 401 && status !== 408) {
        this._store.set('queue', this.items.map((kept) => (kept.id === item.id ? { ...kept, refused: status } : kept)));
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
}

/** Makes a UUID. crypto.randomUUID would need the page to be served over TLS. */
function randomID(): string {
  return 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => (crypto.getRandomValues(new Uint8Array(1))[0] & 15).toString(16));
}
