// What stays in the browser between pages. Storage can be missing, full or
// forbidden; then the values live as long as the page.
import type { Session } from './wire';

export interface Item {
  id: string;
  text: string;
  files?: string[]; // ids; none while they are on their way from the page that has them
  refused?: number; // the status it was refused with, for good
}

/** What the visitor was asked in one conversation, and said. */
export interface Asked {
  of: string; // the conversation
  email?: string; // empty: they would rather not
  rated?: number; // their message after which it was closed
  score?: number; // 0: they would rather not
}

/** The widget as it was last seen. */
export interface Memory {
  open?: boolean;
  muted?: boolean;
  read?: number; // number of the newest message seen
  active?: number; // when something was last said, in ms
  care?: Asked;
}

interface Values {
  token: Session;
  queue: Item[];
  draft: string;
  state: Memory;
}

export class Store {
  private readonly _unsaved = new Map<string, string>();

  constructor(private readonly _site: string) {}

  /** The name under which a value is stored, as storage events give it. */
  name(key: keyof Values): string {
    return 'frontdesk:' + this._site + ':' + key;
  }

  get<Key extends keyof Values>(key: Key): Values[Key] | undefined {
    const name = this.name(key);
    try {
      return JSON.parse(this._unsaved.get(name) || localStorage.getItem(name) || 'null') ?? undefined;
    } catch {
      return undefined;
    }
  }

  set<Key extends keyof Values>(key: Key, value?: Values[Key]): void {
    const name = this.name(key);
    this._unsaved.delete(name);
    try {
      if (value === undefined) localStorage.removeItem(name);
      else localStorage.setItem(name, JSON.stringify(value));
    } catch {
      if (value !== undefined) this._unsaved.set(name, JSON.stringify(value));
    }
  }

  /** Changes some of what is remembered of the widget. */
  remember(change: Memory): void {
    this.set('state', { ...this.get('state'), ...change });
  }
}
