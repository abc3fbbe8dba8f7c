// A file on its way to the server.
import { Failed, failure, named } from './api';

/** Sends a file as a form and tells how far it is, from 0 to 1. stoppable is given
 *  what ends it. */
export function sendFile<T>(path: string, file: File, progress?: (part: number) => void, stoppable?: (stop: () => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const by = named(), form = new FormData();
    form.append('file', file);
    const xhr = new XMLHttpRequest(); // fetch cannot tell how far an upload is
    xhr.open('POST', '/api/v1' + path);
    for (const [name, value] of Object.entries(by.headers)) xhr.setRequestHeader(name, value);
    if (progress) xhr.upload.addEventListener('progress', (e) => { if (e.lengthComputable) progress(e.loaded / e.total); });
    xhr.addEventListener('abort', () => reject(new Failed(0, 'stopped', 'The upload was stopped.')));
    xhr.addEventListener('error', () => reject(new Failed(0, 'unreachable', 'The upload was interrupted.')));
    xhr.addEventListener('load', async () => {
      if (xhr.status >= 200 && xhr.status < 300) resolve(JSON.parse(xhr.responseText));
      else reject(await failure(xhr.status, () => JSON.parse(xhr.responseText), by));
    });
    stoppable?.(() => xhr.abort());
    xhr.send(form);
  });
}
