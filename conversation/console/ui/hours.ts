// When people answer, as the console needs it: what is wrong with hours that are being
// written, and whether they are open now.

export interface Span { day: number; from: string; to: string }
export interface Holiday { date: string; name: string }
export interface Hours { timezone: string; week: Span[]; holidays: Holiday[]; version: number }

/** The days as a week is read, each by its number: 0 is Sunday. */
export const week = [1, 2, 3, 4, 5, 6, 0];
export const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** Whether this browser knows a time zone by that name. */
export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return !!name;
  } catch {
    return false;
  }
}

/** The spans of a day in order. Times are written so that they compare as text. */
export function ofDay(spans: Span[], day: number): Span[] {
  return spans.filter((s) => s.day === day).sort((a, b) => (a.from < b.from ? -1 : 1));
}

/** Says what is wrong with a day's spans; empty when nothing is. */
export function wrongWith(spans: Span[]): string {
  const list = [...spans].sort((a, b) => (a.from < b.from ? -1 : 1));
  for (const [i, s] of list.entries()) {
    if (!s.from || !s.to) return 'Say from when until when.';
    if (s.from >= s.to) return `${s.from} is not before ${s.to}. A night is two spans: until midnight, and from midnight on the next day.`;
    if (i && s.from < list[i - 1].to) return `${list[i - 1].from}–${list[i - 1].to} and ${s.from}–${s.to} overlap.`;
  }
  return '';
}

interface Local { date: string; day: number; time: string }

/** What calendar and clock show at a moment where the hours hold. */
export function local(at: number, zone: string): Local {
  const part: Record<string, string> = {};
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  for (const p of format.formatToParts(at)) part[p.type] = p.value;
  const date = `${part.year}-${part.month}-${part.day}`;
  return { date, day: new Date(date + 'T12:00:00Z').getUTCDay(), time: `${part.hour}:${part.minute}` };
}

const lookAhead = 400; // days, as the server does

/** Whether people answer at a moment, and if not when they do again, as they say it there. */
export function status(h: Hours, at: number): { open: boolean; opens: string } {
  const here = local(at, h.timezone || 'UTC'), off = new Set(h.holidays.map((d) => d.date));
  const open = !off.has(here.date) && (!h.week.length || h.week.some((s) => s.day === here.day && s.from <= here.time && here.time < s.to));
  if (open) return { open, opens: '' };
  for (let n = 0; n < lookAhead; n++) {
    const noon = new Date(Date.parse(here.date + 'T12:00:00Z') + n * 86400_000), date = noon.toISOString().slice(0, 10);
    if (off.has(date)) continue;
    const next = h.week.length ? ofDay(h.week, noon.getUTCDay()).find((s) => n > 0 || s.from > here.time)?.from : n > 0 ? '00:00' : undefined;
    if (next) return { open, opens: `${n === 0 ? 'today' : n < 7 ? dayNames[noon.getUTCDay()] : date} at ${next}` };
  }
  return { open, opens: '' };
}
