// What can be done about a person: block, merge, export, erase; and what of the
// conversation can be saved or summed up.
import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, Failed, forget, query } from '../api';
import { count, whoIs } from '../format';
import { full, openId } from '../inbox/state';
import { confirmed, Dialog } from '../parts/dialog';
import { complain, go, isAdmin, mayAct, toast } from '../store';
import type { Contact, Row } from '../types';

interface Receipt { erased: Record<string, number>; receipt: string; at: string }

const receipt = signal<Receipt | null>(null);

/** The proof that somebody was erased. It stands by itself: the pane that it was asked for
 *  in goes with whom it showed. */
export function Erased() {
  const r = receipt.value;
  if (!r) return null;
  return <Dialog title="Erased" kind="small" close={() => { receipt.value = null; go('inbox'); }}>
    <p>Everything about this person is gone.</p>
    <dl class="pairs">{Object.entries(r.erased).filter(([, n]) => n > 0).map(([table, n]) => <><dt key={table}>{table.replaceAll('_', ' ')}</dt><dd>{count(n)}</dd></>)}<dt>Receipt</dt><dd class="plain-text">{r.receipt}</dd></dl>
  </Dialog>;
}

function Merge({ of: c, done }: { of: Contact; done: (changed: boolean) => void }) {
  const [words, setWords] = useState(''), [found, setFound] = useState<Row[]>([]), box = useRef<HTMLInputElement>(null);
  useEffect(() => { box.current!.focus(); }, []);
  useEffect(() => {
    if (!words.trim()) return setFound([]);
    let here = true; // an answer about fewer letters may come after one about more
    const timer = setTimeout(async () => {
      try {
        const got = await api<{ conversations: Row[] }>('GET', '/conversations' + query({ view: 'all', q: words.trim(), limit: 20 }));
        if (!here) return;
        const seen = new Set([c.id]);
        setFound(got.conversations.filter((r) => r.contact_id && !seen.has(r.contact_id) && !!seen.add(r.contact_id)));
      } catch (err) {
        complain(err);
      }
    }, 200);
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [words]);
  const into = async (r: Row) => {
    if (!(await confirmed(`Merge into ${whoIs(r)}?`, `All conversations of ${c.name || 'this contact'} move there. This cannot be undone.`, 'Merge'))) return;
    try {
      await api('POST', `/contacts/${c.id}/merge`, { into: r.contact_id });
      toast('Merged');
      done(true);
    } catch (err) {
      complain(err);
    }
  };
  return <Dialog title="Merge with" kind="small" close={() => done(false)}>
    <input ref={box} class="grow" type="search" aria-label="Find the other contact" placeholder="Name or e-mail address" value={words} onInput={(e) => setWords(e.currentTarget.value)} />
    <ul class="choices">{found.map((r) => <li key={r.id}><button type="button" onClick={() => into(r)}><span dir="auto">{whoIs(r)}</span><span class="meta">{r.email}</span></button></li>)}</ul>
  </Dialog>;
}

export function ContactActions({ of: c, changed }: { of: Contact; changed: () => void }) {
  const [merging, setMerging] = useState(false);
  if (!mayAct.value) return null;
  const block = async (blocked: boolean) => {
    try {
      await api('POST', `/contacts/${c.id}/block`, { blocked });
      toast(blocked ? 'Blocked' : 'No longer blocked', { action: 'Undo', act: () => { block(!blocked); } });
      changed();
    } catch (err) {
      complain(err);
    }
  };
  const erase = async () => {
    if (!(await confirmed('Erase everything about this person?', 'Their conversations, files and details are deleted everywhere. This cannot be undone.', 'Erase'))) return;
    try {
      receipt.value = await api<Receipt>('DELETE', '/contacts/' + c.id);
    } catch (err) {
      complain(err);
    }
  };
  return <>
    <h3>This person</h3>
    <div class="row">
      <button class="btn" type="button" onClick={() => block(!c.blocked)}>{c.blocked ? 'Unblock' : 'Block'}</button>
      <button class="btn" type="button" onClick={() => setMerging(true)}>Merge…</button>
      <a class="btn" href={`/api/v1/contacts/${c.id}/export`} download>Export</a>
      {isAdmin.value && <button class="btn bad" type="button" onClick={erase}>Erase…</button>}
    </div>
    {merging && <Merge of={c} done={(did) => { setMerging(false); if (did) { forget(); changed(); } }} />}
  </>;
}

/** The conversation as a text file, and as a few sentences. */
export function ConversationActions({ of: h }: { of: Row }) {
  const [summary, setSummary] = useState(''), [busy, setBusy] = useState(false);
  useEffect(() => { setSummary(''); }, [openId.value]);
  if (!full.value) return null;
  const sum = async () => {
    setBusy(true);
    try {
      setSummary((await api<{ summary: string }>('POST', `/conversations/${h.id}/summarize`)).summary);
    } catch (err) {
      complain(err instanceof Failed && err.code === 'no_model' ? new Error('There is no model that could sum this up.') : err);
    } finally {
      setBusy(false);
    }
  };
  return <>
    <h3>This conversation</h3>
    <div class="row">
      {mayAct.value && <button class="btn" type="button" disabled={busy} onClick={sum}>{busy ? 'Summing up…' : 'Sum up'}</button>}
      <a class="btn" href={`/api/v1/conversations/${h.id}/transcript.txt`} download>Transcript</a>
    </div>
    {summary && <p class="quote summary" dir="auto">{summary}</p>}
  </>;
}
