// Tokens by which programs use the API.
import { useRef, useState } from 'preact/hooks';
import { api } from '../api';
import { exact } from '../format';
import type { Role } from '../types';
import { Cards, Once, remove, useForm, useList } from './parts';
import { RoleOptions } from './staff';

interface Token { id: string; name: string; role: Role; created_at: string; last_used_at?: string }

export function Tokens() {
  const tokens = useList<Token>('/tokens', 'tokens'), [made, setMade] = useState('');
  const name = useRef<HTMLInputElement>(null), role = useRef<HTMLSelectElement>(null);
  const form = useForm(async () => {
    const got = await api<{ token: string }>('POST', '/tokens', { name: name.current!.value, role: role.current!.value });
    setMade(got.token);
    await tokens.read();
  });
  return <>
    <p class="muted lead">Programs send a token as <code>Authorization: Bearer …</code>. What they may do is described at <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</p>
    <form class="form line" onSubmit={form.submit}>
      <label class="field">Name<input ref={name} required maxLength={80} autocomplete="off" placeholder="What uses it" dir="auto" /></label>
      <label class="field">Role<select ref={role}><RoleOptions chosen="viewer" /></select></label>
      <button class="btn main" type="submit" disabled={form.busy}>Make a token</button>
      {form.error}
    </form>
    {made && <Once what="API token" text={made} about="Copy this token now. It is not shown again." done={() => setMade('')} />}
    <Cards of={tokens} label="API tokens" empty="No program has a token." item={(t) => <li key={t.id} class="item">
      <div class="grow"><p><b dir="auto">{t.name}</b><span class="chip">{t.role}</span></p><p class="meta">made {exact(t.created_at)} · {t.last_used_at ? 'last used ' + exact(t.last_used_at) : 'never used'}</p></div>
      <button class="btn quiet bad" type="button" aria-label={'Revoke ' + t.name} onClick={() => remove('/tokens/' + t.id, 'Revoke this token?', `What uses “${t.name}” is locked out at once, for good.`, tokens.read, 'Revoke')}>Revoke</button></li>} />
  </>;
}
