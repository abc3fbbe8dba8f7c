// Settings › Handling: each rule in words, with its number. An empty field is a rule
// that is off.
import { isAdmin } from '../store';
import { Frame } from './frame';
import { useStored, type Faults, type Shape } from './stored';

type Timed = 'idle_minutes' | 'resolve_hours' | 'remind_minutes' | 'escalate_minutes' | 'sticky_hours';
/** null where what was typed is no number. */
type Typed = Record<Timed, number | null> & { offline_email: boolean };

interface Rule { name: Timed; title: string; before: string; after: string; unit: string; most: number }

// The bounds are the server's.
const rules: Rule[] = [
  { name: 'remind_minutes', title: 'Reminder', before: 'Remind staff of a customer who has waited', after: 'of opening hours.', unit: 'minutes', most: 10080 },
  { name: 'escalate_minutes', title: 'Escalation', before: 'Raise the priority of a customer who has waited', after: 'of opening hours, and tell staff.', unit: 'minutes', most: 10080 },
  { name: 'idle_minutes', title: 'Back to the queue', before: 'Put a customer back in the queue who has waited', after: 'for the person who has the conversation.', unit: 'minutes', most: 10080 },
  { name: 'resolve_hours', title: 'Closing', before: 'Close a conversation whose customer has been silent for', after: '. One that waits for us is never closed.', unit: 'hours', most: 8784 },
  { name: 'sticky_hours', title: 'Same person', before: 'Bring a customer who writes again within', after: 'of a close to the same person, if they are there.', unit: 'hours', most: 744 },
];

const fits = (n: number | null, r: Rule): boolean => n !== null && Number.isInteger(n) && n >= 0 && n <= r.most;
const misfit = (r: Rule): string => `A whole number up to ${r.most.toLocaleString()}, or nothing.`;
const email = 'Ask for an e-mail address';

const shape: Shape = {
  open: (v) => ({ ...Object.fromEntries(rules.map((r) => [r.name, v[r.name]])), offline_email: v.offline_email }),
  close: (typed) => {
    const faults: Faults = {};
    for (const r of rules) if (!fits(typed[r.name], r)) faults[r.name] = misfit(r);
    return [typed, faults];
  },
  label: (key) => rules.find((r) => r.name === key)?.title || email,
  show: (key, v) => {
    const r = rules.find((one) => one.name === key);
    if (!r) return v ? 'yes' : 'no';
    return v === null ? 'no number' : v ? `${v} ${r.unit}` : 'off';
  },
};

interface LineProps { of: Rule; value: number | null; set: (n: number | null) => void; note: string; fault?: string }

function RuleLine({ of: r, value, set, note, fault }: LineProps) {
  const wrong = fits(value, r) ? fault : misfit(r);
  return <li class={'rule' + (value === 0 ? ' off' : '')}>
    <p><b id={'rule-' + r.name}>{r.title}</b>{value === 0 && <span class="chip plain">Off</span>}</p>
    <p>{r.before} <input type="number" min="1" max={r.most} step="1" inputMode="numeric" placeholder="off" value={value || ''} aria-labelledby={'rule-' + r.name} aria-describedby={wrong || note ? 'say-' + r.name : undefined} aria-invalid={!!wrong}
      onInput={(e) => { const { value: text, validity } = e.currentTarget; set(validity.badInput ? null : text === '' ? 0 : Number(text)); }} /> {r.unit}{r.after[0] === '.' ? '' : ' '}{r.after}</p>
    {(wrong || note) && <p id={'say-' + r.name} class={wrong ? 'error' : 'meta'} role={wrong ? 'alert' : undefined}>{wrong || note}</p>}
  </li>;
}

function noteOn(r: Rule, h: Typed): string {
  const before = (n: number | null) => !!n && (h.remind_minutes || 0) >= n;
  if (r.name === 'escalate_minutes' && before(h.escalate_minutes)) return 'This comes before the reminder, which then says nothing new.';
  return r.name === 'idle_minutes' && before(h.idle_minutes) ? 'This comes before staff are reminded.' : '';
}

export function HandlingRules() {
  const s = useStored('handling', shape), h = s.at && (s.typed as Typed);
  if (h && !isAdmin.value) return <ul class="cards items plain-lines">{Object.keys(h).map((k) => <li key={k} class="item">{shape.label(k)}: {shape.show(k, s.typed[k])}</li>)}</ul>;
  return <>
    <p class="muted lead">What becomes of conversations by themselves. An empty number switches a rule off.</p>
    <Frame of={s} label="Handling">{h && <ul class="cards rules">
      {rules.map((r) => <RuleLine key={r.name} of={r} value={h[r.name]} note={noteOn(r, h)} fault={s.faults[r.name]} set={(n) => s.set({ [r.name]: n })} />)}
      <li class="rule"><label class="check"><input type="checkbox" checked={h.offline_email} onChange={(e) => s.set({ offline_email: e.currentTarget.checked })} /><b>{email}</b></label>
        <p>Whoever waits on the website while nobody is there is asked where to reach them. They need not say.</p></li>
    </ul>}</Frame>
  </>;
}
