// Websites that are read, and what became of their pages.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, query } from '../api';
import { on } from '../events';
import { count, exact, plural } from '../format';
import { Empty, Moment, Skeleton } from '../parts/bits';
import { confirmed } from '../parts/dialog';
import { complain, go, isAdmin, toast } from '../store';
import { Back, More, Trouble, useDoing, useOne, usePaged } from './list';
import type { Site, SitePage } from './types';

const states: Record<string, [string, string]> = { queued: ['Waiting', 'accent'], crawling: ['Reading', 'accent'], ready: ['Ready', 'ok'], failed: ['Failed', 'bad'] };
const fates: Record<string, [string, string]> = {
  new: ['Not read yet', 'plain'], ready: ['Taken in', 'ok'], duplicate: ['Same as another', 'plain'], skipped: ['Passed over', 'plain'], failed: ['Failed', 'bad'], gone: ['Not there', 'warn'], removed: ['Deleted by hand', 'warn'],
};
const kinds: Record<string, string> = { site: 'Site', sitemap: 'Sitemap', page: 'One page' };
const reading = (s: Site) => s.status === 'crawling' || s.status === 'queued' || s.waiting > 0;

function Facts({ of: s }: { of: Site }) {
  return <><span class="more meta dots"><span>{kinds[s.kind] || s.kind}</span><span>{plural(s.documents, 'page')} taken in</span>{s.failed > 0 && <span class="bad">{count(s.failed)} failed</span>}
    {s.changed > 0 && <span>{count(s.changed)} changed</span>}{s.deleted > 0 && <span>{count(s.deleted)} gone</span>}
    {reading(s) ? <span>{count(s.fetched)} of {count(s.found)} read</span> : s.finished_at && <span>read <Moment at={s.finished_at} /></span>}{!reading(s) && <span>again {exact(s.due_at)}</span>}</span>
    {reading(s) && s.found > 0 && <progress class="more" max={s.found} value={s.fetched} aria-label={`${s.fetched} of ${s.found} pages read`} />}
    {s.error && <p class="more error">{s.error}</p>}
    {s.limited && <p class="more warning">Pages were left out: the limit is {plural(s.max_pages, 'page')}.</p>}</>;
}

async function again(s: Site): Promise<void> {
  try {
    await api('POST', `/sites/${s.id}/crawl`);
    toast('It is being read again');
  } catch (err) {
    complain(err);
  }
}

function AddSite({ added }: { added: () => void }) {
  const doing = useDoing(), url = useRef<HTMLInputElement>(null), kind = useRef<HTMLSelectElement>(null), most = useRef<HTMLInputElement>(null), every = useRef<HTMLSelectElement>(null);
  const add = async (e: Event) => {
    e.preventDefault();
    const form = e.currentTarget as HTMLFormElement;
    const got = await doing.run(() => api('POST', '/documents', { url: url.current!.value, kind: kind.current!.value || undefined, max_pages: +most.current!.value || undefined, every_hours: +every.current!.value || undefined }));
    if (!got) return;
    form.reset();
    toast('The site is being read');
    added();
  };
  return <form class="form panel" onSubmit={add}>
    <label class="field">Address of a site, page or sitemap<input ref={url} type="url" required maxLength={2000} placeholder="https://example.com/help" /></label>
    <div class="columns"><label class="field">Read<select ref={kind}><option value="">What the address says</option><option value="site">The site, by its links</option><option value="sitemap">What the sitemap lists</option><option value="page">This page alone</option></select></label>
      <label class="field">At most this many pages<input ref={most} type="number" min={1} max={10000} placeholder="500" /></label>
      <label class="field">Read again<select ref={every}><option value="24">Every day</option><option value="168">Every week</option><option value="720">Every month</option></select></label></div>
    <Trouble error={doing.error} />
    <div><button class="btn main" type="submit" disabled={doing.busy}>Add site</button></div>
  </form>;
}

export function Sites() {
  const list = useOne<{ sites: Site[] }>('/sites'), sites = list.of?.sites;
  useEffect(() => on('site', (s: Site) => {
    if (!list.of) return;
    const had = list.of.sites;
    list.set({ sites: had.some((o) => o.id === s.id) ? had.map((o) => (o.id === s.id ? s : o)) : [s, ...had] });
  }), [list.of]);
  return <section aria-labelledby="title"><header class="page-head"><h1 id="title">Sites</h1></header>
    {isAdmin.value && <AddSite added={list.again} />}
    <Trouble error={list.error} again={list.again} />
    {!sites ? !list.error && <Skeleton rows={3} label="Reading the sites" /> : sites.length ? <ul class="cards first" aria-label="Sites">{sites.map((s) => {
      const [label, tone] = states[s.status];
      return <li key={s.id} class="doc"><a class="name" href={'#/knowledge/sites/' + s.id}>{s.url}</a><span class={'chip ' + tone}>{label}</span>
        {isAdmin.value ? <button class="btn quiet" type="button" aria-label={'Read again ' + s.url} disabled={s.status === 'crawling' || s.status === 'queued'} onClick={() => again(s)}>Read again</button> : <span />}<Facts of={s} /></li>;
    })}</ul> : <Empty text={isAdmin.value ? 'No website is read yet. Add its address above.' : 'No website is read yet.'} />}
  </section>;
}

export function SitePageView({ id }: { id: string }) {
  const site = useOne<Site>('/sites/' + id), [state, setState] = useState(''), list = usePaged<SitePage>(`/sites/${id}/pages` + query({ limit: 100, state }), 'pages');
  const s = site.of;
  useEffect(() => on('site', (news: Site) => {
    if (news.id !== id) return;
    if (s && reading(s) && !reading(news)) list.again();
    site.set(news);
  }), [s]);
  const remove = async () => {
    if (!s || !(await confirmed(`Delete ${s.url}?`, `The bot stops using its ${plural(s.documents, 'page')} at once. This cannot be undone.`, 'Delete'))) return;
    try {
      await api('DELETE', '/sites/' + id);
      go('knowledge', 'sites');
    } catch (err) {
      complain(err);
    }
  };
  return <section aria-labelledby="title"><Back to="knowledge/sites" name="Sites" /><Trouble error={site.error} again={site.again} />
    {s && <><header class="page-head"><h1 id="title" class="wrap">{s.url}</h1>{isAdmin.value && <span class="row tight"><button class="btn" type="button" disabled={s.status === 'crawling' || s.status === 'queued'} onClick={() => again(s)}>Read again</button>
      <button class="btn quiet bad" type="button" onClick={remove}>Delete</button></span>}</header>
      <div class="site-facts panel"><div class="row"><span class={'chip ' + states[s.status][1]}>{states[s.status][0]}</span></div><Facts of={s} /></div>
      <div class="sift"><label class="pair">Show<select value={state} onChange={(e) => setState(e.currentTarget.value)}><option value="">Every page</option>{Object.entries(fates).map(([v, [t]]) => <option key={v} value={v}>{t}</option>)}</select></label></div>
      <Trouble error={list.error} again={list.again} />
      {list.items && (list.items.length ? <ul class="cards" aria-label="Pages">{list.items.map((p) => <li key={p.url} class="doc entry">{p.document ? <a class="name" href={'#/knowledge/documents/' + p.document}>{p.url}</a> : <span class="name">{p.url}</span>}
        <span class={'chip ' + (fates[p.state]?.[1] || '')}>{fates[p.state]?.[0] || p.state}</span><span />{p.error && <span class="more meta dots"><span>{p.error}</span>{p.failures > 1 && <span>{p.failures} times in a row</span>}</span>}</li>)}</ul>
        : <Empty text={state ? 'No page has come to that.' : 'No page is known yet.'} />)}
      <More of={list} /></>}
  </section>;
}
