// Reading the events of an answer to a POST, which an EventSource cannot make.
import { Failed, failure, named } from '../api';

/** Posts and passes on each event, until the stream ends. */
export async function events(path: string, body: unknown, signal: AbortSignal, heard: (kind: string, data: any) => void): Promise<void> {
  const by = named();
  let res: Response;
  try {
    res = await fetch('/api/v1' + path, { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream', ...by.headers }, body: JSON.stringify(body), signal });
  } catch (err) {
    if ((err as Error).name === 'AbortError') throw err;
    throw new Failed(0, 'unreachable', 'The server cannot be reached.');
  }
  if (!res.ok || !res.body) throw await failure(res.status, () => res.json(), by);
  const reader = res.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '', kind = '', data = '';
  for (;;) {
    const { done, value } = await reader.read().catch((err) => {
      if (err.name === 'AbortError') throw err;
      throw new Failed(0, 'broken', 'The connection broke before the answer was complete.');
    });
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith('event: ')) kind = line.slice(7);
      else if (line.startsWith('data: ')) data += line.slice(6);
      else if (!line && kind) {
        heard(kind, JSON.parse(data || 'null'));
        kind = data = '';
      }
    }
  }
}
