// What somebody should look at: entries that contradict or repeat each other, and
// those whose review is overdue.
import { api } from '../api';
import { Empty, Skeleton } from '../parts/bits';
import { complain, isAdmin, toast } from '../store';
import { EntryShown } from './entryform';
import { EntryRow } from './faq';
import { More, Trouble, usePaged } from './list';
import { DocRow } from './documents';
import type { Conflict, Entry, ShelfDoc } from './types';

function Pair({ of: c, gone }: { of: Conflict; gone: () => void }) {
  const dismiss = async () => {
    try {
      await api('POST', `/conflicts/${c.id}/dismiss`);
      gone();
      toast('Dismissed for as long as both texts stay as they are');
    } catch (err) {
      complain(err);
    }
  };
  return <li class="pair-card"><div class="hit-top"><h3 class="grow" dir="auto">{c.why}</h3><span class={'chip ' + (c.kind === 'contradiction' ? 'warn' : 'plain')}>{c.kind === 'contradiction' ? 'May contradict' : 'Nearly the same'}</span></div>
    <div class="sides">{c.entries.map((e) => <div key={e.id} class="side-entry"><p class="meta" dir="auto">{e.document?.name}</p><EntryShown of={e} />
      <a class="btn quiet" href={'#/knowledge/faq/' + e.id} aria-label={(isAdmin.value ? 'Edit ' : 'Open ') + e.question}>{isAdmin.value ? 'Edit' : 'Open'}</a></div>)}</div>
    {isAdmin.value && <div class="row"><button class="btn" type="button" onClick={dismiss}>Both are right</button></div>}</li>;
}

export function Review() {
  const pairs = usePaged<Conflict>('/conflicts?limit=20', 'conflicts'), stale = usePaged<Entry>('/entries?stale=true&limit=50', 'entries'), docs = usePaged<ShelfDoc>('/documents?stale=true&limit=200', 'documents');
  const today = new Date().toISOString().slice(0, 10), own = docs.items?.filter((d) => d.own_review_by && d.own_review_by < today); // the others have an entry in the list above them
  const nothing = pairs.items?.length === 0 && stale.items?.length === 0 && own?.length === 0;
  return <section aria-labelledby="title"><header class="page-head"><h1 id="title">To review</h1></header>
    <Trouble error={pairs.error || stale.error || docs.error} again={() => { pairs.again(); stale.again(); docs.again(); }} />
    {(!pairs.items || !stale.items || !own) && !pairs.error && !stale.error && !docs.error && <Skeleton rows={4} label="Reading what is to be reviewed" />}
    {nothing && <Empty text="No entry contradicts another, and no review is overdue." />}
    {!!pairs.items?.length && <><h2 class="part-title">Entries that disagree or repeat each other</h2><ul class="cards" aria-label="Conflicts">{pairs.items.map((c) => <Pair key={c.id} of={c} gone={() => pairs.change((had) => had.filter((o) => o.id !== c.id))} />)}</ul><More of={pairs} /></>}
    {!!stale.items?.length && <><h2 class="part-title">Review overdue</h2><ul class="cards" aria-label="Review overdue">{stale.items.map((e) => <EntryRow key={e.id} of={e} />)}</ul><More of={stale} /></>}
    {!!own && (own.length > 0 || docs.next) && <><h2 class="part-title">Documents whose review is overdue</h2><ul class="cards" aria-label="Documents overdue">{own.map((d) => <DocRow key={d.id} of={d} />)}</ul><More of={docs} /></>}
  </section>;
}
