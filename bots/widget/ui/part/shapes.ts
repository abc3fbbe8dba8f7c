import { draw, el } from '../dom';

const shapes = {
  attach: 'M20 11.5l-8 8a5 5 0 0 1-7-7l8.5-8.5a3.3 3.3 0 0 1 4.7 4.7l-8.4 8.4a1.7 1.7 0 0 1-2.4-2.4l7.6-7.6',
  camera: 'M4 8h3.5L9 5.5h6L16.5 8H20a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1zM12 10a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z',
  microphone: 'M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21',
  remove: 'M7 7l10 10M17 7L7 17',
  again: 'M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5',
  send: 'M12 19V5M6 11l6-6 6 6',
  play: 'M8 5.5v13l10.5-6.5z',
  pause: 'M9 6v12M15 6v12',
  save: 'M12 4v11M7 10.5l5 5 5-5M5 20h14',
  image: 'M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM4 16l4.5-4.5 8 8M14 14l2-2 4 4M14.5 8.5h.01',
  voice: 'M5 10v4M9 6v12M13 9v6M17 5v14M21 10v4',
  video: 'M4 6h11a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1zM16 10.5l5-3v9l-5-3',
  document: 'M6 3h8l5 5v12a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM14 3v5h5',
};
export type Shape = keyof typeof shapes;

export function icon(shape: Shape): SVGElement {
  return draw(shapes[shape]);
}

/** Makes a button that shows an icon and is named by its label. */
export function button(shape: Shape, label: string, press: (event: Event) => void, name = 'tool'): HTMLButtonElement {
  return el('button', { type: 'button', class: name, 'aria-label': label, title: label, onclick: press }, icon(shape));
}
