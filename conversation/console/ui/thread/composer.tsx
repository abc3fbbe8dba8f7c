// Where staff write. A reply goes to the customer, a note stays among staff; the
// two look and are named differently all the time.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { signal } from '@preact/signals';
import { whoIs } from '../format';
import { Kbd } from '../parts/bits';
import { Icon } from '../parts/icons';
import { mayAct, me } from '../store';
import { openId } from '../inbox/state';
import { AttachButton, Attached, useDrop } from './attach';
import { BriefCard } from './brief';
import { canned } from './canned';
import { closeOffers, lookForOffers, offerAria, offerKeys, Offers } from './caret';
import { mention } from './mention';
import { head, mine, trouble } from './state';
import { mode, send, sendable, text, turnTo, write, type Mode } from './send';
import { canSuggest, Ghost, suggest } from './suggest';
import { DraftPreview, TranslateDraft } from './translate';

const maxRunes = 8000;
export const command = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl';
const composing = signal(false);

/** Where somebody began to write before there was a composer, and what had the focus. */
let early = { id: '', from: null as Element | null };

export function compose(as: Mode): void {
  if (!mayAct.value) return;
  turnTo(as);
  const area = document.getElementById('composer');
  area?.focus();
  early = { id: area ? '' : openId.peek(), from: document.activeElement };
}

/** Takes a key that is meant for a composer still to come: what is typed stands in it
 *  then. As a command it would do things nobody asked for. */
export function typeAhead(e: KeyboardEvent): boolean {
  if (!early.id || early.id !== openId.peek() || trouble.peek() || e.key === 'Escape') {
    early.id = '';
    return false;
  }
  const had = text.peek();
  if (e.key === 'Backspace') write([...had].slice(0, -1).join(''));
  else if (e.key === 'Enter') write(had + '\n');
  else if (e.key.length === 1) write(had + e.key);
  else return false;
  return true;
}

function hint(): string {
  const h = head.value;
  if (mode.value === 'note') return 'Write a note for your colleagues';
  if (h?.owner === 'staff' && !mine.value) return `${h.staff?.name || 'A colleague'} has this conversation`;
  return h ? `Reply to ${whoIs(h)}` : 'Reply';
}

export function Composer() {
  const area = useRef<HTMLTextAreaElement>(null);
  const id = openId.value, value = text.value, note = mode.value === 'note';
  useEffect(() => {
    const a = area.current;
    if (!a) return;
    a.style.height = 'auto'; // grows with what is written, where CSS cannot do it
    a.style.height = Math.min(240, a.scrollHeight) + 'px';
  }, [value, id]);
  useEffect(closeOffers, [id, note]);
  const there = !!head.value;
  useLayoutEffect(() => {
    const a = area.current;
    if (!a || early.id !== id) return;
    if (document.activeElement === early.from) {
      a.focus();
      a.setSelectionRange(value.length, value.length);
    }
    early.id = '';
  }, [there, id]);
  const drop = useDrop(note);
  if (!mayAct.value || !head.value) return null;
  const h = head.value, held = h.owner === 'staff' && h.staff && !mine.value && h.status !== 'resolved';
  const keys = (e: KeyboardEvent) => {
    if (e.isComposing || composing.value) return;
    if (offerKeys(e)) return;
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
      e.preventDefault();
      send();
    } else if (e.key === 'Escape') {
      e.preventDefault();
      document.getElementById('log')?.focus();
    } else if (e.key.toLowerCase() === 'j' && (e.ctrlKey || e.metaKey)) {
      e.preventDefault();
      suggest();
    }
  };
  return <div class="composer-all">
    <BriefCard />
    <Ghost />
    <DraftPreview />
    <Offers />
    <form class={'composer' + (note ? ' note' : '') + (drop.over ? ' over' : '')} {...drop.on} aria-label={note ? 'Private note' : 'Reply'} onSubmit={(e) => { e.preventDefault(); send(); }}>
      <div class="tabs" role="group" aria-label="What is written">
        <button type="button" aria-pressed={!note} onClick={() => compose('reply')} aria-keyshortcuts="r">Reply</button>
        <button type="button" aria-pressed={note} onClick={() => compose('note')} aria-keyshortcuts="n"><Icon of="lock" size={14} />Note</button>
        <span class="push" />
        {note ? <span class="meta">Only staff see this</span> : held ? <span class="meta warn">{h.staff!.name} has this conversation</span>
          : h.status === 'resolved' ? <span class="meta">Sending opens it again</span> : h.owner === 'bot' ? <span class="meta">Sending stops the bot</span> : null}
      </div>
      <textarea ref={area} id="composer" rows={2} dir="auto" maxLength={maxRunes} aria-label={note ? 'Note' : 'Reply'} placeholder={hint()} value={value} aria-autocomplete="list" {...offerAria()}
        onInput={(e) => { write(e.currentTarget.value); lookForOffers(e.currentTarget, note ? [canned, mention] : [canned]); }}
        onCompositionStart={() => { composing.value = true; }} onCompositionEnd={() => { composing.value = false; }}
        onBlur={() => setTimeout(() => { if (document.activeElement !== area.current) closeOffers(); }, 150)} onKeyDown={keys} />
      {!note && <Attached />}
      <div class="tools">
        {!note && <AttachButton />}
        {canSuggest.value && !note && <button class="btn quiet" type="button" onClick={suggest} aria-keyshortcuts="Control+J"><Icon of="spark" size={16} />Suggest</button>}
        <TranslateDraft />
        <span class="meta hide-phone"><Kbd keys="/" /> canned replies{note && <>, <Kbd keys="@" /> colleagues</>}</span>
        <span class="push" />
        {value.length > maxRunes * 0.9 && <span class="meta">{maxRunes - value.length} left</span>}
        <span class="meta hide-phone"><Kbd keys={command + ' ↵'} /></span>
        <button class={'btn main' + (note ? ' on-note' : '')} type="submit" disabled={!sendable.value}>{note ? 'Add note' : 'Send'}</button>
      </div>
    </form>
    {me.value?.status === 'away' && <p class="meta">You are away: new conversations are not assigned to you.</p>}
  </div>;
}
