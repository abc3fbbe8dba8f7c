// The right pane: who the customer is, where they are, what was before.
import { useEffect, useRef, useState } from 'preact/hooks';
import { signal } from '@preact/signals';
import { optional } from '../api';
import { openId } from '../inbox/state';
import { channelName, exact, plural, whoIs } from '../format';
import { Dialog } from '../parts/dialog';
import { Face, Moment, OwnerChip } from '../parts/bits';
import { go, mayAct, panel } from '../store';
import { head, messages } from '../thread/state';
import { Spent } from '../usage/spent';
import type { Contact, Row } from '../types';
import { ContactActions, ConversationActions } from './contact';
import { Controls } from './controls';
import { EditContact } from './edit';

/** How often a contact was changed here: pane and drawer both read it anew. */
const changes = signal(0);

const restMs = 120; // nothing is read for who steps past

const contextNames: Record<string, string> = { page_url: 'Page', page_title: 'Title' };

function Facts({ of: h, contact }: { of: Row; contact: Contact | null }) {
  const page = contact?.page, safe = page && /^https?:\/\//i.test(page.url) ? page.url : '';
  return <dl class="pairs">
    <dt>E-mail</dt><dd dir="auto">{contact?.email || h.email ? <a href={'mailto:' + encodeURIComponent(contact?.email || h.email!)}>{contact?.email || h.email}</a> : <span class="muted">not given</span>}</dd>
    {contact?.phone && <><dt>Phone</dt><dd>{contact.phone}</dd></>}
    <dt>Channel</dt><dd>{channelName(h.channel)}</dd>
    {(h.lang || h.locale) && <><dt>Language</dt><dd>{h.lang || h.locale}</dd></>}
    {page && <><dt>Page</dt><dd dir="auto">{safe ? <a href={safe} target="_blank" rel="noopener noreferrer nofollow">{page.title || page.url}</a> : page.title || page.url}</dd></>}
    <dt>Since</dt><dd>{exact(h.created_at)}</dd>
    {!!h.rating && <><dt>Rating</dt><dd>{h.rating} of 5{h.comment && <blockquote class="quote plain-text" dir="auto">{h.comment}</blockquote>}</dd></>}
    {contact?.blocked && <><dt>Blocked</dt><dd class="bad">yes</dd></>}
    {Object.entries(contact?.attributes || {}).filter(([k]) => k !== 'phone').map(([k, v]) => <><dt key={k} dir="auto">{contextNames[k] || k}</dt><dd dir="auto">{typeof v === 'object' ? JSON.stringify(v) : String(v)}</dd></>)}
  </dl>;
}

function Person({ of: h, contact, changed }: { of: Row; contact: Contact | null; changed: () => void }) {
  const [editing, setEditing] = useState(false);
  useEffect(() => setEditing(false), [h.id]);
  if (contact && editing) return <EditContact of={contact} done={(did) => { setEditing(false); if (did) changed(); }} />;
  return <>
    <Facts of={h} contact={contact} />
    {contact && mayAct.value && <button class="btn link" type="button" onClick={() => setEditing(true)}>Edit details</button>}
  </>;
}

function Past({ list, id }: { list: Row[]; id: string }) {
  const others = list.filter((r) => r.id !== id);
  if (!others.length) return null;
  return <><h3>{plural(others.length, 'other conversation')}</h3>
    <ul class="past">{others.slice(0, 10).map((r) => <li key={r.id}><button class="past-one" type="button" onClick={() => go('inbox', 'all', r.id)}>
      <span dir="auto" class="cut">{r.preview || 'No messages'}</span><span class="past-foot"><OwnerChip of={r} /><Moment at={r.updated_at} /></span></button></li>)}</ul></>;
}

function Used() {
  const titles = new Map<string, number>();
  for (const m of messages.value) for (const s of m.sources || []) titles.set(s.title, (titles.get(s.title) || 0) + 1);
  if (!titles.size) return null;
  return <><h3>Sources used</h3><ul class="used">{[...titles].slice(0, 8).map(([t, n]) => <li key={t}><span dir="auto" class="cut">{t}</span>{n > 1 && <span class="meta">{n}×</span>}</li>)}</ul></>;
}

export function DetailsBody() {
  const h = head.value;
  const [contact, setContact] = useState<Contact | null>(null), version = changes.value, shown = useRef('');
  const of = h?.contact_id;
  useEffect(() => {
    if (shown.current !== of + openId.value) setContact(null);
    shown.current = of + openId.value;
    if (!of) return undefined;
    let here = true;
    const timer = setTimeout(() => optional<Contact>('/contacts/' + of, `contact ${of} ${h!.seq} ${h!.contact} ${h!.email} ${version}`).then((c) => { if (here && c) setContact(c); }), restMs); // of one just erased, what is being said of it stays
    return () => { here = false; clearTimeout(timer); };
  }, [of, openId.value, h?.contact, h?.email, version]);
  if (!h) return null;
  const name = whoIs(h);
  return <>
    <div class="who"><Face name={name} kind="large" /><div><h2 dir="auto">{name}</h2><p class="meta">{plural(h.seq, 'message')} · {plural(h.episode || 1, 'visit')}</p></div></div>
    <Person of={h} contact={contact} changed={() => { changes.value++; }} />
    <Controls of={h} />
    <Used />
    <Spent of={h} />
    {contact && <Past list={contact.conversations} id={h.id} />}
    {contact && contact.identities.length > 1 && <><h3>Also known as</h3><ul class="used">{contact.identities.map((i) => <li key={i.channel + i.external_id}>{channelName(i.channel)} <span class="meta cut">{i.external_id}</span></li>)}</ul></>}
    <ConversationActions of={h} />
    {contact && <ContactActions of={contact} changed={() => { changes.value++; }} />}
  </>;
}

export function Details() {
  if (!openId.value) return null;
  return <section class="side" aria-label="Customer">{head.value && <DetailsBody />}</section>;
}

/** The same where the window has no room for the pane. */
export function DetailsDrawer() {
  if (panel.value !== 'details' || !head.value) return null;
  return <Dialog title="Details" kind="drawer" close={() => { panel.value = ''; }}><DetailsBody /></Dialog>;
}
