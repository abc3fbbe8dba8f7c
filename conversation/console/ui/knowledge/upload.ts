// Files on their way to the server, one after the other.
import { signal } from '@preact/signals';
import { Failed, failure } from '../api';
import { say } from '../store';
import { load } from './state';

export interface Upload { id: number; name: string; bytes: number; part: number; error?: string; left?: { name: string; reason: string }[] }
export const uploads = signal<Upload[]>([]);
let last = 0;

function change(id: number, with_: Partial<Upload> | null): void {
  uploads.value = with_ ? uploads.value.map((u) => (u.id === id ? { ...u, ...with_ } : u)) : uploads.value.filter((u) => u.id !== id);
}

export function forget(u: Upload): void { change(u.id, null); }

export async function upload(files: File[]): Promise<void> {
  const list = files.map((file) => ({ file, row: { id: ++last, name: file.name, bytes: file.size, part: 0 } as Upload }));
  uploads.value = [...uploads.value.filter((u) => u.part < 1 && !u.error), ...list.map((l) => l.row)];
  for (const { file, row } of list) {
    try {
      const done = await send(file, (part) => change(row.id, { part }));
      say(file.name + ' uploaded');
      change(row.id, done.passed_over?.length ? { part: 1, left: done.passed_over } : null);
      load();
    } catch (err) {
      if (!(err instanceof Failed)) throw err;
      change(row.id, { error: err.message });
    }
  }
}

interface Added { id: string; passed_over?: { name: string; reason: string }[] }

/** Uploads one file and tells how far it is, from 0 to 1. */
function send(file: File, progress: (part: number) => void): Promise<Added> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append('file', file);
    const xhr = new XMLHttpRequest(); // fetch cannot tell how far an upload is
    xhr.open('POST', '/api/v1/documents');
    xhr.upload.addEventListener('progress', (e) => { if (e.lengthComputable) progress(e.loaded / e.total); });
    xhr.addEventListener('error', () => reject(new Failed(0, 'unreachable', 'The upload was interrupted.')));
    xhr.addEventListener('load', async () => {
      if (xhr.status === 202) resolve(JSON.parse(xhr.responseText));
      else reject(await failure(xhr.status, () => JSON.parse(xhr.responseText)));
    });
    xhr.send(form);
  });
}
