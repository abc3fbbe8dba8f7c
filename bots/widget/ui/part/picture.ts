// Pictures are drawn on a canvas rather than shown by an address of their own,
// which a careful site's policy would forbid.
import { el } from '../dom';

/** Draws a picture, no larger than most pixels on its longer side. It fails for
 *  what this browser cannot decode. */
export async function paint(blob: Blob, most: number): Promise<HTMLCanvasElement> {
  const picture = await createImageBitmap(blob);
  const scale = Math.min(1, most / Math.max(picture.width, picture.height));
  const canvas = el('canvas', { width: Math.max(1, Math.round(picture.width * scale)), height: Math.max(1, Math.round(picture.height * scale)) });
  const context = canvas.getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas;
}
