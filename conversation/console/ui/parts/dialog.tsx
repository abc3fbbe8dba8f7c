// Dialogs and drawers. The element itself keeps the focus in and gives it back.
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { signal } from '@preact/signals';
import { Icon } from './icons';

interface Props { title: string; close: () => void; kind?: string; children: ComponentChildren; bare?: boolean }

export function Dialog({ title, close, kind = '', children, bare }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = box.current!, before = document.activeElement as HTMLElement | null;
    dialog.showModal();
    return () => {
      dialog.close();
      if (before?.isConnected) before.focus();
    };
  }, []);
  return <dialog ref={box} class={'dialog ' + kind} aria-label={title}
    onCancel={(e) => { e.preventDefault(); close(); }}
    onClick={(e) => { if (e.target === box.current) close(); }}>
    {bare ? children : <div class="sheet" tabIndex={-1} autofocus>
      <header class="sheet-head"><h2>{title}</h2>
        <button class="btn quiet square" type="button" aria-label="Close" onClick={close}><Icon of="close" /></button></header>
      <div class="sheet-body">{children}</div>
    </div>}
  </dialog>;
}

interface Question { title: string; text: string; action: string; answer: (yes: boolean) => void }
const question = signal<Question | null>(null);

/** Asks before what cannot be undone. */
export function confirmed(title: string, text: string, action: string): Promise<boolean> {
  return new Promise((answer) => { question.value = { title, text, action, answer }; });
}

export function Confirmation() {
  const q = question.value;
  if (!q) return null;
  const answer = (yes: boolean) => {
    question.value = null;
    q.answer(yes);
  };
  return <Dialog title={q.title} close={() => answer(false)} kind="ask" bare>
    <form class="sheet-body" onSubmit={(e) => { e.preventDefault(); answer(true); }}>
      <h2>{q.title}</h2><p>{q.text}</p>
      <div class="row end"><button class="btn" type="button" autofocus onClick={() => answer(false)}>Cancel</button>
        <button class="btn bad" type="submit">{q.action}</button></div>
    </form>
  </Dialog>;
}
