// The second part: files, voice, the layout of long answers and sound. It comes
// when the chat is first opened; without it the chat is one of plain lines.
import type { Client } from './client';
import type { Cite, inline } from './markdown';
import type { Panel } from './panel';
import type { Row } from './row';
import type { Transcript } from './transcript';
import type { Words } from './strings';

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

/** What the second part is given of the first, so that neither is sent twice. */
export interface Host {
  base: string;
  tag: string;
  words: Words;
  shadow: ShadowRoot;
  client: Client;
  panel: Panel;
  transcript: Transcript;
  send(text: string, files: Files): void;
  refuse(status: number): Error;
  inline: typeof inline;
}

/** Where the second part is, once it is there. */
export const second: { part?: Part } = {};

let attempts = 0;
let loading: Promise<void> | undefined;

/** Loads the second part, once. A later call tries again what has failed, under
 *  another address, since a browser may remember that an import failed. */
export function load(host: Host, address: string, then: () => void): void {
  loading ||= import(host.base + address + (attempts++ ? '&n=' + attempts : '')).then((module) => {
    second.part = module.begin(host);
    then();
  }).catch(() => (loading = undefined));
}
