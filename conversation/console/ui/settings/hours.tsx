// Settings › Opening hours: the week, the time zone, the days off.
import { useEffect, useRef } from 'preact/hooks';
import { dayNames, type Holiday, type Hours, isZone, local, ofDay, type Span, status, week, wrongWith } from '../hours';
import { now } from '../format';
import { known } from '../inbox/closed';
import { Icon } from '../parts/icons';
import { isAdmin } from '../store';
import { Part } from './parts';
import { SectionForm, useSection } from './section';

const zones: string[] = ['UTC', ...((Intl as any).supportedValuesOf?.('timeZone') || []).filter((z: string) => z !== 'UTC')];
const usual: Span[] = [1, 2, 3, 4, 5].map((day) => ({ day, from: '09:00', to: '17:00' }));

/** A day's open times on a strip of 24 hours. */
function Strip({ spans }: { spans: Span[] }) {
  const at = (s: string) => +s.slice(0, 2) + +s.slice(3) / 60;
  return <svg class="strip" viewBox="0 0 24 4" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="24" height="4" />
    {spans.filter((s) => s.from && s.from < s.to).map((s, i) => <rect key={i} class="fill" x={at(s.from)} width={at(s.to) - at(s.from)} height="4" />)}
    {[6, 12, 18].map((h) => <line key={h} x1={h} x2={h} y1="0" y2="4" />)}</svg>;
}

/** A day of the week with its spans. A time field knows no 24:00: at the end it is 00:00. */
function Day({ of: h, day, set }: { of: Hours; day: number; set: (spans: Span[]) => void }) {
  const spans = h.week.filter((s) => s.day === day), name = dayNames[day], wrong = wrongWith(spans);
  const change = (at: number, to: Partial<Span>) => set(spans.map((s, i) => (i === at ? { ...s, ...to } : s)));
  const add = () => {
    const last = ofDay(h, day).at(-1);
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
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>('li:last-child input')?.focus());
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

function holidayWrong(list: Holiday[], at: number): string {
  if (!list[at].date) return 'Choose a date.';
  return list.findIndex((d) => d.date === list[at].date) < at ? 'This day is in the list already.' : '';
}

function inWords(h: Hours): string[] {
  return ['Time zone: ' + h.timezone, ...week.map((day) => `${dayNames[day]}: ${ofDay(h, day).map((s) => `${s.from}–${s.to}`).join(', ') || (h.week.length ? 'closed' : 'open all day')}`),
    ...h.holidays.map((d) => `Holiday: ${d.date} ${d.name}`)];
}

function Now({ of: h }: { of: Hours }) {
  if (!isZone(h.timezone)) return null;
  const at = now.value, s = status(h, at), here = local(at, h.timezone);
  return <p class="now" role="status"><span class={'chip ' + (s.open ? 'ok' : 'warn')}>{s.open ? 'Open now' : 'Closed now'}</span> It is {dayNames[here.day]}, {here.time} there.{!s.open && (s.opens ? ` Open again ${s.opens}.` : ' No opening is in sight.')}</p>;
}

export function OpeningHours() {
  const s = useSection<Hours>('hours'), h = s.value;
  useEffect(() => { if (h && !s.changed) known(h); }, [h?.version]);
  if (h && !isAdmin.value) return <><Now of={h} /><ul class="cards items plain-lines">{inWords(h).map((l) => <li key={l} class="item" dir="auto">{l}</li>)}</ul></>;
  const zone = !h || isZone(h.timezone);
  const wrong = !!h && (!zone || week.some((day) => wrongWith(h.week.filter((one) => one.day === day))) || h.holidays.some((_, i) => holidayWrong(h.holidays, i)));
  return <>
    <p class="muted lead">Outside these hours customers are told when people are back, and nobody is reminded of them.</p>
    <SectionForm of={s} label="Opening hours" wrong={wrong} lines={inWords}>{h && <>
      <Now of={h} />
      <label class="field zone">Time zone<input list="zones" value={h.timezone} autocomplete="off" spellcheck={false} aria-invalid={!zone} onInput={(e) => s.set({ timezone: e.currentTarget.value.trim() })} /></label>
      <datalist id="zones">{zones.map((z) => <option key={z} value={z} />)}</datalist>
      {!zone && <p class="error" role="alert">There is no such time zone. They are called like Europe/Berlin.</p>}
      <Part title="Week" about={h.week.length ? undefined : 'No hours are set, so people always answer.'}>
        {!h.week.length && <p><button class="btn" type="button" onClick={() => s.set({ week: usual })}>Monday to Friday, 9 to 17</button></p>}
        <div class="cards week">{week.map((day) => <Day key={day} of={h} day={day} set={(spans) => s.set({ week: [...h.week.filter((one) => one.day !== day), ...spans] })} />)}</div>
        {h.week.some((one) => one.day === 1) && <p><button class="btn quiet" type="button" onClick={() => s.set({ week: [...h.week.filter((one) => one.day % 6 === 0), ...[1, 2, 3, 4, 5].flatMap((day) => ofDay(h, 1).map((one) => ({ ...one, day })))] })}>Monday's hours for Tuesday to Friday too</button></p>}
      </Part>
      <Part title="Holidays" about="Closed all day."><Holidays of={h.holidays} set={(holidays) => s.set({ holidays })} /></Part>
    </>}</SectionForm>
  </>;
}
