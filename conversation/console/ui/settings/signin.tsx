// How a person signs in: password, and where they are signed in.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api';
import { exact } from '../format';
import { complain, signOut, toast } from '../store';
import { useForm, useList, Cards } from './parts';

interface Session { id: string; created_at: string; last_used_at: string; ends_at: string; ip: string; agent: string; current: boolean }

/** Goes up when sessions may have ended. */
const ended: (() => void)[] = [];

export function Password() {
  const current = useRef<HTMLInputElement>(null), next = useRef<HTMLInputElement>(null);
  const form = useForm(async () => {
    await api('POST', '/me/password', { current: current.current!.value, new: next.current!.value });
    toast('Password changed. Your other sessions have ended.');
    ended.forEach((again) => again());
  });
  return <form class="form" onSubmit={form.submit}>
    <label class="field">Present password<input ref={current} type="password" autocomplete="current-password" required maxLength={1000} /></label>
    <label class="field">New password, of at least 8 characters<input ref={next} type="password" autocomplete="new-password" required minLength={8} maxLength={1000} /></label>
    {form.error}
    <div><button class="btn" type="submit" disabled={form.busy}>Change password</button></div>
  </form>;
}

/** Names a browser from what it says of itself. */
function device(agent: string): string {
  const browser = /Edg|Firefox|Chrome|Safari/.exec(agent)?.[0].replace('Edg', 'Edge'), system = /Windows|Android|iPhone|iPad|Mac|Linux/.exec(agent)?.[0];
  return [browser, system].filter(Boolean).join(' on ') || agent.slice(0, 60) || 'Unknown';
}

export function Sessions() {
  const sessions = useList<Session>('/me/sessions', 'sessions'), [busy, setBusy] = useState(false);
  useEffect(() => {
    ended.push(sessions.read);
    return () => { ended.splice(0); };
  }, []);
  const end = async (path: string) => {
    setBusy(true);
    await api('DELETE', path).then(sessions.read, complain);
    setBusy(false);
  };
  return <>
    <Cards of={sessions} label="Sessions" empty="You are signed in by a token." item={(s) => <li key={s.id} class="item"><div class="grow"><p>{device(s.agent)} {s.current && <span class="chip ok">this one</span>}</p>
      <p class="meta">{s.ip} · since {exact(s.created_at)} · last used {exact(s.last_used_at)}</p></div>
      {!s.current && <button class="btn quiet bad" type="button" disabled={busy} aria-label={`End the session on ${device(s.agent)}, ${s.ip}`} onClick={() => end('/me/sessions/' + s.id)}>End</button>}</li>} />
    <div class="row end">{(sessions.list?.length || 0) > 1 && <button class="btn" type="button" disabled={busy} onClick={() => end('/me/sessions')}>End all others</button>}
      <button class="btn" type="button" onClick={signOut}>Sign out</button></div>
  </>;
}
