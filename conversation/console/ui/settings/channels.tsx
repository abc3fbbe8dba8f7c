// Settings › Channels: how each stands, and whether it works.
import { useRef, useState } from 'preact/hooks';
import { api } from '../api';
import { channelName, exact, plural } from '../format';
import { isAdmin } from '../store';
import { Cards, useForm, useList } from './parts';

interface Channel { name: string; enabled: boolean; account?: string; state: 'off' | 'ok' | 'failed'; last_event_at?: string; last_error?: string; last_error_at?: string; undelivered: number }

const states = { off: ['Off', ''], ok: ['Works', 'ok'], failed: ['Fails', 'bad'] };
const places: Record<string, [string, string]> = { slack: ['Channel ID for a test message', 'C0123456789'], telegram: ['Chat number for a test message', '123456789'] };

function Try({ of: c }: { of: Channel }) {
  const to = useRef<HTMLInputElement>(null), [got, setGot] = useState<{ ok: boolean; text: string } | null>(null);
  const form = useForm(async () => {
    setGot(null);
    setGot(await api('POST', `/channels/${c.name}/test`, { to: to.current?.value.trim() || undefined }));
  }, true);
  const place = places[c.name];
  return <form class="form line" onSubmit={form.submit} aria-label={'Test ' + channelName(c.name)}>
    {place && <label class="field">{place[0]}<input ref={to} maxLength={200} autocomplete="off" placeholder={place[1] + ', or nothing to only ask whether the settings work'} /></label>}
    <button class="btn" type="submit" disabled={form.busy} aria-label={'Test ' + channelName(c.name)}>{form.busy ? 'Testing…' : 'Test'}</button>
    <p class={'meta grow ' + (got ? (got.ok ? 'ok' : 'bad') : '')} role="status">{got?.text}</p>
    {form.error}
  </form>;
}

export function Channels() {
  const channels = useList<Channel>('/channels', 'channels');
  return <>
    <p class="muted lead">Tokens and addresses of Slack and Telegram come from the <a href="#/settings/environment">environment</a> of the server.</p>
    <Cards of={channels} label="Channels" empty="There are no channels." item={(c) => <li key={c.name} class={'item' + (c.enabled ? '' : ' off')}><div class="grow">
      <p><b>{channelName(c.name)}</b><span class={'chip ' + states[c.state][1]}>{states[c.state][0]}</span>{c.undelivered > 0 && <span class="chip warn">{plural(c.undelivered, 'message')} not delivered</span>}</p>
      {c.account && <p class="meta" dir="auto">{c.account}</p>}
      <p class="meta">{c.last_event_at ? 'Last heard from ' + exact(c.last_event_at) : 'Nothing was heard from it yet'}</p>
      {c.last_error && <p class="meta bad" dir="auto">{c.last_error_at && exact(c.last_error_at) + ': '}{c.last_error}</p>}</div>
      {isAdmin.value && <Try of={c} />}</li>} />
  </>;
}
