// The pages beside the inbox.
import { useEffect } from 'preact/hooks';
import { route } from '../store';
import { DocumentPage } from './document';
import { Documents } from './documents';
import { EntryPage } from './entry';
import { Faq } from './faq';
import { GapPage } from './gap';
import { Gaps } from './gaps';
import { Import } from './import';
import { Review } from './review';
import { TrySearch } from './search';
import { SitePageView, Sites } from './sites';

const tabs: [string, string][] = [['', 'Documents'], ['faq', 'FAQ'], ['import', 'Import'], ['sites', 'Sites'], ['review', 'To review'], ['search', 'Try a search']];

function Page({ part, id }: { part: string; id?: string }) {
  switch (part) {
    case 'faq': return id ? <EntryPage key={id} id={id} /> : <Faq />;
    case 'import': return <Import />;
    case 'sites': return id ? <SitePageView key={id} id={id} /> : <Sites />;
    case 'review': return <Review />;
    case 'search': return <TrySearch />;
    default: return id ? <DocumentPage key={id} id={id} /> : <Documents />;
  }
}

export function Knowledge() {
  const [page, part = '', id] = route.value;
  useEffect(() => { // another page begins at its top, and where the focus was may be gone with the last one
    const main = document.getElementById('page')!;
    main.scrollTop = 0;
    if (document.activeElement === document.body) main.focus({ preventScroll: true });
  }, [page, part, id]);
  if (page === 'gaps') return <main class="page" id="page" tabIndex={-1}><div class="page-in">{part ? <GapPage key={part} id={part} /> : <Gaps />}</div></main>;
  const here = tabs.some(([to]) => to === part) ? part : '';
  return <main class="page" id="page" tabIndex={-1}><div class="page-in">
    <nav class="page-tabs" aria-label="Knowledge">{tabs.map(([to, name]) =>
      <a key={to} class="view" href={'#/knowledge' + (to && '/' + to)} aria-current={here === to ? 'page' : undefined}
        ref={(el) => { if (here === to) el?.scrollIntoView({ block: 'nearest', inline: 'nearest' }); }}>{name}</a>)}</nav>
    <Page part={part} id={id} />
  </div></main>;
}
