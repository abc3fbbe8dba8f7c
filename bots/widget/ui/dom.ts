// Building DOM without any HTML text, so that nothing a bot, a person or a
// document wrote can become markup.

type Child = Node | string | number | null | undefined | false;
type Value = string | number | boolean | null | undefined | ((event: any) => void);

/** Makes an element. Properties starting with "on" are listeners, the rest are
 *  attributes; null, undefined and false leave one out. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag, properties?: Record<string, Value> | null, ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value != null && value !== false) element.setAttribute(name, value === true ? '' : value as string);
  }
  for (const child of children) if (child) element.append(child as string);
  return element;
}

const shapes = {
  chat: 'M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2z',
  close: 'M6 6l12 12M18 6L6 18',
  down: 'M6 9l6 6 6-6',
  send: 'M12 19V5M6 11l6-6 6 6',
  sound: 'M4 10v4h4l5 4V6L8 10zM17 9a4 4 0 0 1 0 6',
  silent: 'M4 10v4h4l5 4V6L8 10zM17 10l4 4M21 10l-4 4',
  up: 'M8 11v8H4v-8zM8 11l4-7a2 2 0 0 1 2 2v4h4a2 2 0 0 1 2 2l-1 5a2 2 0 0 1-2 2H8',
};
export type Shape = keyof typeof shapes;

const svgNamespace = 'http://www.w3.org/2000/svg';

export function icon(shape: Shape): SVGElement {
  return draw(shapes[shape]);
}

/** Makes an icon of a path in a square of 24. */
export function draw(lines: string): SVGElement {
  const svg = document.createElementNS(svgNamespace, 'svg');
  const path = document.createElementNS(svgNamespace, 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', lines);
  svg.append(path);
  return svg;
}

/** Makes a button that shows an icon and is named by its label. */
export function iconButton(shape: Shape, label: string, press: (event: Event) => void, name = ''): HTMLButtonElement {
  return el('button', { type: 'button', class: name || null, 'aria-label': label, title: label, onclick: press }, icon(shape));
}

/** Gives a shadow root one more sheet of styles. */
export function dress(shadow: ShadowRoot, css: string): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    shadow.adoptedStyleSheets = [...shadow.adoptedStyleSheets, sheet];
  } catch { // browsers of before 2023
    shadow.append(el('style', null, css));
  }
}

// Anything but these schemes could run code or read the visitor's machine.
const safeSchemes = /^(https?:\/\/|mailto:|tel:)/i;

/** Makes a link that opens beside the page, or null for an address that must
 *  not be followed. */
export function link(url: string | undefined, ...children: Child[]): HTMLAnchorElement | null {
  if (!url || !safeSchemes.test(url)) return null;
  return el('a', { href: url, target: '_blank', rel: 'noopener noreferrer nofollow' }, ...children);
}
