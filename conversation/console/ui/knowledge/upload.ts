// Files on their way to the server, one after the other.
import { signal } from '@preact/signals';
import { Failed, failure } from '../api';
import { say } from '../store';
import { load } from './state';

export interface Upload { id: number; file: File; part: number; state: 'waiting' | 'sending' | 'failed' | 'left'; error?: string; left?: { name: string; reason: string }[] }
export const uploads = signal<Upload[]>([]);
let last = 0;
let busy = false;
let stop: (() => void) | null = null;

function change(id: number, with_: Partial<Upload> | null): void {
  uploads.value = with_ ? uploads.value.map((u) => (u.id === id ? { ...u, ...with_ } : u)) : uploads.value.filter((u) => u.id !== id);
}

/** Takes a file off the list; one on its way is given up. */
export function forget(u: Upload): void {
  if (u.state === 'sending') stop?.();
  change(u.id, null);
}

export function again(u: Upload): void {
  change(u.id, { state: 'waiting', error: undefined, part: 0 });
  work();
}

export function upload(files: File[]): void {
  uploads.value = [...uploads.value, ...files.map((file): Upload => ({ id: ++last, file, part: 0, state: 'waiting' }))];
  work();
}

async function work(): Promise<void> {
  if (busy) return;
  busy = true;
  for (let u: Upload | undefined; (u = uploads.value.find((x) => x.state === 'waiting'));) {
    const { id, file } = u;
    change(id, { state: 'sending' });
    try {
      const done = await sendFile<Added>('/documents', file, (part) => change(id, { part }), (f) => { stop = f; });
      say(file.name + ' uploaded');
      change(id, done.passed_over?.length ? { state: 'left', left: done.passed_over } : null);
      load();
    } catch (err) {
      if (!(err instanceof Failed)) {
        busy = false;
        throw err;
      }
      change(id, { state: 'failed', error: err.message }); // one that was given up is on no list any more
    }
  }
  busy = false;
}

interface Added { id: string; passed_over?: { name: string; reason: string }[] }

/** Sends a file as a form and tells how far it is, from 0 to 1. stoppable is given
 *  what ends it. */
export function sendFile<T>(path: string, file: File, progress?: (part: number) => void, stoppable?: (stop: () => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append('file', file);
    const xhr = new XMLHttpRequest(); // fetch cannot tell how far an upload is
    xhr.open('POST', '/api/v1' + path);
    if (progress) xhr.upload.addEventListener('progress', (e) => { if (e.lengthComputable) progress(e.loaded / e.total); });
    xhr.addEventListener('abort', () => reject(new Failed(0, 'stopped', 'The upload was stopped.')));
    xhr.addEventListener('error', () => reject(new Failed(0, 'unreachable', 'The upload was interrupted.')));
    xhr.addEventListener('load', async () => {
      if (xhr.status >= 200 && xhr.status < 300) resolve(JSON.parse(xhr.responseText));
      else reject(await failure(xhr.status, () => JSON.parse(xhr.responseText)));
    });
    stoppable?.(() => xhr.abort());
    xhr.send(form);
  });
}
