// Where files are chosen for the next message: by a dialog, by pasting, by
// dropping them on the chat, by the microphone.
import { el } from '../dom';
import type { Files, Host } from '../part';
import { accept, refusal } from './check';
import type { Gallery } from './gallery';
import { Recorder } from './recorder';
import { button } from './shapes';
import { Upload } from './upload';
import { fill, words } from './words';

const most = 4; // files in one message

export class Composer {
  private readonly _tray = el('ul', { class: 'tray', 'aria-label': words.attached, hidden: true });
  private readonly _alert = el('div', { class: 'alert', role: 'alert', hidden: true });
  private _uploads: Upload[] = [];
  private readonly _unsent = new Set<Upload>();

  constructor(private readonly _host: Host, private readonly _gallery: Gallery) {
    const { panel } = _host;
    panel.form.before(this._alert, this._tray);
    panel.form.prepend(this._chooser('attach', words.attach, { accept, multiple: true }));
    if (matchMedia('(pointer:coarse)').matches) {
      panel.form.firstChild!.after(this._chooser('camera', words.camera, { accept: 'image/*', capture: 'environment' }));
    }
    new Recorder(panel.form, (file) => {
      const upload = this._upload(file, words.voice);
      _host.send('', this._files([upload]));
    }, (text) => this._warn(text));
    panel.element.addEventListener('paste', (event) => {
      const { files, types } = event.clipboardData!;
      // What was copied from a document has a picture of its text as well.
      if (!files.length || types.includes('text/plain')) return;
      event.preventDefault();
      this._add(files);
    });
    this._dropping(panel.element);
  }

  /** Takes the chosen files for a message; the refused ones stay behind. */
  take(): Files | undefined {
    const uploads = this._uploads.filter((upload) => !upload.refused);
    if (!uploads.length) return;
    this._uploads = this._uploads.filter((upload) => upload.refused);
    this._changed();
    this._warn('');
    return this._files(uploads);
  }

  clear(): void {
    for (const upload of this._unsent) upload.remove();
    this._warn('');
  }

  private _files(uploads: Upload[]): Files {
    return {
      ready: async () => {
        for (const upload of uploads) await upload.settled();
        const left = uploads.filter((upload) => !upload.gone);
        if (left.some((upload) => upload.refused)) throw this._host.refuse(422);
        for (const upload of left) {
          this._gallery.keep(upload.id!, upload.file);
          this._unsent.delete(upload);
        }
        return left.map((upload) => upload.id!);
      },
      show: (row) => row.files.replaceChildren(el('ul', { class: 'uploads' }, ...uploads.map((upload) => upload.element))),
      back: () => {
        for (const upload of uploads) {
          if (upload.gone) continue;
          this._uploads.push(upload);
          this._unsent.add(upload);
          this._tray.append(upload.element);
          // The conversation they were sent to may be another than the next.
          if (!upload.refused) upload.start();
        }
        this._changed();
      },
    };
  }

  private _add(files: Iterable<File>): void {
    const problems: string[] = [], added: string[] = [];
    for (const file of files) {
      const why = this._uploads.length < most ? refusal(file) : fill(words.tooMany, most);
      if (!why) {
        const upload = this._upload(file, file.name);
        this._uploads.push(upload);
        this._tray.append(upload.element);
        added.push(file.name);
      } else if (!problems.includes(why)) problems.push(why);
    }
    this._warn(problems.join(' '));
    if (added.length) this._host.panel.say(words.attached + ': ' + added.join(', '));
    this._changed();
  }

  private _upload(file: File, name: string): Upload {
    const made = new Upload(this._host, file, name, (upload) => {
      if (upload.gone) this._unsent.delete(upload);
      if (upload.gone && this._uploads.includes(upload)) {
        this._uploads = this._uploads.filter((other) => other !== upload);
        this._host.panel.focus();
      }
      this._changed();
    });
    this._unsent.add(made);
    return made;
  }

  private _changed(): void {
    this._tray.hidden = !this._uploads.length;
    this._host.panel.filled = this._uploads.some((upload) => !upload.refused);
    this._host.panel.fit();
  }

  private _warn(text: string): void {
    this._alert.textContent = text;
    this._alert.hidden = !text;
  }

  private _chooser(shape: 'attach' | 'camera', label: string, attributes: Record<string, string | boolean>): HTMLElement {
    const input = el('input', {
      type: 'file', hidden: true, ...attributes,
      onchange: () => {
        this._add(input.files!);
        input.value = ''; // the same file can be chosen again
      },
    });
    return el('span', { class: shape }, button(shape, label, () => input.click()), input);
  }

  private _dropping(panel: HTMLElement): void {
    const here = el('div', { class: 'drop', hidden: true, 'aria-hidden': 'true' }, words.drop);
    panel.append(here);
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      here.hidden = false;
    };
    panel.addEventListener('dragenter', over);
    panel.addEventListener('dragover', over);
    panel.addEventListener('dragleave', (event) => {
      if (!panel.contains(event.relatedTarget as Node | null)) here.hidden = true;
    });
    panel.addEventListener('drop', (event) => {
      here.hidden = true;
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      this._add(event.dataTransfer.files);
    });
  }
}
