// Resolving, with a word on why where it helps: one key and Enter without.
import { useLayoutEffect, useRef } from 'preact/hooks';
import { mayAct, panel } from '../store';
import type { Row } from '../types';
import { resolve } from './actions';
import { head, newestSeen } from './state';

const maxRunes = 500; // as the server takes it

/** Opens what asks for the reason. */
export function askResolve(): void {
  const h = head.value;
  if (h && mayAct.value && h.status !== 'resolved') panel.value = 'resolve';
}

function close(): void {
  if (panel.value === 'resolve') panel.value = '';
}

function Popover() {
  const box = useRef<HTMLDivElement>(null), reason = useRef<HTMLInputElement>(null);
  const seen = useRef(newestSeen()); // what comes from now on stands behind this
  // With the change itself, not after the next paint: the focus would be taken from whoever
  // has gone on to something else by then.
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null, frame = box.current!;
    reason.current!.focus();
    const away = (e: Event) => { if (!box.current?.parentElement?.contains(e.target as Node)) close(); };
    document.addEventListener('pointerdown', away);
    return () => {
      document.removeEventListener('pointerdown', away);
      const now = document.activeElement;
      if (before?.isConnected && before !== document.body && (!now || now === document.body || frame.contains(now))) before.focus();
    };
  }, []);
  return <div ref={box} class="popover" role="dialog" aria-label="Resolve the conversation" onKeyDown={(e) => { if (e.key === 'Escape') { e.preventDefault(); close(); } }}>
    <form onSubmit={(e) => { e.preventDefault(); const why = reason.current!.value.trim(); close(); resolve(why, seen.current); }}>
      <label class="field">Why it is done<input ref={reason} maxLength={maxRunes} dir="auto" autocomplete="off" placeholder="Optional; only staff see it" /></label>
      <div class="row end"><button class="btn quiet" type="button" onClick={close}>Cancel</button><button class="btn main" type="submit">Resolve it</button></div>
    </form></div>;
}

export function Resolve({ of: h }: { of: Row }) {
  const open = panel.value === 'resolve';
  return <span class="anchor">
    <button class="btn" type="button" disabled={h.status === 'resolved'} aria-haspopup="dialog" aria-expanded={open} aria-keyshortcuts="e" onClick={open ? close : askResolve}>Resolve</button>
    {open && <Popover />}
  </span>;
}
