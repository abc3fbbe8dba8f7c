// How a person signs in: password, and where they are signed in.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api';
import { exact } from '../format';
import { complain, me, toast } from '../store';

interface Session { id: string; created_at: string; last_used_at: string; ip: string; agent: string; current: boolean }

export function Password() {
  const current = useRef<HTMLInputElement>(null), next = useRef<HTMLInputElement>(null), [error, setError] = useState('');
  const submit = async (e: Event) => {
    e.preventDefault();
    try {
      await api('POST', '/me/password', { current: current.current!.value, new: next.current!.value });
      (e.target as HTMLFormElement).reset();
      setError('');
      toast('Password changed. Your other sessions have ended.');
    } catch (err) {
      setError((err as Error).message);
    }
  };
  return <form class="form" onSubmit={submit}>
    <label class="field">Present password<input ref={current} type="password" autocomplete="current-password" required maxLength={1000} /></label>
    <label class="field">New password<input ref={next} type="password" autocomplete="new-password" required minLength={8} maxLength={1000} /></label>
    {error && <p class="error" role="alert">{error}</p>}
    <div><button class="btn" type="submit">Change password</button></div>
  </form>;
}

export function SecondFactor() {
  const [begun, setBegun] = useState<{ secret: string; uri: string } | null>(null), [codes, setCodes] = useState<string[]>([]), [error, setError] = useState('');
  const field = useRef<HTMLInputElement>(null), on = me.value!.totp;
  const run = async (work: () => Promise<void>) => {
    try {
      await work();
      setError('');
    } catch (err) {
      setError((err as Error).message);
    }
  };
  const begin = () => run(async () => setBegun(await api('POST', '/me/totp')));
  const confirm = (e: Event) => { e.preventDefault(); run(async () => {
    setCodes((await api<{ recovery_codes: string[] }>('POST', '/me/totp/confirm', { code: field.current!.value.trim() })).recovery_codes);
    setBegun(null);
    me.value = { ...me.value!, totp: true };
  }); };
  const remove = (e: Event) => { e.preventDefault(); run(async () => {
    await api('DELETE', '/me/totp', { password: field.current!.value });
    me.value = { ...me.value!, totp: false };
    setCodes([]);
  }); };
  return <div class="form">
    {codes.length > 0 && <div role="status"><p>Keep these recovery codes somewhere safe. Each works once, and they are not shown again.</p>
      <ul class="codes">{codes.map((c) => <li key={c}><code>{c}</code></li>)}</ul></div>}
    {on ? <form class="form" onSubmit={remove}><p>A code is asked for when you sign in.</p>
      <label class="field">Your password, to turn it off<input ref={field} type="password" autocomplete="current-password" required maxLength={1000} /></label>
      <div><button class="btn bad" type="submit">Turn off</button></div></form>
      : begun ? <form class="form" onSubmit={confirm}><p>Add this key to your authenticator app, then enter the code it shows.</p>
        <p><code class="secret">{begun.secret}</code></p><p><a href={begun.uri}>Open in an app on this device</a></p>
        <label class="field">Code<input ref={field} inputMode="numeric" autocomplete="one-time-code" required maxLength={10} /></label>
        <div><button class="btn main" type="submit">Turn on</button></div></form>
        : <div><button class="btn" type="button" onClick={begin}>Set up</button></div>}
    {error && <p class="error" role="alert">{error}</p>}
  </div>;
}

/** Names a browser from what it says of itself. */
function device(agent: string): string {
  const browser = /Edg|Firefox|Chrome|Safari/.exec(agent)?.[0].replace('Edg', 'Edge'), system = /Windows|Android|iPhone|iPad|Mac|Linux/.exec(agent)?.[0];
  return [browser, system].filter(Boolean).join(' on ') || agent.slice(0, 60) || 'Unknown';
}

export function Sessions() {
  const [list, setList] = useState<Session[]>([]);
  const read = () => api<{ sessions: Session[] }>('GET', '/me/sessions').then((r) => setList(r.sessions), complain);
  useEffect(() => { read(); }, []);
  const end = (path: string) => api('DELETE', path).then(read, complain);
  return <>
    <ul class="sessions">{list.map((s) => <li key={s.id}><div><p>{device(s.agent)}{s.current && <span class="chip ok">this one</span>}</p>
      <p class="meta">{s.ip} · last used {exact(s.last_used_at)}</p></div>
      {!s.current && <button class="btn quiet bad" type="button" aria-label={'End the session on ' + device(s.agent)} onClick={() => end('/me/sessions/' + s.id)}>End</button>}</li>)}</ul>
    {list.length > 1 && <button class="btn" type="button" onClick={() => end('/me/sessions')}>End all others</button>}
  </>;
}
