// The frame of the settings: the list of pages beside the one that is open. On a
// phone it is one or the other.
import { useEffect } from 'preact/hooks';
import { Empty } from '../parts/bits';
import { Icon } from '../parts/icons';
import { allows, me, route, swap } from '../store';
import { groups, pages } from './pages';
import { sectionOf, unsaved } from './unsaved';

export function SettingsArea() {
  const name = route.value[1] || '', shown = pages.filter((p) => allows(me.value, p.role)), page = shown.find((p) => p.name === name);
  useEffect(() => {
    if (!name && shown.length && !matchMedia('(max-width: 719px)').matches) swap('settings', shown[0].name);
    document.querySelector('.settings .page')?.scrollTo(0, 0);
  }, [name]);
  const Title = name ? 'p' : 'h1';
  return <main class={'settings' + (name ? ' at' : '')} id="page" tabIndex={-1}>
    <nav class="settings-nav" aria-label="Settings">
      <Title class="nav-title">Settings</Title>
      {groups.filter((g) => shown.some((p) => p.group === g)).map((g) => <div key={g}><h2 id={'group-' + g}>{g}</h2>
        <ul aria-labelledby={'group-' + g}>{shown.filter((p) => p.group === g).map((p) => <li key={p.name}>
          <a href={'#/settings/' + p.name} aria-current={p.name === name ? 'page' : undefined}><Icon of={p.icon} size={18} /><span>{p.title}</span>{unsaved.value.includes(sectionOf(p.name)) && <span class="meta push-end">not saved</span>}</a></li>)}</ul></div>)}
    </nav>
    {name && <div class="page" tabIndex={0} role="region" aria-label={page?.title || 'Settings'}><div class="page-in settings-in">
      <a class="btn quiet only-phone back" href="#/settings"><Icon of="back" size={16} />Settings</a>
      {page ? <><h1>{page.title}</h1><page.component key={page.name} /></> : <Empty text="There is no such page, or it is not for your role."><a class="btn" href="#/settings">All settings</a></Empty>}
    </div></div>}
  </main>;
}
