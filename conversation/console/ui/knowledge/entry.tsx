// Writing one FAQ entry: preview, history, and what somebody else wrote meanwhile.
import { useState } from 'preact/hooks';
import { api, Failed } from '../api';
import { Skeleton } from '../parts/bits';
import { confirmed } from '../parts/dialog';
import { useKept, type Kept } from '../parts/kept';
import { complain, go, isAdmin, say, toast } from '../store';
import { Uses } from './documents';
import { blank, EntryFields, EntryShown, same, sent, textOf } from './entryform';
import { History } from './history';
import { Back, Trouble, useDoing, useOne } from './list';
import { OutlookShown, usePreview } from './preview';
import { states, underWay } from './state';
import type { Entry, EntryText, Version } from './types';

export function EntryPage({ id }: { id: string }) {
  return <><Back to="knowledge/faq" name="FAQ" />{id === 'new' ? (isAdmin.value ? <NewEntry /> : null) : <OldEntry id={id} />}</>;
}

function NewEntry() {
  const draft = useKept<EntryText>('entry:new', blank), text = draft.value, doing = useDoing(), preview = usePreview();
  const add = async (e: Event) => {
    e.preventDefault();
    const t = sent(text);
    const added = await doing.run(() => api<{ id: string }>('POST', '/documents', { ...t, review_by: t.review_by || undefined }));
    if (!added) return;
    draft.drop();
    toast('Entry added');
    go('knowledge', 'faq');
  };
  return <section aria-labelledby="title"><header class="page-head"><h1 id="title">New entry</h1></header>
    <form class="form panel" onSubmit={add}>
      <EntryFields of={text} change={(w) => draft.set({ ...text, ...w })} />
      <Trouble error={doing.error} />
      <div class="row"><button class="btn main" type="submit" disabled={doing.busy}>Add entry</button>
        <button class="btn" type="button" disabled={preview.busy || !text.question.trim() || !text.answer.trim()} onClick={() => preview.look(sent(text))}>Preview answers</button>
        <Unsaved of={draft} /></div>
    </form>
    <OutlookShown of={preview} />
  </section>;
}

/** Says that what is typed is kept, and gives it up. */
export function Unsaved<T>({ of: draft }: { of: Kept<T> }) {
  return <>{draft.dirty && <button class="btn quiet" type="button" onClick={() => draft.drop()}>Discard changes</button>}<span class="meta" role="status">{draft.dirty ? 'Not saved yet' : ''}</span></>;
}

function OldEntry({ id }: { id: string }) {
  const entry = useOne<Entry>('/entries/' + id);
  if (!entry.of) return entry.error ? <Trouble error={entry.error} again={entry.again} /> : <Skeleton rows={4} label="Reading the entry" />;
  return <Editor key={id} of={entry.of} stored={entry.set} />;
}

/** Both texts are there to be read; neither is lost. */
function Clash({ theirs, over, take }: { theirs: Entry; over: () => void; take: () => void }) {
  return <section class="theirs" aria-label="As it is stored now"><h2>Somebody has changed this entry meanwhile</h2>
    <p>Nothing was overwritten. This is how it is stored now; your text is in the form below.</p>
    <EntryShown of={theirs} />
    <div class="row"><button class="btn" type="button" onClick={over}>Go on with mine</button><button class="btn" type="button" onClick={take}>Take theirs</button></div></section>;
}

function Editor({ of: e, stored }: { of: Entry; stored: (e: Entry) => void }) {
  const draft = useKept<EntryText>('entry:' + e.id, textOf(e), e.version), text = draft.value;
  const [theirs, setTheirs] = useState<Entry | null>(draft.dirty && draft.base !== e.version ? e : null), [mine, setMine] = useState<EntryText | null>(null);
  const [turn, setTurn] = useState(0), doing = useDoing(), preview = usePreview();
  const kept = (now: Entry) => {
    stored({ ...now, hits: now.hits ?? e.hits, last_used: now.last_used ?? e.last_used });
    draft.drop(textOf(now));
    setTheirs(null);
    setMine(null);
    preview.clear();
    setTurn((n) => n + 1);
  };
  const put = async (t: EntryText, version: string) => {
    try {
      return await api<Entry>('PUT', '/entries/' + e.id, { ...t, version });
    } catch (err) {
      if (err instanceof Failed && err.problem.entry) {
        setTheirs(err.problem.entry);
        say(err.message);
        return undefined;
      }
      throw err;
    }
  };
  const save = async (ev: Event) => {
    ev.preventDefault();
    const before = textOf(e), now = await doing.run(() => put(sent(text), String(draft.base)));
    if (!now) return;
    kept(now);
    toast('Saved', { action: 'Undo', act: async () => { const back = await doing.run(() => put(before, now.version)); if (back) kept(back); } });
  };
  const remove = async () => {
    if (!(await confirmed('Delete this entry?', 'The bot stops answering with it at once. It can be restored from the list of deleted entries.', 'Delete'))) return;
    const gone = await doing.run(async () => {
      await api('DELETE', '/entries/' + e.id, undefined, { headers: { 'If-Match': `"${e.version}"` } });
      return true;
    });
    if (!gone) return;
    draft.drop();
    go('knowledge', 'faq');
    toast('Entry deleted', { action: 'Undo', act: () => bringBack(e.id) });
  };
  const admin = isAdmin.value, changed = !same(text, e);
  return <section aria-labelledby="title">
    <header class="page-head"><h1 id="title">{admin ? 'Edit entry' : 'Entry'}</h1>{underWay(e) && <span class="chip accent">{states[e.status]?.[0]}</span>}</header>
    <p class="meta dots lead">{e.document && <a href={'#/knowledge/documents/' + e.document.id} dir="auto">{e.document.name}</a>}<Uses hits={e.hits} last={e.last_used} />{e.stale && <span class="warn">review was due {e.review_by}</span>}</p>
    {!admin ? <div class="panel"><EntryShown of={e} /></div> : <>
      {theirs && <Clash theirs={theirs} over={() => { stored(theirs); draft.rebase(theirs.version); setTheirs(null); }} take={() => { setMine(text); stored(theirs); draft.drop(textOf(theirs)); setTheirs(null); }} />}
      {mine && <p class="theirs">Your text is kept. <button class="btn" type="button" onClick={() => { draft.set(mine); setMine(null); }}>Back to my text</button></p>}
      <form class="form panel" onSubmit={save}>
        <EntryFields of={text} change={(w) => draft.set({ ...text, ...w })} />
        <Trouble error={doing.error} />
        <div class="row"><button class="btn main" type="submit" disabled={doing.busy || !changed || !!theirs}>Save</button>
          <button class="btn" type="button" disabled={preview.busy || !changed} onClick={() => preview.look(sent(text), e.id)}>Preview answers</button>
          <Unsaved of={draft} /><span class="push" />
          <button class="btn quiet bad" type="button" onClick={remove}>Delete</button></div>
      </form>
      <OutlookShown of={preview} /></>}
    <History key={turn} of={e} restored={kept} />
  </section>;
}

async function bringBack(id: string): Promise<void> {
  try {
    const { versions } = await api<{ versions: Version[] }>('GET', `/entries/${id}/history`);
    const now = await api<Entry>('POST', `/entries/${id}/restore`, { restore: versions[0].id });
    toast('Restored');
    go('knowledge', 'faq', now.id);
  } catch (err) {
    complain(err);
  }
}
