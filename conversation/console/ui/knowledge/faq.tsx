// The FAQ entries, wherever they come from.
import { useState } from 'preact/hooks';
import { api, query } from '../api';
import { count } from '../format';
import { Empty, Moment, Skeleton } from '../parts/bits';
import { complain, isAdmin, toast } from '../store';
import { Uses } from './documents';
import { More, Trouble, useOne, usePaged, useRested } from './list';
import { states, underWay } from './state';
import type { Entry, Version } from './types';

export function EntryRow({ of: e }: { of: Entry }) {
  return <li class="doc entry">
    <a class="name" dir="auto" href={'#/knowledge/faq/' + e.id}>{e.question}</a>
    <span class="row tight chips">{e.verbatim && <span class="chip">Word for word</span>}{e.stale && <span class="chip warn">Review overdue</span>}{underWay(e) && <span class="chip accent">{states[e.status]?.[0]}</span>}</span><span />
    <span class="more line" dir="auto">{e.answer}</span>
    <span class="more meta dots">{e.document && e.document.name !== e.question && <span dir="auto">{e.document.name}</span>}{e.lang && <span>{e.lang}</span>}{e.owner && <span dir="auto">{e.owner}</span>}
      {e.review_by && <span>review by {e.review_by}</span>}<Uses hits={e.hits} last={e.last_used} /></span>
  </li>;
}

function Deleted({ back }: { back: () => void }) {
  const list = useOne<{ versions: Version[] }>('/entries/deleted');
  const restore = async (v: Version) => {
    try {
      await api('POST', `/entries/${v.entry.id}/restore`, { restore: v.id });
      toast('Restored: ' + v.entry.question);
      list.again();
      back();
    } catch (err) {
      complain(err);
    }
  };
  const gone = list.of?.versions || [];
  if (!gone.length) return null;
  return <details class="fold"><summary>Deleted entries ({count(gone.length)})</summary>
    <ul class="cards" aria-label="Deleted entries">{gone.map((v) => <li key={v.id} class="doc entry"><span class="name" dir="auto">{v.entry.question}</span>
      {isAdmin.value ? <button class="btn quiet" type="button" aria-label={'Restore ' + v.entry.question} onClick={() => restore(v)}>Restore</button> : <span />}<span />
      <span class="more line" dir="auto">{v.entry.answer}</span><span class="more meta">deleted <Moment at={v.at} />{v.by ? ' by ' + v.by.name : ''}</span></li>)}</ul></details>;
}

export function Faq() {
  const [words, setWords] = useState(''), [lang, setLang] = useState(''), [owner, setOwner] = useState(''), [stale, setStale] = useState('');
  const q = useRested(words.trim()), filters = { q, lang, owner, stale };
  const list = usePaged<Entry>('/entries' + query({ ...filters, limit: 50 }), 'entries');
  const narrowed = Object.values(filters).some(Boolean);
  const add = <a class="btn main" href="#/knowledge/faq/new">New entry</a>;
  return <section aria-labelledby="title">
    <header class="page-head"><h1 id="title">FAQ</h1>{isAdmin.value && add}</header>
    <form class="sift" role="search" onSubmit={(e) => e.preventDefault()}>
      <input type="search" class="grow" aria-label="Words of an entry" placeholder="Words of a question or answer" maxLength={200} value={words} onInput={(e) => setWords(e.currentTarget.value)} dir="auto" />
      <input class="lang" aria-label="Language" placeholder="Language" maxLength={35} value={lang} onChange={(e) => setLang(e.currentTarget.value.trim())} />
      <input class="owner" aria-label="Owner" placeholder="Owner" maxLength={200} value={owner} onChange={(e) => setOwner(e.currentTarget.value.trim())} dir="auto" />
      <select aria-label="Review" value={stale} onChange={(e) => setStale(e.currentTarget.value)}><option value="">Reviewed or not</option><option value="true">Review overdue</option></select>
    </form>
    <Trouble error={list.error} again={list.again} />
    {!list.items ? !list.error && <Skeleton rows={5} label="Reading the entries" />
      : list.items.length ? <ul class="cards" aria-label="Entries">{list.items.map((e) => <EntryRow key={e.id} of={e} />)}</ul>
        : narrowed ? <Empty text="No entry is like that."><button class="btn" type="button" onClick={() => { setWords(''); setLang(''); setOwner(''); setStale(''); }}>Show all</button></Empty>
          : <Empty text="There are no questions with answers yet.">{isAdmin.value && add}</Empty>}
    <More of={list} />
    <Deleted back={list.again} />
  </section>;
}
