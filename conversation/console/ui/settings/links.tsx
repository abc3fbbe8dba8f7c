// Who on Slack and Telegram is which member of staff, and may answer from there.
import { useRef, useState } from 'preact/hooks';
import { api, query } from '../api';
import { channelName, exact } from '../format';
import type { Colleague } from '../types';
import { Cards, remove, useForm, useList } from './parts';

interface Link { channel: string; account?: string; external_id: string; email: string; name: string; role: string; disabled: boolean; created_at: string }

export function Links() {
  const links = useList<Link>('/staff/links', 'links'), staff = useList<Colleague>('/staff', 'staff'), [channel, setChannel] = useState('slack');
  const id = useRef<HTMLInputElement>(null), account = useRef<HTMLInputElement>(null), email = useRef<HTMLSelectElement>(null);
  const form = useForm(async () => {
    await api('PUT', '/staff/links', { channel, external_id: id.current!.value.trim(), account: account.current?.value.trim() || undefined, email: email.current!.value });
    await links.read();
  });
  return <>
    <p class="muted lead">A colleague who is linked answers customers from the staff channel of Slack or Telegram, under their own name.</p>
    <form class="form line" onSubmit={form.submit} aria-label="New link">
      <label class="field">Colleague<select ref={email} required>{(staff.list || []).filter((s) => !s.disabled && s.email).map((s) => <option key={s.id} value={s.email}>{s.name} ({s.email})</option>)}</select></label>
      <label class="field narrow">On<select value={channel} onChange={(e) => setChannel(e.currentTarget.value)}><option value="slack">Slack</option><option value="telegram">Telegram</option></select></label>
      <label class="field">{channel === 'slack' ? 'Member ID, from their Slack profile' : 'User id, a number'}<input ref={id} required maxLength={60} autocomplete="off" placeholder={channel === 'slack' ? 'U024BE7LH' : '100200300'} /></label>
      {channel === 'slack' && <label class="field">Workspace, if only of one<input ref={account} maxLength={60} autocomplete="off" placeholder="T024BE7LD" /></label>}
      <button class="btn main" type="submit" disabled={form.busy}>Link</button>
      {form.error}{staff.error && <p class="error" role="alert">{staff.error}</p>}
    </form>
    <Cards of={links} label="Links" empty="Nobody is linked yet." item={(l) => <li key={l.channel + l.account + l.external_id} class="item">
      <div class="grow"><p><b dir="auto">{l.name}</b><span class="chip">{channelName(l.channel)}</span>{l.disabled && <span class="chip bad">Disabled</span>}</p>
        <p class="meta">{l.external_id}{l.account ? ' in ' + l.account : ''} · {l.email} · since {exact(l.created_at)}</p></div>
      <button class="btn quiet bad" type="button" aria-label={`End the link of ${l.name} on ${channelName(l.channel)}`} onClick={() => remove('/staff/links' + query({ channel: l.channel, account: l.account, external_id: l.external_id }),
        'End this link?', `What ${l.name} writes on ${channelName(l.channel)} no longer reaches customers.`, links.read, 'End link')}>End</button></li>} />
  </>;
}
