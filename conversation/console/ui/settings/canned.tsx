// Canned replies, with a preview of what their variables become.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, forget } from '../api';
import { Nodes } from '../parts/bits';
import { isKept, keptBelow, useKept } from '../parts/kept';
import { markdown } from '../parts/markdown';
import { allows, me, toast } from '../store';
import { filled } from '../thread/canned';
import type { Canned } from '../types';
import { Cards, remove, useForm, useList } from './parts';

const example: Record<string, string> = { 'contact.name': 'Mia Keller', 'contact.first_name': 'Mia', 'contact.email': 'mia@example.com', 'team.name': 'Orders', 'conversation.channel': 'widget', 'conversation.id': '7d1f0c52' };
const variables = ['contact.first_name', 'contact.name', 'contact.email', 'staff.first_name', 'staff.name', 'team.name', 'conversation.channel', 'conversation.id'];

function Preview({ text }: { text: string }) {
  const name = me.value!.name, full = filled(text, { ...example, 'staff.name': name, 'staff.first_name': name.split(' ')[0] });
  const unknown = [...new Set([...full.matchAll(/\{\{\s*([^{}]{1,60}?)\s*\}\}/g)].map((m) => m[1]))].filter((v) => !/^contact\.[\w-]+$/.test(v)), own = /\{\{\s*contact\.[\w-]+\s*\}\}/.test(full);
  if (!text.trim()) return null;
  return <div class="preview" role="group" aria-label="Preview"><p class="meta">As Mia Keller would read it</p>
    <Nodes class="text" dir="auto" deps={[full]} make={() => markdown(full.replace(/\{\{[^{}]*\}\}/g, ''))} />
    {own && <p class="meta">Attributes of the contact are left out for whoever has none.</p>}
    {unknown.length > 0 && <p class="warn" role="status">Not known, and left out when sent: {unknown.join(', ')}</p>}</div>;
}

function CannedForm({ of: c, done, cancel }: { of?: Canned; done: () => unknown; cancel: () => void }) {
  const first = useRef<HTMLInputElement>(null), area = useRef<HTMLTextAreaElement>(null);
  const draft = useKept('canned:' + (c?.id || 'new'), { shortcut: c?.shortcut || '', text: c?.text || '' }), { shortcut, text } = draft.value;
  const form = useForm(async () => {
    await api(c ? 'PUT' : 'POST', c ? '/canned/' + c.id : '/canned', { shortcut, text });
    draft.drop();
    await done();
  }, true);
  useEffect(() => { first.current!.focus(); }, []);
  const insert = (v: string) => {
    const a = area.current!;
    a.focus();
    a.setRangeText(`{{${v}}}`, a.selectionStart, a.selectionEnd, 'end'); // at once: a caret set later would jump under who writes on
    draft.set({ shortcut, text: a.value });
  };
  return <form class="form grow" onSubmit={form.submit} aria-label={c ? 'Change /' + c.shortcut : 'New canned reply'}>
    <label class="field">Shortcut, one word<input ref={first} required maxLength={40} pattern="/?\S+" value={shortcut} onInput={(e) => draft.set({ shortcut: e.currentTarget.value, text })} autocomplete="off" placeholder="hello" /></label>
    <label class="field">Text<textarea ref={area} required rows={4} maxLength={8000} dir="auto" value={text} onInput={(e) => draft.set({ shortcut, text: e.currentTarget.value })} /></label>
    <div class="row variables" role="group" aria-label="Put in a variable">{variables.map((v) => <button key={v} class="chip" type="button" onClick={() => insert(v)}>{v}</button>)}</div>
    <Preview text={text} />
    {form.error}
    <div class="row"><button class="btn main" type="submit" disabled={form.busy}>{c ? 'Save' : 'Add reply'}</button><button class="btn quiet" type="button" onClick={() => { draft.drop(); cancel(); }}>{draft.dirty ? 'Discard' : 'Cancel'}</button><span class="meta" role="status">{draft.dirty ? 'Not saved yet' : ''}</span></div>
  </form>;
}

export function CannedReplies() {
  const list = useList<Canned>('/canned', 'canned'), [open, setOpen] = useState(keptBelow('canned:') || ''), acts = allows(me.value, 'agent');
  const again = async () => { forget('/canned'); setOpen(''); await list.read(); };
  return <>
    <p class="muted lead">In the composer, / and some letters find one.</p>
    {acts && (open === 'new' ? <div class="cards item"><CannedForm done={again} cancel={() => setOpen('')} /></div> : <p><button class="btn main" type="button" onClick={() => setOpen('new')}>Add a canned reply</button></p>)}
    <Cards of={list} label="Canned replies" empty="There are no canned replies yet." item={(c) => <li key={c.id} class="item">
      {open === c.id ? <CannedForm of={c} done={async () => { await again(); toast('Reply saved'); }} cancel={() => setOpen('')} /> : <>
        <div class="grow"><p><b>/{c.shortcut}</b>{isKept('canned:' + c.id) && <span class="chip warn">Not saved yet</span>}</p><p class="clamp muted" dir="auto">{c.text}</p></div>
        {acts && <div class="row tight"><button class="btn quiet" type="button" aria-label={'Change /' + c.shortcut} onClick={() => setOpen(c.id)}>Change</button>
          <button class="btn quiet bad" type="button" aria-label={'Delete /' + c.shortcut} onClick={() => remove('/canned/' + c.id, 'Delete this reply?', `“/${c.shortcut}” is deleted for everybody. This cannot be undone.`, again)}>Delete</button></div>}</>}
    </li>} />
  </>;
}
