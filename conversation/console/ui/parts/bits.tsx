// Small pieces that several pages show.
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { now, short, exact, initials } from '../format';
import { dismiss, me, toasts } from '../store';
import type { Row, State } from '../types';
import { Icon } from './icons';

export function Moment({ at }: { at: string }) {
  now.value; // written anew as time passes
  return <time dateTime={at} title={exact(at)}>{short(at)}</time>;
}

export function Face({ name, kind = '' }: { name: string; kind?: string }) {
  return <span class={'face ' + kind} aria-hidden="true">{kind === 'bot' ? <Icon of="bot" size={16} /> : initials(name)}</span>;
}

/** Says who has a conversation: Bot, Needs a person, You or a name, Snoozed, Resolved. */
export function OwnerChip({ of }: { of: Pick<State, 'owner' | 'status' | 'staff'> }) {
  const [text, kind] = holder(of);
  return <span class={'chip ' + kind}>{text}</span>;
}

export function holder(of: Pick<Row, 'owner' | 'status' | 'staff'>): [string, string] {
  if (of.status === 'resolved') return ['Resolved', 'plain'];
  if (of.status === 'snoozed') return ['Snoozed', 'plain'];
  if (of.owner === 'queue') return ['Needs a person', 'warn'];
  if (of.owner === 'bot') return ['Bot', 'bot'];
  return of.staff?.id === me.value?.id ? ['You', 'ok'] : [of.staff?.name || 'Staff', 'accent'];
}

/** Shows its children only when waiting has become noticeable. */
export function Late({ children, ms = 300 }: { children: ComponentChildren; ms?: number }) {
  const [due, setDue] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setDue(true), ms);
    return () => clearTimeout(timer);
  }, []);
  return due ? <>{children}</> : null;
}

export function Skeleton({ rows, label }: { rows: number; label: string }) {
  return <Late><div class="skeleton" role="status" aria-label={label}>{Array.from({ length: rows }, (_, i) => <div key={i}><i /><i /></div>)}</div></Late>;
}

/** One sentence and, where there is one, an action. */
export function Empty({ text, children }: { text: string; children?: ComponentChildren }) {
  return <div class="empty"><p>{text}</p>{children}</div>;
}

export function Toasts() {
  return <section class="toasts" aria-label="Notices">{toasts.value.map((t) => <div key={t.id} class={'toast ' + (t.tone || '')} role={t.tone ? 'alert' : undefined}>
    <span>{t.text}</span>
    {t.action && <button class="btn quiet" type="button" onClick={() => dismiss(t, true)}>{t.action}</button>}
    {!t.act && <button class="btn quiet square" type="button" aria-label="Dismiss" onClick={() => dismiss(t, false)}><Icon of="close" size={16} /></button>}
  </div>)}</section>;
}

/** What a customer gave, from 1 to 5. */
export function Score({ of }: { of: number }) {
  return <span class={'chip score ' + (of > 3 ? 'ok' : of < 3 ? 'bad' : 'plain')} role="img" aria-label={`Rated ${of} of 5`}>★ {of}</span>;
}

/** The colour of a label. Its ring can be told from any ground, and its name stands beside it. */
export function Swatch({ color }: { color: string }) {
  return <svg class="swatch" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><circle cx="6" cy="6" r="5.25" fill={color || 'none'} stroke-dasharray={color ? undefined : '2 2'} /></svg>;
}

/** Puts nodes made elsewhere into the page, such as Markdown. */
export function Nodes({ make, deps, class: name, dir }: { make: () => Node; deps: unknown[]; class: string; dir?: 'auto' }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => { box.current!.replaceChildren(make()); }, deps); // with the frame that shows the rest
  return <div ref={box} class={name} dir={dir} />;
}

export function Kbd({ keys }: { keys: string }) {
  return <kbd aria-hidden="true">{keys}</kbd>;
}
