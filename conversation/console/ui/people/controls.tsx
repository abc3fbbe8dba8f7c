// Sorting a conversation: labels, priority, who is to do it, and when.
import { useEffect, useState } from 'preact/hooks';
import { optional } from '../api';
import { exact } from '../format';
import { full } from '../inbox/state';
import { Dialog } from '../parts/dialog';
import { Swatch } from '../parts/bits';
import { useShared } from '../parts/shared';
import { mayAct, me, panel } from '../store';
import { arrange, snooze } from '../thread/actions';
import { head } from '../thread/state';
import type { Colleague, Label, Person, Row } from '../types';

/** What an older server cannot do is not offered. */
export function Controls({ of: h }: { of: Row }) {
  const labels = useShared<Label>('/labels', 'labels');
  if (!full.value || !mayAct.value) return null;
  const own = h.labels || [], free = (labels || []).filter((l) => !own.includes(l.name));
  return <section class="controls" aria-label="Sorting">
    <label class="pair">Priority<select value={String(h.priority || 0)} onChange={(e) => arrange('priority', { priority: +e.currentTarget.value })}>
      <option value="0">Normal</option><option value="1">Low</option><option value="2">High</option><option value="3">Urgent</option></select></label>
    <div class="pair"><span>Assigned to</span><button class="btn" type="button" onClick={() => { panel.value = 'assign'; }}>{h.assignee?.name || h.team?.name || 'Nobody'}</button></div>
    <div class="pair"><span>Snooze</span><button class="btn" type="button" onClick={() => (h.snoozed_until ? snooze(null) : (panel.value = 'snooze'))}>{h.snoozed_until ? 'Until ' + exact(h.snoozed_until) : 'Not now'}</button></div>
    {labels && <div class="labels"><span class="muted">Labels</span>
      {own.map((l) => <button key={l} class="chip plain" type="button" aria-label={'Remove label ' + l} onClick={() => arrange('labels', { labels: own.filter((x) => x !== l) })}><Swatch color={labels.find((x) => x.name === l)?.color || ''} />{l} ×</button>)}
      {!own.length && !free.length && <span>none yet</span>}
      {free.length > 0 && <select aria-label="Add a label" value="" onChange={(e) => { if (e.currentTarget.value) arrange('labels', { labels: [...own, e.currentTarget.value] }); }}>
        <option value="">Add…</option>{free.map((l) => <option key={l.id} value={l.name}>{l.name}</option>)}</select>}
    </div>}
  </section>;
}

function close(): void { panel.value = ''; }

export function AssignDialog() {
  const [staff, setStaff] = useState<Colleague[]>([]), [teams, setTeams] = useState<Person[]>([]);
  const open = panel.value === 'assign' && !!head.value;
  useEffect(() => {
    if (!open) return;
    optional<{ staff: Colleague[] }>('/staff', 'staff now ' + Date.now()).then((r) => setStaff((r?.staff || []).filter((s) => !s.disabled && s.role !== 'viewer')));
    optional<{ teams: Person[] }>('/teams', 'teams now ' + Date.now()).then((r) => setTeams(r?.teams || []));
  }, [open]);
  if (!open) return null;
  const to = async (body: Record<string, unknown>) => { if (await arrange('assign', body)) close(); };
  return <Dialog title="Assign to" close={close} kind="small"><ul class="choices">
    <li><button type="button" onClick={() => to({ staff: me.value!.id })}>Me</button></li>
    <li><button type="button" onClick={() => to({ auto: true })}>Whoever has the least to do</button></li>
    {teams.map((t) => <li key={t.id}><button type="button" onClick={() => to({ auto: true, team: t.id })}><span dir="auto">Next free person of {t.name}</span></button></li>)}
    {staff.filter((s) => s.id !== me.value?.id).map((s) => <li key={s.id}><button type="button" onClick={() => to({ staff: s.id })}>
      <span dir="auto">{s.name}</span><span class="meta">{s.online ? (s.status === 'away' ? 'away' : 'online') : 'offline'} · {s.open} open</span></button></li>)}
    {teams.map((t) => <li key={t.id}><button type="button" onClick={() => to({ team: t.id })}><span dir="auto">{t.name}</span><span class="meta">team</span></button></li>)}
    <li><button type="button" onClick={() => to({ none: true })}>Nobody</button></li>
  </ul></Dialog>;
}

function times(): [string, Date][] {
  const at = (days: number, hour: number) => { const d = new Date(); d.setDate(d.getDate() + days); d.setHours(hour, 0, 0, 0); return d; };
  const toMonday = ((8 - new Date().getDay()) % 7) || 7;
  const list: [string, Date][] = [['In an hour', new Date(Date.now() + 3600_000)], ['In three hours', new Date(Date.now() + 3 * 3600_000)],
    ['Tomorrow morning', at(1, 9)], ['Monday morning', at(toMonday, 9)]];
  return list;
}

export function SnoozeDialog() {
  if (panel.value !== 'snooze' || !head.value) return null;
  return <Dialog title="Snooze until" close={close} kind="small"><ul class="choices">
    {times().map(([name, d]) => <li key={name}><button type="button" onClick={() => { close(); snooze(d); }}><span>{name}</span><span class="meta">{exact(d.toISOString())}</span></button></li>)}
    <li><label class="pair">At<input type="datetime-local" onChange={(e) => { const d = new Date(e.currentTarget.value); if (d.getTime() > Date.now()) { close(); snooze(d); } }} /></label></li>
  </ul></Dialog>;
}
