// The command palette and the list of keys.
import { useEffect, useRef, useState } from 'preact/hooks';
import { whoIs } from './format';
import { rows, view } from './inbox/state';
import { views } from './inbox/views';
import { keyList } from './keys';
import { Dialog } from './parts/dialog';
import { prefs, set } from './prefs';
import { pages } from './settings/pages';
import { available } from './settings/profile';
import { allows, go, mayAct, me, panel, signOut } from './store';
import { handBack, takeOver } from './thread/actions';
import { compose } from './thread/composer';
import { askResolve } from './thread/resolve';
import { head, mine } from './thread/state';

interface Command { name: string; hint?: string; run: () => void }

function commands(): Command[] {
  const list: Command[] = [];
  const h = head.value;
  if (h && mayAct.value) {
    list.push({ name: 'Reply', hint: 'r', run: () => compose('reply') }, { name: 'Write a note', hint: 'n', run: () => compose('note') },
      mine.value ? { name: 'Hand back to the bot', hint: 't', run: handBack } : { name: 'Take over', hint: 't', run: () => { takeOver(); } }, { name: 'Resolve', hint: 'e', run: askResolve });
  }
  for (const v of views) list.push({ name: 'Inbox: ' + v.title, run: () => go('inbox', v.name) });
  list.push({ name: 'Knowledge: documents', hint: 'g k', run: () => go('knowledge') }, { name: 'Knowledge: try a search', run: () => go('knowledge', 'search') },
    { name: 'Unanswered questions', hint: 'g u', run: () => go('gaps') }, { name: 'Mentions', hint: 'g m', run: () => go('mentions') }, { name: 'Ask a question as a customer would', hint: 'g q', run: () => go('ask') }, { name: 'Test set', hint: 'g t', run: () => go('tests') }, { name: 'Usage and cost', hint: 'g c', run: () => go('usage') }, { name: 'Reports', hint: 'g r', run: () => go('reports') }, ...pages.filter((p) => allows(me.value, p.role)).map((p) => ({ name: 'Settings: ' + p.title, hint: p.name === 'profile' ? 'g s' : undefined, run: () => go('settings', p.name) })),
    { name: 'Keyboard shortcuts', hint: '?', run: () => { panel.value = 'help'; } },
    { name: 'Dark look', run: () => set({ theme: 'dark' }) }, { name: 'Light look', run: () => set({ theme: 'light' }) }, { name: 'Look as the system', run: () => set({ theme: 'auto' }) },
    me.value?.status === 'away' ? { name: 'Available for new conversations', run: () => available('online') } : { name: 'Away: no new conversations', run: () => available('away') }, { name: 'Sign out', run: signOut });
  for (const r of rows.value.slice(0, 200)) list.push({ name: whoIs(r), hint: r.preview.slice(0, 50), run: () => go('inbox', view.value, r.id) });
  return list;
}

export function Palette() {
  return panel.value === 'palette' ? <Commands /> : null;
}

function Commands() {
  const [words, setWords] = useState(''), [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => { list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }); }, [at]);
  const parts = words.toLowerCase().split(/\s+/).filter(Boolean);
  const fit = commands().filter((c) => parts.every((p) => (c.name + ' ' + (c.hint || '')).toLowerCase().includes(p))).slice(0, 12);
  const run = (c?: Command) => {
    if (!c) return;
    panel.value = '';
    queueMicrotask(c.run);
  };
  return <Dialog title="Command palette" close={() => { panel.value = ''; }} kind="palette" bare>
    <input class="palette-input" type="text" role="combobox" aria-label="Command" aria-expanded="true" aria-controls="commands" aria-activedescendant={fit.length ? 'command-' + at : undefined}
      placeholder="Go to, or do…" autocomplete="off" autofocus value={words} onInput={(e) => { setWords(e.currentTarget.value); setAt(0); }}
      onKeyDown={(e) => {
        if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { e.preventDefault(); if (fit.length) setAt((at + (e.key === 'ArrowDown' ? 1 : fit.length - 1)) % fit.length); }
        if (e.key === 'Enter') { e.preventDefault(); run(fit[at]); }
      }} />
    {fit.length ? <ul ref={list} id="commands" role="listbox" aria-label="Commands" class="commands">{fit.map((c, i) =>
      <li key={c.name + i} id={'command-' + i} role="option" aria-selected={i === at} onClick={() => run(c)} onMouseMove={() => setAt(i)}>
        <span dir="auto" class="cut">{c.name}</span>{c.hint && <span class="meta cut">{c.hint}</span>}</li>)}</ul> : <p class="empty">Nothing is called that.</p>}
  </Dialog>;
}

export function Help() {
  if (panel.value !== 'help') return null;
  return <Dialog title="Keyboard shortcuts" close={() => { panel.value = ''; }}>
    <dl class="keys">{keyList.map((k) => <div key={k.keys}><dt>{k.keys.split(' ').map((one) => <kbd key={one}>{one}</kbd>)}</dt><dd>{k.does}</dd></div>)}</dl>
    <label class="check"><input type="checkbox" checked={prefs.value.keys} onChange={(e) => set({ keys: e.currentTarget.checked })} />Use single-letter shortcuts</label>
  </Dialog>;
}
