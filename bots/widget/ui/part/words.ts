// The second part's own words, which the server puts in front of it.
import type english from './lang/en.json';

declare const frontdeskWords: typeof english;

export const words = frontdeskWords;

/** Puts values into a text's {0}, {1}. */
export function fill(text: string, ...values: (string | number)[]): string {
  return text.replace(/\{(\d)\}/g, (_, n) => String(values[n]));
}

/** Says a number of bytes as people of the language do. */
export function size(bytes: number, tag: string): string {
  const [value, unit] = bytes < 1e6 ? [Math.max(1, Math.round(bytes / 1e3)), 'kilobyte'] : [bytes / 1e6, 'megabyte'];
  return new Intl.NumberFormat(tag, { style: 'unit', unit, maximumFractionDigits: 1 }).format(value);
}

export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return Math.floor(whole / 60) + ':' + String(whole % 60).padStart(2, '0');
}
