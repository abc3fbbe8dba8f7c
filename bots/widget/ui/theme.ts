import { el } from './dom';

/** Gives root the custom properties for a site's own accent, with whichever of
 *  black and white reads better on it (one of them always has 4.5:1). An
 *  unusable colour gives none, which leaves the theme's own. */
export function colour(root: HTMLElement, accent?: string): void {
  if (!accent || !CSS.supports('color', accent)) return;
  const canvas = el('canvas').getContext('2d');
  if (!canvas) return;
  canvas.fillStyle = accent;
  canvas.fillRect(0, 0, 1, 1);
  // WCAG's relative luminance, to within what the choice needs.
  const [red, green, blue] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => (value / 255) ** 2.2);
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  root.style.setProperty('--accent', accent);
  root.style.setProperty('--on-accent', luminance > 0.179 ? '#000' : '#fff');
}
