// Signing in: password, then the second factor when the server wants one, or single
// sign-on where there is one. An invitation makes an account on the same page.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, Failed, optional } from './api';
import { begin, me, route, say, swap } from './store';
import type { Me } from './types';

const errors: Record<string, string> = {
  oidc_unverified: 'Your provider has not verified your e-mail address.', oidc_unknown: 'There is no account with your e-mail address. Ask an admin to invite you.',
  oidc_other: 'This account belongs to another identity at your provider.', oidc_away: 'Your provider cannot be reached. Try again, or use your password.',
  oidc_refused: 'Your provider did not let you in.', disabled: 'The account is disabled.',
};

function told(): string {
  const code = route.value[0]?.startsWith('login?error=') ? route.value[0].slice(12) : '';
  return code && (errors[code] || 'Single sign-on did not work. Try again, or use your password.');
}

export function SignIn() {
  const [error, setError] = useState(told()), [busy, setBusy] = useState(false), [second, setSecond] = useState(false), [sso, setSso] = useState('');
  const email = useRef<HTMLInputElement>(null), password = useRef<HTMLInputElement>(null), code = useRef<HTMLInputElement>(null);
  useEffect(() => {
    optional<{ oidc?: { name: string } }>('/login/methods').then((m) => setSso(m?.oidc?.name || ''));
    email.current?.focus();
  }, []);
  useEffect(() => { if (second) code.current?.focus(); }, [second]);
  const submit = async (e: Event) => {
    e.preventDefault();
    setBusy(true);
    setError('');
    try {
      await api<Me>('POST', '/login', { email: email.current!.value, password: password.current!.value, ...(second ? { code: code.current!.value.trim() } : {}) }, { quiet401: true });
      if (route.value[0]?.startsWith('login')) swap('inbox');
      await begin();
    } catch (err) {
      if (!(err instanceof Failed)) throw err;
      if (err.code === 'totp_required' && !second) {
        setSecond(true);
      } else {
        setError(err.message);
        say(err.message);
        (second ? code : password).current?.select();
      }
    } finally {
      setBusy(false);
    }
  };
  return <main class="signin"><form onSubmit={submit}>
    <Mark />
    <h1>Sign in</h1>
    <label class="field" hidden={second}>E-mail address<input ref={email} type="email" name="email" autocomplete="username" required maxLength={254} /></label>
    <label class="field" hidden={second}>Password<input ref={password} type="password" name="password" autocomplete="current-password" required maxLength={1000} /></label>
    {second && <label class="field">Code from your app, or a recovery code<input ref={code} name="code" autocomplete="one-time-code" inputMode="text" required maxLength={40} /></label>}
    {error && <p class="error" role="alert">{error}</p>}
    <button class="btn main wide" type="submit" disabled={busy}>{second ? 'Confirm' : 'Sign in'}</button>
    {second && <button class="btn quiet wide" type="button" onClick={() => { setSecond(false); setError(''); }}>Back</button>}
    {sso && !second && <><p class="or"><span>or</span></p><a class="btn wide" href="/api/v1/login/oidc">Continue with {sso}</a></>}
  </form></main>;
}

export function Mark() {
  return <p class="mark"><svg viewBox="0 0 24 24" width="32" height="32" aria-hidden="true"><rect width="24" height="24" rx="6" /><path d="M6 7h12v8h-5l-4 3v-3H6z" /></svg>Frontdesk</p>;
}

/** Another password by a link that a colleague made. It signs nobody in. */
export function Reset({ token }: { token: string }) {
  const [email, setEmail] = useState(''), [error, setError] = useState(''), [done, setDone] = useState(false), password = useRef<HTMLInputElement>(null);
  const path = '/resets/' + encodeURIComponent(token);
  useEffect(() => { api('GET', path, undefined, { quiet401: true }).then((r) => setEmail(r.email), (err) => setError(err.message)); }, [token]);
  const submit = async (e: Event) => {
    e.preventDefault();
    setError('');
    try {
      await api('POST', path, { password: password.current!.value }, { quiet401: true });
      setDone(true);
      say('The password is changed.');
    } catch (err) {
      setError((err as Error).message);
    }
  };
  return <main class="signin"><form onSubmit={submit}>
    <Mark />
    <h1>Choose another password</h1>
    {done ? <p>The password of {email} is changed, and all sessions have ended.</p> : email && <><p class="muted">For {email}.</p>
      <input type="email" autocomplete="username" value={email} readOnly hidden />
      <label class="field">New password, of at least 8 characters<input ref={password} type="password" autocomplete="new-password" required minLength={8} maxLength={1000} /></label></>}
    {error && <p class="error" role="alert">{error}</p>}
    {email && !done ? <button class="btn main wide" type="submit">Change password</button>
      : (done || error) && <button class="btn main wide" type="button" onClick={() => swap('inbox')}>Go to sign in</button>}
  </form></main>;
}

export function Invitation({ token }: { token: string }) {
  const [who, setWho] = useState<{ email: string; role: string } | null>(null), [error, setError] = useState('');
  const name = useRef<HTMLInputElement>(null), password = useRef<HTMLInputElement>(null);
  const path = '/invitations/' + encodeURIComponent(token);
  useEffect(() => { api('GET', path, undefined, { quiet401: true }).then(setWho, (err) => setError(err.message)); }, [token]);
  const submit = async (e: Event) => {
    e.preventDefault();
    try {
      me.value = await api<Me>('POST', path, { name: name.current!.value, password: password.current!.value }, { quiet401: true });
      swap('inbox');
      await begin();
    } catch (err) {
      setError((err as Error).message);
    }
  };
  return <main class="signin"><form onSubmit={submit}>
    <Mark />
    <h1>Welcome</h1>
    {who && <><p class="muted">You are invited as {who.role} with {who.email}.</p>
      <label class="field">Your name, as customers see it<input ref={name} autocomplete="name" required maxLength={100} /></label>
      <label class="field">Choose a password<input ref={password} type="password" autocomplete="new-password" required minLength={8} maxLength={1000} /></label></>}
    {error && <p class="error" role="alert">{error}</p>}
    {who && <button class="btn main wide" type="submit">Begin</button>}
    {error && !who && <button class="btn wide" type="button" onClick={() => swap('inbox')}>Go to sign in</button>}
  </form></main>;
}
