// How long answers are laid out: lists, tables, quotes, code. What is within a
// line is the first part's affair.
import { el } from '../dom';
import type { Cite } from '../markdown';
import type { Host } from '../part';

const fence = /^\s*(```+|~~~+)/;
const heading = /^\s{0,3}#{1,6}\s+(.*?)\s*#*$/;
const rule = /^\s*([-*_])(\s*\1){2,}\s*$/;
const quote = /^\s*>\s?/;
const item = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)/;
const tableRule = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const maxDepth = 6;

export function layout({ inline }: Pick<Host, 'inline'>): (text: string, cite?: Cite) => DocumentFragment {
  /** Renders Markdown. The result is safe to insert anywhere. */
  return function render(text: string, cite?: Cite, depth = 0): DocumentFragment {
    const out = document.createDocumentFragment();
    const lines = text.replace(/\r\n?/g, '\n').split('\n');
    const isTable = (at: number) => lines[at].includes('|') && (lines[at + 1] || '').includes('|') && tableRule.test(lines[at + 1]);
    const isBlock = (at: number) => [fence, heading, rule, quote, item].some((kind) => kind.test(lines[at])) || isTable(at);
    let at = 0;
    while (at < lines.length) {
      const line = lines[at];
      let match: RegExpMatchArray | null;
      if (!line.trim()) {
        at++;
      } else if ((match = line.match(fence))) {
        const code: string[] = [];
        while (++at < lines.length && !lines[at].trim().startsWith(match[1])) code.push(lines[at]);
        at++;
        out.append(el('pre', { tabindex: 0, dir: 'ltr' }, el('code', null, code.join('\n'))));
      } else if ((match = line.match(heading))) {
        // Not a heading element: the page's outline is the host's own.
        const title = el('p', { class: 'heading' });
        inline(title, match[1], cite);
        out.append(title);
        at++;
      } else if (rule.test(line)) {
        out.append(el('hr'));
        at++;
      } else if (quote.test(line)) {
        const quoted: string[] = [];
        while (at < lines.length && quote.test(lines[at])) quoted.push(lines[at++].replace(quote, ''));
        out.append(el('blockquote', null, depth < maxDepth ? render(quoted.join('\n'), cite, depth + 1) : quoted.join('\n')));
      } else if (item.test(line)) {
        const items: RegExpMatchArray[] = [];
        while (at < lines.length && lines[at].trim()) {
          if ((match = lines[at].match(item))) items.push(match);
          else if (/^\s/.test(lines[at])) items[items.length - 1][3] += '\n' + lines[at].trim();
          else break;
          at++;
          // A blank line between two items does not end the list.
          if (at + 1 < lines.length && !lines[at].trim() && item.test(lines[at + 1])) at++;
        }
        list(out, items, cite);
      } else if (isTable(at)) {
        const rows = [lines[at]];
        at += 2;
        while (at < lines.length && lines[at].includes('|')) rows.push(lines[at++]);
        out.append(table(rows, cite));
      } else {
        const paragraph = el('p');
        inline(paragraph, line, cite);
        while (++at < lines.length && lines[at].trim() && !isBlock(at)) {
          paragraph.append(el('br'));
          inline(paragraph, lines[at], cite);
        }
        out.append(paragraph);
      }
    }
    return out;
  };

  /** Nests items by their indentation. */
  function list(out: ParentNode, items: RegExpMatchArray[], cite?: Cite): void {
    const levels: { indent: number; element: HTMLElement }[] = [];
    for (const [, space, marker, text] of items) {
      while (levels.length > 1 && space.length < levels[levels.length - 1].indent) levels.pop();
      let level = levels[levels.length - 1];
      if (!level || (space.length > level.indent + 1 && levels.length < maxDepth)) {
        const element = /\d/.test(marker) ? el('ol', { start: parseInt(marker) }) : el('ul');
        (level?.element.lastElementChild || out).append(element);
        levels.push((level = { indent: space.length, element }));
      }
      const entry = el('li');
      inline(entry, text, cite);
      level.element.append(entry);
    }
  }

  function table(rows: string[], cite?: Cite): HTMLElement {
    const body = el('table');
    rows.forEach((row, index) => {
      const line = el('tr');
      for (const cell of row.trim().replace(/^\||\|$/g, '').split('|')) {
        const box = el(index ? 'td' : 'th');
        inline(box, cell.trim(), cite);
        line.append(box);
      }
      body.append(line);
    });
    return el('div', { class: 'table', tabindex: 0 }, body);
  }
}
