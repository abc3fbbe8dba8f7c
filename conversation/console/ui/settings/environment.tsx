// Settings › Environment: what the server was started with. Secrets never leave it.
import { useList } from './parts';

export interface Variable { name: string; value?: string; set: boolean; secret: boolean; about: string }

export function Environment() {
  const all = useList<Variable>('/settings', 'environment');
  if (all.error) return <p class="error" role="alert">{all.error} <button class="btn link" type="button" onClick={all.read}>Try again</button></p>;
  if (!all.list) return null;
  const told = [...all.list].sort((a, b) => +b.set - +a.set);
  return <>
    <p class="muted lead">The server read these when it started. They change with its environment and a restart, not here.</p>
    <ul class="cards items" aria-label="Environment">{told.map((v) => <li key={v.name} class="item"><div class="grow"><p><code>{v.name}</code></p><p class="meta">{v.about}</p></div>
      {v.value ? <code class="variable-value" dir="auto">{v.value}</code> : null}<span class={'chip ' + (v.set ? 'ok' : '')}>{v.set ? (v.secret ? 'Set, secret' : 'Set') : v.value ? 'Standard' : 'Not set'}</span></li>)}</ul>
  </>;
}
