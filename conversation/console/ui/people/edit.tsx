// Changing what is known of a contact.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api';
import { toast } from '../store';
import type { Contact } from '../types';

type Fact = { key: number; name: string; value: string };
let last = 0;

const plain = (v: unknown): string => (typeof v === 'string' ? v : v == null ? '' : JSON.stringify(v));

/** The attributes by name, the phone number among them. */
function gathered(phone: string, facts: Fact[]): Record<string, string> {
  const all: Record<string, string> = {};
  for (const f of facts) if (f.name.trim() && f.value.trim()) all[f.name.trim()] = f.value.trim();
  if (phone.trim()) all.phone = phone.trim();
  return all;
}

/** What to store, given what there is by now: only what was changed here is changed. */
function merged(now: Record<string, unknown>, was: Record<string, unknown>, is: Record<string, string>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const k in now) if (k in is || !(k in was)) out[k] = plain(now[k]);
  for (const k in is) if (!(k in was) || plain(was[k]) !== is[k]) out[k] = is[k];
  return out;
}

export function EditContact({ of: c, done }: { of: Contact; done: (changed: boolean) => void }) {
  const first = useRef<HTMLInputElement>(null), began = useRef(c).current;
  const [name, setName] = useState(c.name), [email, setEmail] = useState(c.email), [phone, setPhone] = useState(plain(c.attributes.phone));
  const [facts, setFacts] = useState<Fact[]>(() => Object.entries(c.attributes).filter(([k]) => k !== 'phone').map(([k, v]) => ({ key: ++last, name: k, value: plain(v) })));
  const [error, setError] = useState(''), [busy, setBusy] = useState(false);
  useEffect(() => { first.current!.focus(); }, []);
  const save = async (e: Event) => {
    e.preventDefault();
    setBusy(true);
    setError('');
    try {
      const now = await api<Contact>('GET', '/contacts/' + c.id);
      await api('PATCH', '/contacts/' + c.id, { ...(name.trim() !== began.name && { name: name.trim() }), ...(email.trim() !== began.email && { email: email.trim() }),
        attributes: merged(now.attributes, began.attributes, gathered(phone, facts)) });
      toast('Details saved');
      done(true);
    } catch (err) {
      setError((err as Error).message);
      setBusy(false);
    }
  };
  const change = (f: Fact, to: Partial<Fact>) => setFacts((now) => now.map((o) => (o.key === f.key ? { ...o, ...to } : o)));
  return <form class="form edit-contact" aria-label="Details of this person" onSubmit={save}
    onKeyDown={(e) => { if (e.key === 'Escape') { e.preventDefault(); e.stopPropagation(); done(false); } }}>
    <label class="field">Name<input ref={first} value={name} maxLength={120} autocomplete="off" dir="auto" onInput={(e) => setName(e.currentTarget.value)} /></label>
    <label class="field">E-mail<input type="email" value={email} maxLength={120} autocomplete="off" onInput={(e) => setEmail(e.currentTarget.value)} /></label>
    <label class="field">Phone<input type="tel" value={phone} maxLength={1000} autocomplete="off" onInput={(e) => setPhone(e.currentTarget.value)} /></label>
    {facts.map((f) => <div class="row tight" key={f.key}>
      <input class="grow" value={f.name} maxLength={60} aria-label="Name of the detail" placeholder="Detail" dir="auto" onInput={(e) => change(f, { name: e.currentTarget.value })} />
      <input class="grow" value={f.value} maxLength={1000} aria-label={f.name || 'Its text'} placeholder="Text" dir="auto" onInput={(e) => change(f, { value: e.currentTarget.value })} />
      <button class="btn quiet square" type="button" aria-label={'Remove ' + (f.name || 'the detail')} onClick={() => setFacts(facts.filter((o) => o.key !== f.key))}>×</button></div>)}
    {facts.length < 49 && <button class="btn link" type="button" onClick={() => setFacts([...facts, { key: ++last, name: '', value: '' }])}>Add a detail</button>}
    {error && <p class="error" role="alert">{error}</p>}
    <div class="row"><button class="btn main" type="submit" disabled={busy}>Save</button><button class="btn quiet" type="button" onClick={() => done(false)}>Cancel</button></div>
  </form>;
}
