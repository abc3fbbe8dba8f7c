// The event stream: read with fetch, since EventSource cannot carry the token.
import { Client, Refused } from './client';

const quiet = 40e3; // the server says something every 15 s
const longest = 30e3;

/** How long to wait before attempt n, spread so that a server that comes back
 *  is not met by everybody at once. */
export function pause(attempt: number): number {
  return Math.min(longest, 1e3 * 2 ** attempt) * (0.5 + Math.random());
}

export class Stream {
  private _reading?: AbortController;
  private _timer = 0;
  private _failures = 0;

  constructor(
    private readonly _client: Client,
    /** The number of the newest message, to resume after. */
    private readonly _after: () => number | undefined,
    private readonly _hear: (kind: string, data: any) => void,
    /** Told whether the stream stands. */
    private readonly _changed: (connected: boolean) => void,
  ) {}

  /** Connects, and connects again whenever the stream ends, until stop. */
  start(): void {
    if (this._reading || !this._client.session) return;
    clearTimeout(this._timer);
    const reading = (this._reading = new AbortController());
    this._read(reading).then(() => 0, (error) => {
      if (this._client.lost(error)) return -1; // the next message opens a new session
      return error instanceof Refused ? error.retryAfter * 1e3 : 0;
    }).then((wait) => {
      if (this._reading !== reading) return;
      this._reading = undefined;
      this._changed(false);
      if (wait >= 0) this._timer = setTimeout(() => this.start(), wait || pause(this._failures++));
    });
  }

  stop(): void {
    clearTimeout(this._timer);
    this._reading?.abort();
    this._reading = undefined;
    this._failures = 0;
  }

  private async _read(reading: AbortController): Promise<void> {
    let watchdog = 0;
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => reading.abort(), quiet);
    };
    try {
      alive();
      const after = this._after();
      const answer = await this._client.get('events' + (after === undefined ? '' : '?after=' + after), reading.signal);
      const reader = answer.body!.getReader(), decoder = new TextDecoder();
      let text = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this._reading !== reading) return;
        alive();
        const frames = (text + decoder.decode(value, { stream: true })).split('\n\n');
        text = frames.pop()!;
        for (const frame of frames) this._take(frame);
      }
    } finally {
      clearTimeout(watchdog);
    }
  }

  private _take(frame: string): void {
    const kind = frame.match(/^event: (.*)$/m), data = frame.match(/^data: (.*)$/m);
    if (!kind || !data) return;
    if (kind[1] === 'state') {
      this._failures = 0;
      this._changed(true);
    }
    this._hear(kind[1], JSON.parse(data[1]));
  }
}
