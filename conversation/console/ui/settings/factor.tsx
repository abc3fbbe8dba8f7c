// The second factor: set up by QR code or key, confirmed by a code, removed by password.
import { useRef, useState } from 'preact/hooks';
import { api, Failed } from '../api';
import { changed, me } from '../store';
import { Copy, useForm } from './parts';
import { qr } from './qr';

/** A QR code, dark on light in every look: some readers take no other. */
function Code({ text }: { text: string }) {
  const m = qr(text);
  if (!m) return null; // too long for one: there is still the key
  const n = m.length + 8;
  return <svg class="qr" viewBox={`0 0 ${n} ${n}`} width={n * 4} height={n * 4} role="img" aria-label="QR code for your authenticator app" shape-rendering="crispEdges">
    <rect width={n} height={n} fill="#fff" /><path fill="#000" d={m.map((row, r) => row.map((dark, c) => (dark ? `M${c + 4} ${r + 4}h1v1h-1z` : '')).join('')).join('')} /></svg>;
}

function Recovery({ codes, done }: { codes: string[]; done: () => void }) {
  return <div class="once" role="status"><p><b>Keep these recovery codes somewhere safe.</b> Each stands in for a code once, when your app is out of reach. They are not shown again.</p>
    <ul class="codes">{codes.map((c) => <li key={c}><code>{c}</code></li>)}</ul>
    <div class="row"><Copy text={codes.join('\n')} what="the recovery codes" /><button class="btn quiet" type="button" onClick={done}>I have kept them</button></div></div>;
}

function Confirm({ of: begun, done, cancel }: { of: { secret: string; uri: string }; done: (codes: string[]) => void; cancel: () => void }) {
  const code = useRef<HTMLInputElement>(null);
  const form = useForm(async () => {
    const { id } = me.value!;
    const got = await api<{ recovery_codes: string[] }>('POST', '/me/totp/confirm', { code: code.current!.value.replace(/\s/g, '') });
    changed(id, { totp: true });
    done(got.recovery_codes);
  });
  return <form class="form factor" onSubmit={form.submit}>
    <ol class="steps"><li>Scan this with your authenticator app.<Code text={begun.uri} />
      <p class="muted">Cannot scan? <a href={begun.uri}>Open an app on this device</a>, or enter this key:</p>
      <p class="row"><code class="secret">{begun.secret}</code><Copy text={begun.secret} what="the key" /></p></li>
    <li><label class="field">Enter the code it shows<input ref={code} class="code" inputMode="numeric" autocomplete="one-time-code" required maxLength={10} /></label></li></ol>
    {form.error}
    <div class="row"><button class="btn main" type="submit" disabled={form.busy}>Turn on</button><button class="btn quiet" type="button" onClick={cancel}>Cancel</button></div>
  </form>;
}

function Off() {
  const secret = useRef<HTMLInputElement>(null), [byCode, setByCode] = useState(false);
  const form = useForm(async () => {
    const { id } = me.value!;
    try {
      await api('DELETE', '/me/totp', byCode ? { password: '', code: secret.current!.value.trim() } : { password: secret.current!.value });
    } catch (err) {
      if (err instanceof Failed && !byCode && err.code === 'wrong_password') throw new Error(err.message + ' Without one, use a code.');
      throw err;
    }
    changed(id, { totp: false });
  });
  return <form class="form" onSubmit={form.submit}><p><span class="chip ok">On</span></p>
    <label class="field">{byCode ? 'A code of it, to turn it off' : 'Your password, to turn it off'}<input ref={secret} type={(byCode ? 'text' : 'password') as 'password'} autocomplete={byCode ? 'one-time-code' : 'current-password'} required maxLength={1000} /></label>
    {form.error}
    <div class="row"><button class="btn bad" type="submit" disabled={form.busy}>Turn off</button><button class="btn link" type="button" onClick={() => setByCode(!byCode)}>{byCode ? 'Use my password' : 'I have no password'}</button></div></form>;
}

export function SecondFactor() {
  const [begun, setBegun] = useState<{ secret: string; uri: string } | null>(null), [codes, setCodes] = useState<string[]>([]);
  const begin = useForm(async () => setBegun(await api('POST', '/me/totp')));
  if (codes.length) return <Recovery codes={codes} done={() => setCodes([])} />;
  if (me.value!.totp) return <Off />;
  if (begun) return <Confirm of={begun} done={(got) => { setBegun(null); setCodes(got); }} cancel={() => setBegun(null)} />;
  return <form onSubmit={begin.submit}><button class="btn" type="submit" disabled={begin.busy}>Set up</button>{begin.error}</form>;
}
