// The pages beside the inbox.
import { route } from '../store';
import { Documents } from './documents';
import { Gaps } from './gaps';
import { TrySearch } from './search';

export function Knowledge() {
  const gaps = route.value[0] === 'gaps', search = !gaps && route.value[1] === 'search';
  const tab = (to: string, name: string, here: boolean) => <a class="view" href={'#/' + to} aria-current={here ? 'page' : undefined}>{name}</a>;
  return <main class="page" id="page" tabIndex={-1}><div class="page-in">
    <nav class="page-tabs" aria-label="Knowledge">{tab('knowledge', 'Documents', !gaps && !search)}{tab('knowledge/search', 'Try a search', search)}{tab('gaps', 'Unanswered', gaps)}</nav>
    {gaps ? <Gaps /> : search ? <TrySearch /> : <Documents />}
  </div></main>;
}
