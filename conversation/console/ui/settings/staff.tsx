// Who works here, and who is invited to.
import { useRef, useState } from 'preact/hooks';
import { api, forget } from '../api';
import { exact, plural } from '../format';
import { Face } from '../parts/bits';
import { confirmed } from '../parts/dialog';
import { complain, isAdmin, me, toast } from '../store';
import type { Colleague, Role } from '../types';
import { Cards, Once, Part, remove, useForm, useList, type List } from './parts';

interface Invited { id: string; email: string; role: Role; invited_by: string; created_at: string; expires_at: string }
interface Member extends Colleague { totp: boolean }

const roles: Role[] = ['viewer', 'agent', 'admin'];
const does: Record<Role, string> = { viewer: 'looks', agent: 'answers', admin: 'answers and changes settings' };

export function RoleOptions({ chosen, short }: { chosen: Role; short?: boolean }) {
  return <>{roles.map((r) => <option key={r} value={r} {...(short ? { selected: r === chosen } : { defaultSelected: r === chosen })}>{r[0].toUpperCase() + r.slice(1)}{short ? '' : ': ' + does[r]}</option>)}</>;
}

function Line({ of: m, all }: { of: Member; all: List<Member> }) {
  const self = m.id === me.value!.id, acts = isAdmin.value && !self;
  const [reset, setReset] = useState<{ url: string; until: string } | null>(null);
  const change = async (with_: Partial<Member>, undo: Partial<Member>, told: string, again = false): Promise<void> => {
    try {
      await api('PATCH', '/staff/' + m.id, with_);
      forget();
      if (!again) toast(told, { action: 'Undo', act: () => { change(undo, with_, told, true); } });
    } catch (err) {
      complain(err);
    }
    await all.read();
  };
  const link = async (): Promise<void> => {
    if (!(await confirmed(`Make a reset link for ${m.name}?`, 'Whoever opens the link can choose another password for this account, once and within an hour. Their sessions end then; a second factor stays.', 'Make the link'))) return;
    try {
      const got = await api<{ url: string; expires_at: string }>('POST', `/staff/${m.id}/reset`);
      setReset({ url: got.url, until: exact(got.expires_at) });
    } catch (err) {
      complain(err);
    }
  };
  const drop = async (): Promise<void> => {
    if (!(await confirmed(`Remove the second factor of ${m.name}?`, 'Their password alone signs them in, until they set up another. Do this only when you know that it is them who ask.', 'Remove'))) return;
    try {
      await api('POST', `/staff/${m.id}/totp-reset`);
      toast(`${m.name} has no second factor now`);
    } catch (err) {
      complain(err);
    }
    await all.read();
  };
  return <li class={'item' + (m.disabled ? ' off' : '')}>
    <Face name={m.name} kind={m.online && m.status !== 'away' ? '' : 'away'} />
    <div class="grow"><p><b dir="auto">{m.name}</b>{self && <span class="chip ok">you</span>}
      {m.disabled ? <span class="chip bad">Disabled</span> : <span class={'chip ' + (m.online && m.status !== 'away' ? 'ok' : '')}>{m.online ? (m.status === 'away' ? 'Away' : 'Online') : 'Offline'}</span>}
      {m.totp && <span class="chip">Second factor</span>}</p>
      <p class="meta">{m.email}{m.open > 0 && ` · holds ${plural(m.open, 'conversation')}`}</p></div>
    {acts ? <div class="row"><select class="role" value={m.role} aria-label={'Role of ' + m.name} onChange={(e) => { const role = e.currentTarget.value as Role; change({ role }, { role: m.role }, `${m.name} is ${role} now`); }}><RoleOptions chosen={m.role} short /></select>
      <button class={'btn quiet' + (m.disabled ? '' : ' bad')} type="button" aria-label={(m.disabled ? 'Enable ' : 'Disable ') + m.name}
        onClick={() => change({ disabled: !m.disabled }, { disabled: m.disabled }, m.disabled ? `${m.name} may sign in again` : `${m.name} is disabled, and signed out everywhere`)}>{m.disabled ? 'Enable' : 'Disable'}</button></div>
      : <span class="meta">{m.role}</span>}
    {acts && !m.disabled && <div class="row access"><button class="btn link" type="button" aria-label={'Make a reset link for ' + m.name} onClick={link}>Make a reset link</button>
      {m.totp && <button class="btn link" type="button" aria-label={'Remove second factor of ' + m.name} onClick={drop}>Remove second factor</button>}</div>}
    {reset && <Once what={'Reset link for ' + m.name} text={reset.url} about={`Give this link to ${m.name} alone. It works once, until ${reset.until}, and is not shown again.`} done={() => setReset(null)} />}
  </li>;
}

function Invite({ done }: { done: () => void }) {
  const email = useRef<HTMLInputElement>(null), role = useRef<HTMLSelectElement>(null), [link, setLink] = useState<{ url: string; to: string; until: string } | null>(null);
  const form = useForm(async () => {
    const got = await api<{ url: string; expires_at: string }>('POST', '/staff/invitations', { email: email.current!.value, role: role.current!.value });
    setLink({ url: got.url, to: email.current!.value, until: exact(got.expires_at) });
    done();
  });
  return <>
    <form class="form line" onSubmit={form.submit}>
      <label class="field">E-mail address<input ref={email} type="email" required maxLength={254} autocomplete="off" placeholder="name@example.com" /></label>
      <label class="field">Role<select ref={role}><RoleOptions chosen="agent" /></select></label>
      <button class="btn main" type="submit" disabled={form.busy}>Invite</button>
      {form.error}
    </form>
    {link && <Once what="Invitation link" text={link.url} about={`Send this link to ${link.to}. It works once, until ${link.until}, and is not shown again.`} done={() => setLink(null)} />}
  </>;
}

export function Staff() {
  const staff = useList<Member>('/staff', 'staff'), invited = useList<Invited>('/staff/invitations', 'invitations', isAdmin.value);
  return <>
    <Cards of={staff} label="Staff" empty="Nobody works here yet." item={(m) => <Line key={m.id} of={m} all={staff} />} />
    {isAdmin.value && <Part title="Invitations" about="Whoever is invited chooses a name and a password by a link."><Invite done={invited.read} />
      <Cards of={invited} label="Open invitations" empty="No invitation is open." item={(i) => <li key={i.id} class="item">
        <div class="grow"><p><b>{i.email}</b><span class="chip">{i.role}</span></p><p class="meta">by {i.invited_by || 'the server'} · until {exact(i.expires_at)}</p></div>
        <button class="btn quiet bad" type="button" aria-label={'Take back the invitation of ' + i.email} onClick={() => remove('/staff/invitations/' + i.id, 'Take this invitation back?', `The link sent to ${i.email} will not work any more.`, invited.read, 'Take back')}>Take back</button></li>} /></Part>}
  </>;
}
