// The second part: what a chat needs only once it is used. See ../part.ts for
// how the first part knows it.
import { dress } from '../dom';
import type { Host, Part } from '../part';
import { layout } from './blocks';
import { Composer } from './composer';
import { Gallery } from './gallery';
import { chime } from './sound';
import css from './style.css';
import { words } from './words';

export function begin(host: Host): Part {
  dress(host.shadow, css);
  const gallery = new Gallery(host);
  const composer = new Composer(host, gallery);
  return {
    take: () => composer.take(),
    clear: () => composer.clear(),
    show: (row) => gallery.show(row),
    blocks: layout(host),
    chime,
    waiting: words.waitingFiles,
  };
}
