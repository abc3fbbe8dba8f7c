// Settings › Opening hours: the week, the time zone, the days off.
import { useEffect, useRef } from 'preact/hooks';
import { now } from '../format';
import { dayNames, type Holiday, type Hours, isZone, local, ofDay, type Span, status, week, wrongWith } from '../hours';
import { known } from '../inbox/closed';
import { Icon } from '../parts/icons';
import { isAdmin } from '../store';
import { Frame } from './frame';
import { Part } from './parts';
import { useStored, type At, type Faults, type Shape, type Value } from './stored';

type Typed = Omit<Hours, 'version'>;

/** The spans of a day as they are being typed: sorted, they would jump below the fingers. */
const typedOn = (spans: Span[], day: number): Span[] => spans.filter((s) => s.day === day);

const holidayLine = (d: Holiday): string => `${d.date || 'no date'} ${d.name}`.trim();

function weekLines(spans: Span[]): string[] {
  return week.map((day) => `${dayNames[day]}: ${ofDay(spans, day).map((s) => `${s.from}–${s.to}`).join(', ') || (spans.length ? 'closed' : 'open all day')}`);
}

function zoneWrong(zone: string): string {
  return isZone(zone) ? '' : 'There is no such time zone. They are called like Europe/Berlin.';
}

function holidayWrong(list: Holiday[], at: number): string {
  if (!list[at].date) return 'Choose a date.';
  return list.findIndex((d) => d.date === list[at].date) < at ? 'This day is in the list already.' : '';
}

const labels: Record<string, string> = { timezone: 'Time zone', week: 'Week', holidays: 'Holidays' };

const shape: Shape = {
  // In order, so that a change that is taken back is none.
  open: (v) => ({ timezone: v.timezone, week: week.flatMap((day) => ofDay(v.week || [], day)), holidays: v.holidays || [] } satisfies Typed),
  close: (typed) => {
    const { timezone, week: spans, holidays } = typed as Typed, faults: Faults = {};
    const day = week.find((d) => wrongWith(typedOn(spans, d))), off = holidays.map((_, i) => holidayWrong(holidays, i)).find(Boolean);
    if (zoneWrong(timezone)) faults.timezone = zoneWrong(timezone);
    if (day !== undefined) faults.week = `${dayNames[day]}: ${wrongWith(typedOn(spans, day))}`;
    if (off) faults.holidays = off;
    return [typed, faults];
  },
  label: (key) => labels[key],
  show: (key, v) => (key === 'week' ? weekLines(v).join('\n') : key === 'holidays' ? v.map(holidayLine).join('\n') || 'None' : v),
};

const zones: string[] = ['UTC', ...((Intl as any).supportedValuesOf?.('timeZone') || []).filter((z: string) => z !== 'UTC')];
const usual: Span[] = [1, 2, 3, 4, 5].map((day) => ({ day, from: '09:00', to: '17:00' }));

/** A day's open times on a strip of 24 hours. */
function Strip({ spans }: { spans: Span[] }) {
  const at = (s: string) => +s.slice(0, 2) + +s.slice(3) / 60;
  return <svg class="day-strip" viewBox="0 0 24 4" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="24" height="4" />
    {spans.filter((s) => s.from && s.from < s.to).map((s, i) => <rect key={i} class="fill" x={at(s.from)} width={at(s.to) - at(s.from)} height="4" />)}
    {[6, 12, 18].map((h) => <line key={h} x1={h} x2={h} y1="0" y2="4" />)}</svg>;
}

/** A day of the week with its spans. A time field knows no 24:00: at the end it is 00:00. */
function Day({ of: h, day, set }: { of: Hours; day: number; set: (spans: Span[]) => void }) {
  const spans = typedOn(h.week, day), name = dayNames[day], wrong = wrongWith(spans);
  const change = (at: number, to: Partial<Span>) => set(spans.map((s, i) => (i === at ? { ...s, ...to } : s)));
  const add = () => {
    const last = ofDay(h.week, day).at(-1);
    set([...spans, !last ? { day, from: '09:00', to: '17:00' } : last.to < '23:00' ? { day, from: last.to, to: '24:00' } : { day, from: '', to: '' }]);
  };
  return <div class="day" role="group" aria-label={name}>
    <b>{name}</b>
    <div class="spans">{spans.map((s, i) => <div key={i} class="span">
      <input type="time" aria-label={`${name}, from`} value={s.from} aria-invalid={!!wrong} aria-describedby={wrong ? 'wrong-' + day : undefined} onInput={(e) => change(i, { from: e.currentTarget.value })} />
      <span aria-hidden="true">–</span>
      <input type="time" aria-label={`${name}, until`} value={s.to === '24:00' ? '00:00' : s.to} aria-invalid={!!wrong} aria-describedby={wrong ? 'wrong-' + day : undefined}
        onInput={(e) => change(i, { to: e.currentTarget.value === '00:00' ? '24:00' : e.currentTarget.value })} />
      <button class="btn quiet square" type="button" aria-label={`Remove ${s.from || 'these hours'} on ${name}`} onClick={() => set(spans.filter((_, n) => n !== i))}><Icon of="close" size={16} /></button></div>)}
      {!spans.length && <span class="muted">{h.week.length ? 'Closed' : 'Open all day'}</span>}
    </div>
    <button class="btn quiet" type="button" aria-label={'Add hours on ' + name} onClick={add}>Add</button>
    <Strip spans={h.week.length ? spans : [{ day, from: '00:00', to: '24:00' }]} />
    {wrong && <p class="error" id={'wrong-' + day} role="alert">{wrong}</p>}
  </div>;
}

function Holidays({ of: list, set }: { of: Holiday[]; set: (list: Holiday[]) => void }) {
  const box = useRef<HTMLUListElement>(null), today = new Date(now.value).toISOString().slice(0, 10);
  const change = (at: number, to: Partial<Holiday>) => set(list.map((d, i) => (i === at ? { ...d, ...to } : d)));
  const add = () => {
    set([...list, { date: '', name: '' }]);
    const from = document.activeElement;
    requestAnimationFrame(() => document.activeElement === from && box.current?.querySelector<HTMLElement>('li:last-child input')?.focus());
  };
  return <>
    {list.length > 0 && <ul ref={box} class="holidays" aria-label="Holidays">{list.map((d, i) => {
      const wrong = holidayWrong(list, i);
      return <li key={i}><input type="date" aria-label={`Holiday ${i + 1}, date`} value={d.date} aria-invalid={!!wrong} onInput={(e) => change(i, { date: e.currentTarget.value })} />
        <input aria-label={`Holiday ${i + 1}, name`} value={d.name} maxLength={100} placeholder="Name" dir="auto" onInput={(e) => change(i, { name: e.currentTarget.value })} />
        <button class="btn quiet square" type="button" aria-label={`Remove the holiday ${d.name || d.date || i + 1}`} onClick={() => set(list.filter((_, n) => n !== i))}><Icon of="close" size={16} /></button>
        {wrong ? <p class="error" role="alert">{wrong}</p> : d.date < today && <span class="meta">over</span>}</li>;
    })}</ul>}
    <div><button class="btn" type="button" onClick={add}>Add a holiday</button></div>
  </>;
}

function Now({ of: h }: { of: Hours }) {
  if (!isZone(h.timezone)) return null;
  const at = now.value, s = status(h, at), here = local(at, h.timezone);
  return <p class="now" role="status"><span class={'chip ' + (s.open ? 'ok' : 'warn')}>{s.open ? 'Open now' : 'Closed now'}</span> It is {dayNames[here.day]}, {here.time} there.{!s.open && (s.opens ? ` Open again ${s.opens}.` : ' No opening is in sight.')}</p>;
}

const hoursOf = (at: At, value: Value): Hours => ({ ...(shape.open(value) as Typed), version: at.version });

export function OpeningHours() {
  const s = useStored('hours', shape);
  useEffect(() => { if (s.at) known(hoursOf(s.at, s.at.value)); }, [s.at?.version]);
  const h = s.at && hoursOf(s.at, s.typed);
  if (h && !isAdmin.value) {
    return <><Now of={h} /><ul class="cards items plain-lines">{['Time zone: ' + h.timezone, ...weekLines(h.week), ...h.holidays.map((d) => 'Holiday: ' + holidayLine(d))].map((l) => <li key={l} class="item" dir="auto">{l}</li>)}</ul></>;
  }
  return <>
    <p class="muted lead">Outside these hours customers are told when people are back, and nobody is reminded of them.</p>
    <Frame of={s} label="Opening hours">{h && <Fields of={h} faults={s.faults} set={s.set} />}</Frame>
  </>;
}

/** What is wrong is said while it is typed. The server's faults are those that this page
 *  does not know of: of a day or a holiday they are said above all of them. */
function Fields({ of: h, faults, set }: { of: Hours; faults: Faults; set: (change: Partial<Typed>) => void }) {
  const zone = zoneWrong(h.timezone) || faults.timezone, own = shape.close(h)[1];
  const weekFault = !own.week && faults.week, holidayFault = !own.holidays && faults.holidays;
  const setDay = (day: number, spans: Span[]) => set({ week: week.flatMap((d) => (d === day ? spans : typedOn(h.week, d))) });
  const asMonday = () => set({ week: week.flatMap((day) => (day >= 2 && day <= 5 ? ofDay(h.week, 1).map((s) => ({ ...s, day })) : typedOn(h.week, day))) });
  return <>
    <Now of={h} />
    <label class="field zone">Time zone<input list="zones" value={h.timezone} autocomplete="off" spellcheck={false} aria-invalid={!!zone} aria-describedby={zone ? 'zone-wrong' : undefined} onInput={(e) => set({ timezone: e.currentTarget.value.trim() })} /></label>
    <datalist id="zones">{zones.map((z) => <option key={z} value={z} />)}</datalist>
    {zone && <p class="error" id="zone-wrong" role="alert">{zone}</p>}
    <Part title="Week" about={h.week.length ? undefined : 'No hours are set, so people always answer.'}>
      {weekFault && <p class="error" role="alert">{weekFault}</p>}
      {!h.week.length && <p><button class="btn" type="button" onClick={() => set({ week: usual })}>Monday to Friday, 9 to 17</button></p>}
      <div class="cards week">{week.map((day) => <Day key={day} of={h} day={day} set={(spans) => setDay(day, spans)} />)}</div>
      {h.week.some((one) => one.day === 1) && <p><button class="btn quiet" type="button" onClick={asMonday}>Monday's hours for Tuesday to Friday too</button></p>}
    </Part>
    <Part title="Holidays" about="Closed all day.">
      {holidayFault && <p class="error" role="alert">{holidayFault}</p>}
      <Holidays of={h.holidays} set={(holidays) => set({ holidays })} />
    </Part>
  </>;
}
