// The second part: files, voice, the layout of long answers and sound. It comes
// when the chat is first opened; without it the chat is one of plain lines. The third:
// what to expect of people and what they are told, once there are any.
import type { Client } from './client';
import type { Cite, inline } from './markdown';
import type { Panel } from './panel';
import type { Row } from './row';
import type { Store } from './store';
import type { Transcript } from './transcript';
import type { Words } from './strings';
import type { State } from './wire';

/** The files that go with one message. */
export interface Files {
  /** Their ids, once the server has them all. It fails with Refused. */
  ready(): Promise<string[]>;
  /** Shows how far they are, in the message's row. */
  show(row: Row): void;
  /** Puts them back to where the message is written. */
  back(): void;
}

export interface Part {
  /** Takes the files chosen for the message that is being sent. */
  take(): Files | undefined;
  /** Takes all back that is chosen or on its way. */
  clear(): void;
  /** Shows the files of a message that the server has. */
  show(row: Row): void;
  blocks(text: string, cite?: Cite): DocumentFragment;
  chime(): void;
  /** Said of a message that waits with its files. */
  waiting: string;
}

/** What the later parts are given of the first, so that nothing is sent twice. */
export interface Host {
  base: string;
  tag: string;
  words: Words;
  shadow: ShadowRoot;
  client: Client;
  store: Store;
  panel: Panel;
  transcript: Transcript;
  send(text: string, files: Files): void;
  refuse(status: number): Error;
  inline: typeof inline;
}

/** Shows the state as it is now, or that there is none. */
export type Care = (state?: State) => void;

/** Where a part is, once it is there. */
interface Slot<T> {
  part?: T;
  tries?: number;
  loading?: Promise<void>;
}
export const second: Slot<Part> = {};
export const third: Slot<Care> = {};

/** Loads a part, once. A later call tries again what has failed, under another
 *  address, since a browser may remember that an import failed. */
export function load<T>(slot: Slot<T>, host: Host, address: string, then: () => void): void {
  const tries = (slot.tries ||= 0);
  slot.loading ||= import(host.base + 'widget/' + address + (tries ? '&n=' + tries : '')).then((module) => {
    slot.part = module.begin(host);
    then();
  }).catch(() => {
    slot.tries = tries + 1;
    slot.loading = undefined;
  });
}
