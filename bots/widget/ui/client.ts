// The server's API, and the session behind it.
import type { Store } from './store';
import type { Profile, Session } from './wire';

/** The server said no. Anything else that fails is the network. */
export class Refused extends Error {
  constructor(readonly status: number, readonly retryAfter: number) {
    super();
  }
}

const renewAfter = 24 * 3600e3; // a token lasts 30 days

export class Client {
  /** What the page says of its visitor. */
  profile: Profile = {};
  private _opening?: Promise<void>;

  constructor(
    private readonly _base: string,
    private readonly _key: string,
    private readonly _locale: string,
    private readonly _store: Store,
    /** Told when the conversation is another than before. */
    private readonly _changed: () => void,
  ) {}

  get session(): Session | undefined {
    return this._store.get('token');
  }

  /** Makes sure there is a session. Callers at the same time share one. */
  begin(): Promise<void> {
    if (this.session) return Promise.resolve();
    return (this._opening ||= this.renew().finally(() => (this._opening = undefined)));
  }

  /** Renews an ageing session, so that it lasts while the visitor comes back. */
  async keep(): Promise<void> {
    if (this.session && Date.now() - this.session.issued > renewAfter) await this.renew();
  }

  /** Opens a session, or renews the present one with what the page says. */
  async renew(): Promise<void> {
    const before = this.session;
    const answer = await this._fetch('sessions', { key: this._key, locale: this._locale, ...this.profile });
    const session: Session = await answer.json();
    this._store.set('token', { ...session, issued: Date.now() });
    if (before?.conversation !== session.conversation) this._changed();
  }

  /** Posts, with a new session when the present one has ended. */
  async post(path: string, body: unknown): Promise<any> {
    await this.begin();
    let answer: Response;
    try {
      answer = await this._fetch(path, body);
    } catch (error) {
      if (!this.lost(error)) throw error;
      await this.begin();
      answer = await this._fetch(path, body);
    }
    return answer.status === 204 ? undefined : answer.json();
  }

  get(path: string, signal?: AbortSignal): Promise<Response> {
    return this._fetch(path, undefined, signal);
  }

  /** Whether the session has ended. */
  lost(error: unknown): boolean {
    return error instanceof Refused && error.status === 401;
  }

  private async _fetch(path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = {}, token = this.session?.token;
    if (token) headers.authorization = 'Bearer ' + token;
    if (body) headers['content-type'] = 'application/json';
    const answer = await fetch(this._base + 'widget/v1/' + path, {
      method: body ? 'POST' : 'GET', headers, body: body ? JSON.stringify(body) : undefined, signal, credentials: 'omit', cache: 'no-store',
    });
    // Another tab may have a new one by now.
    if (answer.status === 401 && token === this.session?.token) this._store.set('token');
    if (!answer.ok) throw new Refused(answer.status, +answer.headers.get('retry-after')! || 0);
    return answer;
  }
}
