// Settings › Webhooks: programs elsewhere that are told what happens here.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, Failed, query } from '../api';
import { count, exact, plural } from '../format';
import { Skeleton } from '../parts/bits';
import { complain, toast } from '../store';
import { useClash } from './clash';
import { Cards, Once, remove, useForm, type List } from './parts';

interface Hook { id: string; url: string; events: string[]; active: boolean; failing_since?: string; off_at?: string; off_for?: string; waiting: number; secret_at?: string; created_at: string; updated_at: string; version: number }
interface Delivery { id: string; at: string; event: string; event_id: string; state: string; status: number; attempts: number; took_ms: number; error?: string; next_at?: string }

const means: Record<string, string> = {
  'conversation.created': 'A conversation begins', 'conversation.handoff': 'A person is needed', 'conversation.assigned': 'A conversation is given to somebody', 'conversation.resolved': 'A conversation is closed',
  'conversation.rated': 'A customer rates', 'message.created': 'A message, with its text', 'gap.opened': 'Questions the knowledge does not answer', 'budget.warning': 'The day’s budget reaches its warning level', 'budget.spent': 'The day’s budget is spent', 'webhook.test': 'A test',
};

function useHooks(): List<Hook> & { events: string[] } {
  const [list, setList] = useState<Hook[] | null>(null), [events, setEvents] = useState<string[]>([]), [error, setError] = useState('');
  const read = async () => {
    try {
      const got = await api<{ webhooks: Hook[]; events: string[] }>('GET', '/webhooks');
      setList(got.webhooks);
      setEvents(got.events.filter((e) => e !== 'webhook.test'));
      setError('');
    } catch (err) {
      setError((err as Error).message);
    }
  };
  useEffect(() => { read(); }, []);
  return { list, events, error, read };
}

function HookForm({ of: h, events, done, cancel }: { of?: Hook; events: string[]; done: (secret: string) => unknown; cancel: () => void }) {
  const url = useRef<HTMLInputElement>(null), [wanted, setWanted] = useState<string[]>(h?.events || []), [fault, setFault] = useState(''), [active, setActive] = useState(h ? h.active : true);
  const clash = useClash(h, 'webhook', (t) => [['Address', t.url], ['Events', t.events.map((e) => means[e] || e).join(', ')], ['State', t.active ? 'on' : 'off']], (t) => { url.current!.value = t.url; setWanted(t.events); setActive(t.active); });
  const form = useForm(async () => {
    setFault('');
    try {
      const got = await clash.send(h ? 'PUT' : 'POST', h ? '/webhooks/' + h.id : '/webhooks', { url: url.current!.value.trim(), events: wanted, active });
      if (got) await done(h ? '' : got.secret);
    } catch (err) {
      if (!(err instanceof Failed) || err.problem.field !== 'url') throw err;
      setFault(err.message);
      url.current?.focus();
    }
  }, true);
  useEffect(() => { url.current!.focus(); }, []);
  const flip = (e: string, on: boolean) => setWanted(events.filter((other) => (other === e ? on : wanted.includes(other))));
  return <form class="form grow" onSubmit={form.submit} noValidate aria-label={h ? 'Change ' + h.url : 'New webhook'}>
    {clash.theirs}
    <div class="setting"><label class="field">Address<input ref={url} type="url" defaultValue={h?.url} placeholder="https://example.com/hooks/frontdesk" maxLength={2000} autocomplete="off" aria-invalid={fault ? true : undefined} aria-describedby="hook-url" /></label>
      <p id="hook-url" class={fault ? 'error' : 'meta'}>{fault || 'Addresses inside the network are refused, unless CRAWL_ALLOW has them.'}</p></div>
    <fieldset class="members events"><legend>Events</legend>{events.map((e) => <label key={e} class="check"><input type="checkbox" checked={wanted.includes(e)} onChange={(ev) => flip(e, ev.currentTarget.checked)} /><span>{means[e] || e}</span> <code class="meta">{e}</code></label>)}</fieldset>
    {form.error}
    <div class="row"><button class="btn main" type="submit" disabled={form.busy || clash.open}>{h ? 'Save' : 'Add webhook'}</button><button class="btn quiet" type="button" onClick={cancel}>Cancel</button></div>
  </form>;
}

const states: Record<string, [string, string]> = { sent: ['Taken', 'ok'], pending: ['Waiting', ''], failed: ['Given up', 'bad'] };

function Log({ of: h }: { of: Hook }) {
  const [list, setList] = useState<Delivery[] | null>(null), [next, setNext] = useState(''), [error, setError] = useState('');
  const read = async (cursor = '') => {
    try {
      const got = await api<{ deliveries: Delivery[]; next?: string }>('GET', `/webhooks/${h.id}/deliveries` + query({ cursor }));
      setList((had) => (cursor && had ? [...had, ...got.deliveries] : got.deliveries));
      setNext(got.next || '');
      setError('');
    } catch (err) {
      setError((err as Error).message);
    }
  };
  useEffect(() => { read(); }, [h.id]);
  const again = async (d: Delivery) => {
    try {
      const now = await api<Delivery>('POST', `/webhooks/deliveries/${d.id}/retry`);
      setList((had) => had!.map((other) => (other.id === d.id ? now : other)));
      toast('It is sent again now');
    } catch (err) {
      complain(err);
    }
  };
  return <div class="hook-log">
    <div class="row"><h2 class="grow">Log</h2><button class="btn quiet" type="button" onClick={() => read()}>Refresh</button></div>
    {error && <p class="error" role="alert">{error}</p>}
    {!list ? <Skeleton rows={3} label="Reading the log" /> : !list.length ? <p class="muted">Nothing was sent yet.</p> : <ul class="lines" aria-label={'Log of ' + h.url}>{list.map((d) => {
      const [text, tone] = d.state === 'pending' && d.attempts ? ['Tries again', 'warn'] : states[d.state] || [d.state, ''];
      return <li key={d.id}><div class="grow"><p><code>{d.event}</code> <span class={'chip ' + tone}>{text}</span></p>
        <p class="meta">{exact(d.at)}{d.attempts > 0 && <> · {d.status ? 'answered ' + d.status : 'no answer'} in {count(d.took_ms)} ms · {plural(d.attempts, 'attempt')}</>}{d.next_at && ` · next ${exact(d.next_at)}`}</p>
        {d.error && <p class="meta bad" dir="auto">{d.error}</p>}</div>
        <button class="btn quiet" type="button" aria-label={`Send again: ${d.event} of ${exact(d.at)}`} onClick={() => again(d)}>Send again</button></li>;
    })}</ul>}
    {next && <button class="btn middle" type="button" onClick={() => read(next)}>Show more</button>}
  </div>;
}

function State({ of: h }: { of: Hook }) {
  if (h.off_at) return <p class="meta bad">Switched off {exact(h.off_at)}: {h.off_for === 'gone' ? 'the address answered that it is gone' : 'it had taken nothing for five days'}.</p>;
  if (h.failing_since && h.active) return <p class="meta warn">Has taken nothing since {exact(h.failing_since)}.</p>;
  return null;
}

export function Webhooks() {
  const hooks = useHooks(), [open, setOpen] = useState(''), [secret, setSecret] = useState<{ of: string; text: string; about: string } | null>(null), [told, setTold] = useState<Record<string, [boolean, string]>>({}), [logged, setLogged] = useState('');
  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (err) {
      complain(err);
    }
  };
  const test = (h: Hook) => attempt(async () => {
    setTold({ ...told, [h.id]: [true, 'Sending…'] });
    const got = await api<{ ok: boolean; status: number; took_ms: number; error?: string }>('POST', `/webhooks/${h.id}/test`);
    setTold({ ...told, [h.id]: [got.ok, got.ok ? `Taken: answered ${got.status} in ${count(got.took_ms)} ms.` : `Not taken: ${got.error}`] });
    if (logged === h.id) { setLogged(''); setTimeout(() => setLogged(h.id)); }
  });
  const rotate = (h: Hook) => attempt(async () => {
    const got = await api<{ secret: string }>('POST', `/webhooks/${h.id}/secret`);
    setSecret({ of: h.id, text: got.secret, about: 'Copy the new secret now. It is not shown again. The one before still signs beside it for a day.' });
    await hooks.read();
  });
  const turn = async (h: Hook, active: boolean, back = false): Promise<void> => {
    try {
      const now = await api<Hook>('PUT', '/webhooks/' + h.id, { url: h.url, events: h.events, active, version: h.version });
      if (!back) toast(active ? 'Switched on' : 'Switched off: nothing is kept for it meanwhile', { action: 'Undo', act: () => { turn(now, !active, true); } });
    } catch (err) {
      complain(err);
    }
    await hooks.read();
  };
  const done = (of: string) => async (text: string) => {
    setOpen('');
    if (text) setSecret({ of: '', text, about: 'Copy the secret now: your program verifies signatures by it. It is not shown again.' });
    else toast('Webhook saved');
    await hooks.read();
  };
  return <>
    <p class="muted lead">Each call is signed after Standard Webhooks and tried again for a day. How to verify one stands in the documentation of the API.</p>
    {open === 'new' ? <div class="cards item"><HookForm events={hooks.events} done={done('')} cancel={() => setOpen('')} /></div> : <p><button class="btn main" type="button" onClick={() => setOpen('new')}>Add a webhook</button></p>}
    {secret && !secret.of && <Once what="Signing secret" text={secret.text} about={secret.about} done={() => setSecret(null)} />}
    <Cards of={hooks} label="Webhooks" empty="No program is told of anything yet." item={(h) => <li key={h.id} class="item hook">{open === h.id ? <HookForm of={h} events={hooks.events} done={done(h.id)} cancel={() => { setOpen(''); hooks.read(); }} /> : <>
      <div class="grow"><p><b dir="ltr">{h.url}</b><span class={'chip ' + (h.active ? 'ok' : '')}>{h.active ? 'On' : 'Off'}</span>{h.waiting > 0 && <span class="chip warn">{plural(h.waiting, 'call')} waiting</span>}</p>
        <p class="meta">{h.events.map((e) => means[e] || e).join(' · ')}</p><State of={h} />
        {told[h.id] && <p class={'meta ' + (told[h.id][0] ? 'ok' : 'bad')} role="status">{told[h.id][1]}</p>}</div>
      <div class="row">
        <button class="btn" type="button" aria-label={'Test ' + h.url} onClick={() => test(h)}>Test</button>
        <button class="btn quiet" type="button" aria-expanded={logged === h.id} aria-label={'Log of ' + h.url} onClick={() => setLogged(logged === h.id ? '' : h.id)}>Log</button>
        <button class="btn quiet" type="button" aria-label={'Change ' + h.url} onClick={() => setOpen(h.id)}>Change</button>
        <button class="btn quiet" type="button" aria-label={'New secret for ' + h.url} onClick={() => rotate(h)}>New secret</button>
        <button class="btn quiet" type="button" aria-label={(h.active ? 'Switch off ' : 'Switch on ') + h.url} onClick={() => turn(h, !h.active)}>{h.active ? 'Switch off' : 'Switch on'}</button>
        <button class="btn quiet bad" type="button" aria-label={'Delete ' + h.url} onClick={() => remove('/webhooks/' + h.id, 'Delete this webhook?', 'Its log goes with it, and what waits is not sent. This cannot be undone.', hooks.read)}>Delete</button></div>
      {secret?.of === h.id && <Once what="Signing secret" text={secret.text} about={secret.about} done={() => setSecret(null)} />}
      {logged === h.id && <Log of={h} />}</>}</li>} />
  </>;
}
