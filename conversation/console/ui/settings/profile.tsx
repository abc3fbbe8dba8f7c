// A person's own account.
import { useRef } from 'preact/hooks';
import { api } from '../api';
import { changed, complain, me, toast } from '../store';
import type { Me } from '../types';
import { Part, useForm } from './parts';
import { SecondFactor } from './factor';
import { Password, Sessions } from './signin';

/** Says whether new conversations may be assigned to the caller. */
export async function available(status: 'online' | 'away'): Promise<void> {
  const { id } = me.value!;
  try {
    await api('PATCH', '/me', { status });
    changed(id, { status });
  } catch (err) {
    complain(err);
  }
}

function Name() {
  const name = useRef<HTMLInputElement>(null);
  const form = useForm(async () => {
    const now = await api<Me>('PATCH', '/me', { name: name.current!.value });
    changed(now.id, now);
    toast('Name changed');
  }, true);
  return <form class="form" onSubmit={form.submit}>
    <label class="field">Name, as customers see it<span class="row"><input ref={name} class="grow" autocomplete="name" required maxLength={80} defaultValue={me.value!.name} dir="auto" /><button class="btn" type="submit" disabled={form.busy}>Change name</button></span></label>
    {form.error}
  </form>;
}

export function Profile() {
  const m = me.value!;
  return <>
    <p class="muted lead">{m.email ? `${m.email} · ` : ''}{m.role}</p>
    <Part title="You"><Name />
      {m.status && <label class="pair">Availability<select value={m.status} onChange={(e) => available(e.currentTarget.value as 'online')}><option value="online">Available</option><option value="away">Away</option></select></label>}</Part>
    <Part title="Password" about="Changing it ends all your other sessions."><Password /></Part>
    <Part title="Second factor" about="A code from an authenticator app, asked for when you sign in."><SecondFactor /></Part>
    <Part title="Where you are signed in"><Sessions /></Part>
  </>;
}
