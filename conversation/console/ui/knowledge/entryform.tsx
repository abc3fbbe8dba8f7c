// The fields of an FAQ entry, for whoever writes one: by itself or for a gap.
import type { EntryText } from './types';

export const blank: EntryText = { question: '', answer: '', alternatives: [], lang: '', verbatim: false, url: '', owner: '', review_by: '' };

/** What of an entry an editor may say, without what only lists know. */
export function textOf(e: EntryText): EntryText {
  return { question: e.question, answer: e.answer, alternatives: e.alternatives || [], lang: e.lang || '', verbatim: !!e.verbatim, url: e.url || '', owner: e.owner || '', review_by: e.review_by || '' };
}

export const same = (a: EntryText, b: EntryText): boolean => JSON.stringify(textOf(a)) === JSON.stringify(textOf(b));

interface Props { of: EntryText; change: (with_: Partial<EntryText>) => void; brief?: boolean }

export function EntryFields({ of: e, change, brief }: Props) {
  return <>
    <label class="field">Question<input required maxLength={brief ? 500 : 1000} value={e.question} onInput={(ev) => change({ question: ev.currentTarget.value })} dir="auto" /></label>
    <label class="field">Answer<textarea required rows={6} maxLength={20000} value={e.answer} onInput={(ev) => change({ answer: ev.currentTarget.value })} dir="auto" /></label>
    <label class="field">Other ways to ask it, one a line<textarea rows={3} value={e.alternatives.join('\n')} onInput={(ev) => change({ alternatives: ev.currentTarget.value.split('\n') })} dir="auto" /></label>
    <label class="check"><input type="checkbox" checked={!!e.verbatim} onChange={(ev) => change({ verbatim: ev.currentTarget.checked })} />Send the answer word for word, without the model</label>
    <div class="columns">
      <label class="field">Language<input maxLength={35} placeholder="found out by itself" value={e.lang} onInput={(ev) => change({ lang: ev.currentTarget.value })} /></label>
      {!brief && <><label class="field">Owner<input maxLength={200} placeholder="who answers for it" value={e.owner} onInput={(ev) => change({ owner: ev.currentTarget.value })} dir="auto" /></label>
        <label class="field">Review by<input type="date" value={e.review_by} onInput={(ev) => change({ review_by: ev.currentTarget.value })} /></label>
        <label class="field">Address to read more<input type="url" maxLength={2000} value={e.url} onInput={(ev) => change({ url: ev.currentTarget.value })} /></label></>}
    </div>
  </>;
}

/** The text as it is sent: lines without a word are no alternatives. */
export function sent(e: EntryText): EntryText {
  const t = textOf(e);
  return { ...t, alternatives: t.alternatives.map((a) => a.trim()).filter(Boolean) };
}

export function EntryShown({ of: e }: { of: EntryText }) {
  return <div class="entry-shown"><p class="q" dir="auto">{e.question}</p><p class="plain-text" dir="auto">{e.answer}</p>
    {e.alternatives.length > 0 && <ul class="others" aria-label="Other ways to ask it">{e.alternatives.map((a) => <li key={a} dir="auto">{a}</li>)}</ul>}
    <p class="meta dots">{e.verbatim && <span>word for word</span>}{e.lang && <span>{e.lang}</span>}{e.owner && <span dir="auto">{e.owner}</span>}{e.review_by && <span>review by {e.review_by}</span>}{e.url && <span class="cut">{e.url}</span>}</p></div>;
}
