// The keys of the console. They are off while somebody types, and can be switched
// off altogether.
import { step } from './inbox/list';
import { full, openId, rows, view } from './inbox/state';
import { prefs } from './prefs';
import { go, panel, route } from './store';
import { takeOrGive } from './thread/actions';
import { compose, typeAhead } from './thread/composer';
import { askResolve } from './thread/resolve';
import { markUnread } from './thread/unread';
import { suggest } from './thread/suggest';

export interface Key { keys: string; does: string; when?: 'inbox' }
export const keyList: Key[] = [
  { keys: 'j k', does: 'Next, previous conversation' }, { keys: 'Enter', does: 'Open the conversation and go to its messages' },
  { keys: 'r', does: 'Reply' }, { keys: 'n', does: 'Private note' }, { keys: 't', does: 'Take over, or hand back' }, { keys: 'a', does: 'Assign' },
  { keys: 'e', does: 'Resolve, with a reason if you like' }, { keys: 's', does: 'Snooze' }, { keys: 'u', does: 'Mark as unread' }, { keys: '/', does: 'Search; in the composer: canned replies' },
  { keys: 'g i', does: 'Go to the inbox' }, { keys: 'g k', does: 'Go to the knowledge' }, { keys: 'g u', does: 'Go to unanswered questions' }, { keys: 'g m', does: 'Go to your mentions' }, { keys: 'g q', does: 'Ask a question as a customer would' }, { keys: 'g t', does: 'Go to the test set' }, { keys: 'g c', does: 'Go to usage and cost' }, { keys: 'g r', does: 'Go to the reports' }, { keys: 'g s', does: 'Go to the settings' },
  { keys: '?', does: 'This list' }, { keys: 'Ctrl/Cmd K', does: 'Command palette' }, { keys: 'Ctrl/Cmd Enter', does: 'Send' },
  { keys: 'Ctrl/Cmd J', does: 'Suggest a reply' }, { keys: 'Esc', does: 'Leave the field, close the panel' },
];

const sequenceMs = 1200;
let leader = 0; // when g was pressed

function typingIn(e: KeyboardEvent): boolean {
  return e.target instanceof Element && !!e.target.closest('input, textarea, select, [contenteditable], dialog');
}

const plain: Record<string, () => void> = {
  j: () => step(1), k: () => step(-1),
  r: () => compose('reply'), n: () => compose('note'), t: () => { takeOrGive(); }, e: askResolve,
  a: () => { if (full.value) panel.value = 'assign'; }, s: () => { if (full.value) panel.value = 'snooze'; }, u: () => { markUnread(); },
  '/': () => document.getElementById('search')?.focus(),
};
const needsOpen = 'rntesau';

function enter(e: KeyboardEvent): boolean {
  if (e.target instanceof Element && e.target.closest('button, a, summary, audio, video')) return false;
  if (!openId.value && rows.value.length) go('inbox', view.value, rows.value[0].id);
  // It is there with the next frame; whoever has gone on to a field by then stays in it.
  const from = document.activeElement;
  requestAnimationFrame(() => { if (document.activeElement === from || document.activeElement === document.body) document.getElementById('log')?.focus(); });
  return true;
}

function press(e: KeyboardEvent): boolean {
  const key = e.key;
  if (Date.now() - leader < sequenceMs) {
    leader = 0;
    const to = { i: ['inbox'], k: ['knowledge'], u: ['gaps'], s: ['settings'], m: ['mentions'], r: ['reports'], q: ['ask'], t: ['tests'], c: ['usage'] }[key];
    if (to) go(...to);
    return !!to;
  }
  if (key === 'g') {
    leader = Date.now();
    return true;
  }
  if (key === '?') {
    panel.value = 'help';
    return true;
  }
  if (route.value[0] !== 'inbox') return false;
  if (key === 'Enter') return enter(e);
  if (!plain[key] || (needsOpen.includes(key) && !openId.value)) return false;
  plain[key]();
  return true;
}

export function watchKeys(): () => void {
  const listen = (e: KeyboardEvent) => {
    if (e.defaultPrevented || e.isComposing) return;
    if ((e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey) {
      const key = e.key.toLowerCase();
      if (key === 'k') {
        e.preventDefault();
        panel.value = panel.value === 'palette' ? '' : 'palette';
      } else if (key === 'j' && openId.value && !typingIn(e)) {
        e.preventDefault();
        suggest();
      }
      return;
    }
    if (e.ctrlKey || e.metaKey || e.altKey || !prefs.value.keys || typingIn(e) || panel.value) return;
    if (typeAhead(e) || press(e)) e.preventDefault();
  };
  addEventListener('keydown', listen);
  return () => removeEventListener('keydown', listen);
}

