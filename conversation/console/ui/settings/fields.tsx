// Fields of settings, told by what they are: their labels, inputs, hints and faults, how
// they are read from a section and written back, and how a value looks in words.
import type { Shape, Stored, Value, Faults } from './stored';

export type Kind = 'text' | 'area' | 'number' | 'choice' | 'switch' | 'list' | 'color';

export interface Field {
  name: string;
  label: string;
  kind: Kind;
  hint?: string;
  placeholder?: string;
  /** Of a choice: value and what it is called. */
  options?: [string, string][];
  /** Of a number: what stands behind it, what none means (where it may be none), and
   *  by how much what is typed is larger than what is stored. */
  unit?: string;
  none?: string;
  scale?: number;
  /** Of a list: what parts its items. */
  sep?: string;
  rows?: number;
  max?: number;
  list?: string; // id of suggestions
}

/** Reads a number that was typed; undefined when it is none. */
export function number(text: string): number | null | undefined {
  const t = String(text).trim();
  if (!t) return null;
  return /^-?(\d+\.?\d*|\.\d+)(e-?\d+)?$/i.test(t) && Number.isFinite(+t) ? +t : undefined;
}

/** Writes a number without the dust of scaling. */
export const digits = (n: number): string => String(+n.toPrecision(12));

function open(f: Field, v: any): any {
  if (f.kind === 'number') return v === null || v === undefined ? '' : digits(v * (f.scale || 1));
  if (f.kind === 'list') return (v || []).join(f.sep || '\n');
  return v ?? (f.kind === 'switch' ? false : '');
}

function close(f: Field, typed: any, faults: Faults): any {
  if (f.kind === 'list') return String(typed).split((f.sep || '\n').trim() || '\n').map((s) => s.trim()).filter(Boolean);
  if (f.kind !== 'number') return typed;
  const n = number(typed);
  if (n === undefined) faults[f.name] = 'This is no number. Write it with digits and a point, such as 0.5.';
  else if (n === null && f.none === undefined) faults[f.name] = 'This needs a number.';
  return n === null || n === undefined ? null : +digits(n / (f.scale || 1));
}

export function shapeOf(fields: Field[]): Shape {
  const by = new Map(fields.map((f) => [f.name, f]));
  return {
    open: (value) => Object.fromEntries(fields.map((f) => [f.name, open(f, value[f.name])])),
    close: (typed) => {
      const faults: Faults = {};
      const value: Value = Object.fromEntries(fields.map((f) => [f.name, close(f, typed[f.name], faults)]));
      return [value, faults];
    },
    label: (key) => by.get(key)?.label || key,
    show: (key, v) => {
      const f = by.get(key);
      if (f?.kind === 'switch') return v ? 'On' : 'Off';
      if (f?.kind === 'choice') return f.options!.find(([o]) => o === v)?.[1] || String(v ?? '');
      if (v === '' || v === undefined || v === null) return f?.none || 'Nothing';
      return String(v) + (f?.unit ? ' ' + f.unit : '');
    },
  };
}

/** One field, with all that is said about it. */
export function Line({ of: f, in: s }: { of: Field; in: Stored }) {
  const id = `set-${s.name}-${f.name}`, fault = s.faults[f.name], pinned = !!s.at?.pinned?.includes(f.name), v = s.typed[f.name];
  const told = [f.hint || pinned ? id + '-hint' : '', fault ? id + '-fault' : ''].filter(Boolean).join(' ') || undefined;
  const common = { id, 'aria-describedby': told, 'aria-invalid': fault ? true : undefined, placeholder: f.placeholder || (f.none ?? undefined), dir: 'auto' as const, autocomplete: 'off', maxLength: f.max, readOnly: pinned };
  const put = (e: { currentTarget: { value: string } }) => s.set({ [f.name]: e.currentTarget.value });
  const input = f.kind === 'area' || (f.kind === 'list' && (f.sep || '\n') === '\n') ? <textarea {...common} rows={f.rows || 3} value={v} onInput={put} />
    : f.kind === 'choice' ? <select id={id} aria-describedby={told} aria-invalid={common['aria-invalid']} disabled={pinned} value={v} onChange={put}>{f.options!.map(([o, name]) => <option key={o} value={o} selected={o === v}>{name}</option>)}</select>
        : f.kind === 'number' ? <span class="amount"><input {...common} dir={undefined} inputMode="decimal" value={v} onInput={put} />{f.unit && <span class="meta" aria-hidden="true">{f.unit}</span>}</span>
          : <input {...common} list={f.list} value={v} onInput={put} />;
  return <div class={'setting' + (fault ? ' wrong' : '')}>
    {f.kind === 'switch' ? <label class="check"><input type="checkbox" id={id} checked={v} disabled={pinned} aria-describedby={told} onChange={(e) => s.set({ [f.name]: e.currentTarget.checked })} />{f.label}</label>
      : <div class="row"><label class="field" for={id}>{f.label}{f.kind === 'number' && f.unit && <span class="hidden">, in {f.unit}</span>}{pinned && <span class="chip">From the environment</span>}{input}</label>
        {f.kind === 'color' && <input type="color" aria-label={f.label + ', as a picker'} disabled={pinned} value={/^#[0-9a-f]{6}$/i.test(v) ? v : '#2f5bea'} onInput={put} />}</div>}
    {(f.hint || pinned) && <p class="meta" id={id + '-hint'}>{pinned ? 'The environment of the server says this, so it cannot be changed here. ' : ''}{f.hint}</p>}
    {fault && <p class="error" id={id + '-fault'}>{fault}</p>}
  </div>;
}

export function Lines({ of, in: s }: { of: Field[]; in: Stored }) {
  return <>{of.map((f) => <Line key={f.name} of={f} in={s} />)}</>;
}
