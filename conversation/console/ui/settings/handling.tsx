// Settings › Handling: each rule in words, with its number. An empty field is a rule
// that is off.
import { isAdmin } from '../store';
import { SectionForm, useSection } from './section';

interface Handling { idle_minutes: number; resolve_hours: number; remind_minutes: number; escalate_minutes: number; sticky_hours: number; offline_email: boolean; version: number }
type Timed = Exclude<keyof Handling, 'offline_email' | 'version'>;

interface Rule { name: Timed; title: string; before: string; after: string; unit: string; most: number }

// The bounds are the server's.
const rules: Rule[] = [
  { name: 'remind_minutes', title: 'Reminder', before: 'Remind staff of a customer who has waited', after: 'of opening hours.', unit: 'minutes', most: 10080 },
  { name: 'escalate_minutes', title: 'Escalation', before: 'Raise the priority of a customer who has waited', after: 'of opening hours, and tell staff.', unit: 'minutes', most: 10080 },
  { name: 'idle_minutes', title: 'Back to the queue', before: 'Put a customer back in the queue who has waited', after: 'for the person who has the conversation.', unit: 'minutes', most: 10080 },
  { name: 'resolve_hours', title: 'Closing', before: 'Close a conversation whose customer has been silent for', after: '. One that waits for us is never closed.', unit: 'hours', most: 8784 },
  { name: 'sticky_hours', title: 'Same person', before: 'Bring a customer who writes again within', after: 'of a close to the same person, if they are there.', unit: 'hours', most: 744 },
];

const fits = (n: number, r: Rule) => Number.isInteger(n) && n >= 0 && n <= r.most;

function inWords(h: Handling): string[] {
  return [...rules.map((r) => `${r.title}: ${h[r.name] ? `${h[r.name]} ${r.unit}` : 'off'}`), 'Ask for an e-mail address: ' + (h.offline_email ? 'yes' : 'no')];
}

function RuleLine({ of: r, value, set, note }: { of: Rule; value: number; set: (n: number) => void; note: string }) {
  const wrong = !fits(value, r);
  return <li class={'rule' + (value ? '' : ' off')}>
    <p><b id={'rule-' + r.name}>{r.title}</b>{value === 0 && <span class="chip plain">Off</span>}</p>
    <p>{r.before} <input type="number" min="1" max={r.most} step="1" inputMode="numeric" placeholder="off" value={value || ''} aria-labelledby={'rule-' + r.name} aria-describedby={wrong || note ? 'say-' + r.name : undefined} aria-invalid={wrong}
      onInput={(e) => { const { value: text, validity } = e.currentTarget; set(validity.badInput ? NaN : text === '' ? 0 : Number(text)); }} /> {r.unit}{r.after[0] === '.' ? '' : ' '}{r.after}</p>
    {(wrong || note) && <p id={'say-' + r.name} class={wrong ? 'error' : 'meta'} role={wrong ? 'alert' : undefined}>{wrong ? `A whole number up to ${r.most.toLocaleString()}, or nothing.` : note}</p>}
  </li>;
}

export function HandlingRules() {
  const s = useSection<Handling>('handling'), h = s.value;
  if (h && !isAdmin.value) return <ul class="cards items plain-lines">{inWords(h).map((l) => <li key={l} class="item">{l}</li>)}</ul>;
  const note = (r: Rule) => (!h ? '' : r.name === 'escalate_minutes' && h.escalate_minutes && h.remind_minutes >= h.escalate_minutes ? 'This comes before the reminder, which then says nothing new.'
    : r.name === 'idle_minutes' && h.idle_minutes && h.remind_minutes >= h.idle_minutes ? 'This comes before staff are reminded.' : '');
  return <>
    <p class="muted lead">What becomes of conversations by themselves. An empty number switches a rule off.</p>
    <SectionForm of={s} label="Handling" wrong={!!h && rules.some((r) => !fits(h[r.name], r))} lines={inWords}>{h && <ul class="cards rules">
      {rules.map((r) => <RuleLine key={r.name} of={r} value={h[r.name]} note={note(r)} set={(n) => s.set({ [r.name]: n } as Partial<Handling>)} />)}
      <li class="rule"><label class="check"><input type="checkbox" checked={h.offline_email} onChange={(e) => s.set({ offline_email: e.currentTarget.checked })} /><b>Ask for an e-mail address</b></label>
        <p>Whoever waits on the website while nobody is there is asked where to reach them. They need not say.</p></li>
    </ul>}</SectionForm>
  </>;
}
