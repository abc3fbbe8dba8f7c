// Teams that conversations are given to.
import { useEffect, useRef, useState } from 'preact/hooks';
import { forget } from '../api';
import { plural } from '../format';
import { isAdmin, toast } from '../store';
import type { Colleague } from '../types';
import { useClash } from './clash';
import { Cards, remove, useForm, useList, type List } from './parts';

interface Team { id: string; name: string; members: string[]; version: number }

function TeamForm({ of: t, staff, done, cancel }: { of?: Team; staff: List<Colleague>; done: () => unknown; cancel: () => void }) {
  const name = useRef<HTMLInputElement>(null), [members, setMembers] = useState<string[]>(t?.members || []);
  const called = (ids: string[]) => (staff.list ? ids.map((id) => staff.list!.find((s) => s.id === id)?.name || id).sort().join(', ') : '…');
  const clash = useClash(t, 'team', (now) => [['Name', now.name], ['Members', called(now.members) || 'nobody yet']], (now) => { name.current!.value = now.name; setMembers(now.members); });
  const form = useForm(async () => {
    if (await clash.send(t ? 'PUT' : 'POST', t ? '/teams/' + t.id : '/teams', { name: name.current!.value, members })) await done();
  }, true);
  useEffect(() => { name.current!.focus(); }, []);
  const people = (staff.list || []).filter((s) => members.includes(s.id) || (!s.disabled && s.role !== 'viewer'));
  return <form class="form grow" onSubmit={form.submit} aria-label={t ? 'Change ' + t.name : 'New team'}>
    {clash.theirs}
    <label class="field">Name<input ref={name} required maxLength={80} defaultValue={t?.name} autocomplete="off" dir="auto" /></label>
    <fieldset class="members"><legend>Members</legend>{staff.error && <p class="error">{staff.error}</p>}{people.map((s) => <label key={s.id} class="check"><input type="checkbox" checked={members.includes(s.id)}
      onChange={(e) => setMembers(e.currentTarget.checked ? [...members, s.id] : members.filter((m) => m !== s.id))} /><span dir="auto">{s.name}</span> <span class="meta">{s.email}</span></label>)}</fieldset>
    {form.error}
    <div class="row"><button class="btn main" type="submit" disabled={form.busy || clash.open}>{t ? 'Save' : 'Add team'}</button><button class="btn quiet" type="button" onClick={cancel}>Cancel</button></div>
  </form>;
}

export function Teams() {
  const teams = useList<Team>('/teams', 'teams'), staff = useList<Colleague>('/staff', 'staff'), [open, setOpen] = useState('');
  const again = async () => { forget('/teams'); setOpen(''); await teams.read(); };
  const names = (t: Team) => (staff.list || []).filter((s) => t.members.includes(s.id)).map((s) => s.name).join(', ');
  return <>
    <p class="muted lead">A conversation can be given to a team, whose people find it by the filter “My teams”, or to whoever of the team is there and has the least to do.</p>
    {isAdmin.value && (open === 'new' ? <div class="cards item"><TeamForm staff={staff} done={again} cancel={() => setOpen('')} /></div> : <p><button class="btn main" type="button" onClick={() => setOpen('new')}>Add a team</button></p>)}
    <Cards of={teams} label="Teams" empty="There are no teams yet." item={(t) => <li key={t.id} class="item">
      {open === t.id ? <TeamForm of={t} staff={staff} done={async () => { await again(); toast('Team saved'); }} cancel={again} /> : <>
        <div class="grow"><p><b dir="auto">{t.name}</b></p><p class="meta" dir="auto">{t.members.length ? plural(t.members.length, 'member') + ': ' + names(t) : 'Nobody yet'}</p></div>
        {isAdmin.value && <div class="row tight"><button class="btn quiet" type="button" aria-label={'Change ' + t.name} onClick={() => setOpen(t.id)}>Change</button>
          <button class="btn quiet bad" type="button" aria-label={'Delete ' + t.name} onClick={() => remove('/teams/' + t.id, 'Delete this team?', `Conversations of “${t.name}” will have no team. This cannot be undone.`, again)}>Delete</button></div>}</>}
    </li>} />
  </>;
}
