// One way to answer: as it is set, or with something else tried out.
import { count } from '../format';
import { Icon } from '../parts/icons';
import { isAdmin } from '../store';
import { asSet, change, settings } from './state';

/** What is set now, to be shown where nothing else is filled in. */
export interface Now { models: string[]; instructions: string; tokens: Record<string, number>; thresholds: { answer?: number | null; offer?: number | null } }

const tokenFields = [['total', 'All', 'total'], ['reply', 'Answer', 'answer'], ['passages', 'Passages', 'passages'], ['images', 'Pictures', 'images']] as const;

export function SettingCard({ at, now, two }: { at: number; now: Now; two: boolean }) {
  const s = settings.value[at], name = two ? (at ? 'B' : 'A') : '', own = JSON.stringify(s) !== JSON.stringify(asSet());
  const number = (key: 'answer' | 'offer' | 'total' | 'reply' | 'passages' | 'images', label: string, set: string, most: number) =>
    <label class="field">{label}<input type="number" min="0" max={most} step="1" inputMode="numeric" placeholder={set} value={s[key]} onInput={(e) => change(at, { [key]: e.currentTarget.value })} /></label>;
  const share = (n?: number | null) => (n === null || n === undefined ? 'as measured' : String(Math.round(n * 100)));
  return <div class="setting-box"><details class="setting" open={two && at > 0}>
    <summary>{name && <span class="n">{name}</span>}<span class="grow">{own ? 'With other settings' : 'With the settings as they are'}</span></summary>
    <div class="form">
      <label class="field">Model{isAdmin.value
        ? <input list="ask-models" maxLength={100} autocomplete="off" spellcheck={false} placeholder={now.models[0] || 'No model'} value={s.model} onInput={(e) => change(at, { model: e.currentTarget.value })} />
        : <select value={s.model} onChange={(e) => change(at, { model: e.currentTarget.value })}><option value="">{now.models[0] ? `As set: ${now.models[0]}` : 'No model'}</option>{now.models.slice(1).map((m) => <option key={m} value={m}>{m}</option>)}</select>}</label>
      {s.instructions === null
        ? <p><button class="btn" type="button" onClick={() => change(at, { instructions: now.instructions })}>Try other instructions</button></p>
        : <label class="field">Instructions<textarea rows={4} maxLength={20_000} dir="auto" value={s.instructions} onInput={(e) => change(at, { instructions: e.currentTarget.value })} /></label>}
      <fieldset class="members"><legend>Confidence in %</legend><div class="numbers">{number('answer', 'Answers from', share(now.thresholds.answer), 100)}{number('offer', 'Offers a person from', share(now.thresholds.offer), 100)}</div></fieldset>
      <fieldset class="members"><legend>Tokens at most</legend><div class="numbers">{tokenFields.map(([key, label, set]) => number(key, label, now.tokens[set] ? count(now.tokens[set]) : '', 128_000))}</div></fieldset>
      {own && <p><button class="btn quiet" type="button" onClick={() => change(at, asSet())}>Back to what is set</button></p>}
    </div>
  </details>{two && at > 0 && <button class="btn quiet square" type="button" aria-label="Take B away" onClick={() => { settings.value = [settings.value[0]]; }}><Icon of="close" size={16} /></button>}</div>;
}
