// Files on their way to the server, one after the other.
import { signal } from '@preact/signals';
import { Failed } from '../api';
import { sendFile } from '../sendfile';
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
