// The third part's own words, which the server puts in front of it.
import type english from './lang/en.json';

declare const frontdeskWords: typeof english;

export const words = frontdeskWords;

/** Puts a value into a text's {0}. */
export function fill(text: string, value: string | number): string {
  return text.replace('{0}', () => String(value));
}
