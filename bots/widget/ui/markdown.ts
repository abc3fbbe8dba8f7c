// The Markdown that answers use, as DOM nodes. Never HTML: whatever is not
// understood stays the text it is. Lists, tables and the like are laid out by
// the second part; until it is there they are lines. Images are not loaded, since an address in
// an answer could carry the conversation away; they become links.
import { el, link } from './dom';
import { second } from './part';

/** Makes the node for a citation of source n, or null when there is none. */
export type Cite = (n: number) => Node | null;

// What is looked for inside one block. Spans are bounded, so that text made to
// be slow is not.
const spans = new RegExp([
  '\\\\(?<escaped>[!-/:-@[-`{-~])',
  '(?<ticks>`+)(?<code>[^]{1,2000}?)\\k<ticks>(?!`)',
  '!?\\[(?<label>[^\\[\\]]{0,500})\\]\\(\\s*<?(?<url>(?:[^\\s()<>]|\\([^\\s()<>]{0,200}\\)){1,2000})>?(?:\\s+"[^"]{0,200}")?\\s*\\)',
  '\\[\\^?(?<cited>\\d{1,2})\\]',
  '(?<mark>\\*\\*|__|~~|[*_])(?=\\S)(?<marked>[^]{0,2000}?\\S)\\k<mark>',
  '(?<bare>https?://[^\\s<>"`]{1,2000})',
].join('|'), 'gu');

const tags = { '**': 'strong', '__': 'strong', '*': 'em', '_': 'em', '~~': 's' } as const;
const wordBefore = /[\p{L}\p{N}]$/u;
const wordAfter = /^[\p{L}\p{N}]/u;
const maxDepth = 6;

/** Appends text with its marks. Inside a link's label there are no links. */
export function inline(parent: ParentNode, text: string, cite?: Cite, depth = 0, links = true): void {
  const search = new RegExp(spans);
  let done = 0;
  let match: RegExpExecArray | null;
  while ((match = search.exec(text))) {
    const part = match.groups!, start = match.index;
    let node: Node | string | null = null, end = search.lastIndex;
    if (part.escaped) {
      node = part.escaped;
    } else if (part.code) {
      node = el('code', null, part.code);
    } else if (part.url) {
      const label = document.createDocumentFragment();
      inline(label, part.label || part.url, undefined, depth + 1, false);
      node = (links && link(part.url, label)) || label;
    } else if (part.cited) {
      node = cite?.(+part.cited) || null;
    } else if (part.marked) {
      // An underscore within a word is part of the word.
      const inWord = part.mark[0] === '_' && (wordBefore.test(text.slice(0, start)) || wordAfter.test(text.slice(end)));
      if (!inWord && depth < maxDepth) {
        node = el(tags[part.mark as keyof typeof tags]);
        inline(node as HTMLElement, part.marked, cite, depth + 1, links);
      }
    } else if (links) {
      const url = part.bare.replace(/[.,;:!?'*_~)\]]+$/, '');
      node = link(url, url);
      end = start + url.length;
    }
    if (node === null) { // it is only text; what follows its first character may not be
      search.lastIndex = start + 1;
      continue;
    }
    parent.append(text.slice(done, start), node);
    search.lastIndex = done = end;
  }
  parent.append(text.slice(done));
}

/** Renders Markdown. The result is safe to insert anywhere. */
export function markdown(text: string, cite?: Cite): DocumentFragment {
  if (second.part) return second.part.blocks(text, cite);
  const out = document.createDocumentFragment();
  for (const lines of text.split(/\n\s*\n/)) {
    const paragraph = el('p', { class: 'lines' });
    inline(paragraph, lines, cite);
    out.append(paragraph);
  }
  return out;
}
