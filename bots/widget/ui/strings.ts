// The widget's own words. The server puts one language's pack in front of the
// script, as the page asked by /widget.js?lang=…; a page that wants another
// costs one more request. A test keeps the packs complete.
import type english from './lang/en.json';

export type Words = typeof english;

/** What stands in front of the script. */
declare const frontdeskPack: { lang: string; look: Look; languages: string[]; part: string; words: Words };

/** How the chat looks where the page's tag does not say. */
export interface Look {
  title?: string;
  accent?: string;
  position?: string;
  theme?: string;
  lang?: string;
  greeting?: string;
  quick_replies?: string[];
}

export const look = (): Look => frontdeskPack.look;

export interface Language {
  tag: string;
  /** What follows the name of a later part in its address: its version, in this language. */
  part: string;
  words: Words;
}

/** Finds the first wanted language there is a pack for, else the script's own. */
export async function language(base: string, ...wanted: (string | null | undefined)[]): Promise<Language> {
  let { lang: tag, words } = frontdeskPack;
  const name = (full?: string | null) => (full || '').split(/[-_]/)[0].toLowerCase();
  const found = wanted.find((full) => frontdeskPack.languages.includes(name(full)));
  if (found && name(found) !== tag) {
    try {
      words = await (await fetch(base + 'widget/v1/words?lang=' + name(found))).json();
      tag = found;
    } catch {
      // Better the script's own language than no chat.
    }
  } else tag = found || tag;
  return { tag, words, part: `.js?v=${frontdeskPack.part}&lang=${tag}` };
}

/** Puts a value into a text's {0}. */
export function fill(text: string, value: string | number): string {
  return text.replace('{0}', () => String(value));
}
