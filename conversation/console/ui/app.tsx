// The frame of every page: rail, panes, what lies above them.
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { signal } from '@preact/signals';
import { offline } from './events';
import { InboxPane } from './inbox/inbox';
import { watch as watchHours } from './inbox/closed';
import { watch as watchLabels } from './inbox/labels';
import { Mentions, unreadMentions, watch as watchMentions } from './inbox/mentions';
import { counts, openId, watch as watchInbox } from './inbox/state';
import { watchKeys } from './keys';
import { Erased } from './people/contact';
import { AssignDialog, SnoozeDialog } from './people/controls';
import { Details, DetailsDrawer } from './people/details';
import { Help, Palette } from './palette';
import { Confirmation } from './parts/dialog';
import { Face, Late, Toasts } from './parts/bits';
import { Icon, type Shape } from './parts/icons';
import { lazy } from './parts/lazy';
import { Invitation, Reset, SignIn } from './signin';
import { SettingsArea } from './settings/settings';
import { mayAct, me, panel, route } from './store';
import { watch as watchPresence } from './thread/presence';
import { watch as watchThread } from './thread/state';
import { Thread } from './thread/thread';
import { WhyDrawer } from './thread/why';
import { Notices } from './usage/banner';

// brief is the name on a phone, where it has little room.
const places: { to: string; name: string; brief?: string; icon: Shape }[] = [
  { to: 'inbox', name: 'Inbox', icon: 'inbox' }, { to: 'knowledge', name: 'Knowledge', icon: 'book' }, { to: 'gaps', name: 'Unanswered', brief: 'Gaps', icon: 'gap' },
  { to: 'mentions', name: 'Mentions', icon: 'at' }, { to: 'reports', name: 'Reports', icon: 'chart' },
];

const answers = ['ask', 'tests', 'usage']; // pages that share a place of the rail

const narrow = matchMedia('(max-width: 719px)');
const phone = signal(narrow.matches);
narrow.addEventListener('change', () => { phone.value = narrow.matches; });

function Rail() {
  const here = route.value[0], news: Record<string, [number, string]> = { inbox: [counts.value.queue || 0, 'waiting'], mentions: [unreadMentions.value, 'unread'] };
  const skip = (e: Event) => {
    e.preventDefault();
    (document.getElementById('page') || document.getElementById('rows'))?.focus();
  };
  return <nav class="rail" aria-label="Main">
    <a class="skip" href={location.hash || '#/inbox'} onClick={skip}>Skip to the content</a>
    {places.map((p) => <a key={p.to} href={'#/' + p.to} title={p.name} aria-current={here === p.to ? 'page' : undefined}>
      <Icon of={p.icon} />{news[p.to]?.[0] > 0 && <i class="badge" aria-hidden="true">{news[p.to][0] > 99 ? '99+' : news[p.to][0]}</i>}
      <span class="only-phone" aria-hidden="true">{p.brief || p.name}</span><span class="hidden">{news[p.to]?.[0] ? `${p.name}, ${news[p.to].join(' ')}` : p.name}</span></a>)}
    <a href={mayAct.value ? '#/ask' : '#/tests'} title="Ask, test, cost" aria-current={answers.includes(here) ? 'page' : undefined}>
      <Icon of="spark" /><span class="only-phone" aria-hidden="true">Ask</span><span class="hidden">Ask, test set, usage and cost</span></a>
    <span class="push" />
    <button type="button" title="Keyboard shortcuts" aria-label="Keyboard shortcuts" class="hide-phone" onClick={() => { panel.value = 'help'; }}><Icon of="help" /></button>
    <a href="#/settings" title="Settings" class="hide-phone" aria-current={here === 'settings' && route.value[1] !== 'profile' ? 'page' : undefined} aria-label="Settings"><Icon of="gear" /></a>
    <a href={'#/settings' + (phone.value ? '' : '/profile')} title="You" aria-current={here === 'settings' && (phone.value || route.value[1] === 'profile') ? 'page' : undefined}>
      <Face name={me.value!.name} kind={me.value!.status === 'away' ? 'away' : ''} /><span class="only-phone" aria-hidden="true">Settings</span><span class="hidden">You and your settings</span></a>
  </nav>;
}

const Knowledge = lazy(() => import('./knowledge/knowledge').then((m) => m.Knowledge));
const Reports = lazy(() => import('./reports/reports').then((m) => m.Reports));
const Ask = lazy(() => import('./ask/ask').then((m) => m.Ask));
const Tests = lazy(() => import('./tests/tests').then((m) => m.Tests));
const Usage = lazy(() => import('./usage/usage').then((m) => m.UsagePage));
const others: Record<string, ComponentType | undefined> = { knowledge: Knowledge, gaps: Knowledge, mentions: Mentions, reports: Reports, ask: Ask, tests: Tests, usage: Usage, settings: SettingsArea };

function Desk() {
  useEffect(() => {
    const ends = [watchInbox(), watchHours(), watchLabels(), watchMentions(), watchThread(), watchPresence(), watchKeys()];
    return () => ends.forEach((end) => end());
  }, []);
  const page = route.value[0];
  const Page = others[page];
  return <div class={'app ' + (!Page ? 'inbox' + (openId.value ? ' open' : '') : 'wide')}>
    <div class="notices">{offline.value && <p class="offline" role="alert">The connection is broken. What you see may be old; trying again…</p>}<Notices /></div>
    <Rail />
    {Page ? <Page /> : <main class="panes"><InboxPane /><Thread /><Details /></main>}
    <WhyDrawer /><DetailsDrawer /><AssignDialog /><SnoozeDialog /><Erased /><Help /><Palette /><Confirmation />
  </div>;
}

export function App() {
  const who = me.value;
  return <>
    {who === undefined ? <Late><p class="plain" role="status">One moment…</p></Late>
      : route.value[0] === 'invitation' && route.value[1] ? <Invitation token={route.value[1]} />
        : route.value[0] === 'reset' && route.value[1] ? <Reset token={route.value[1]} />
        : who ? <Desk /> : <SignIn />}
    <Toasts />
  </>;
}
