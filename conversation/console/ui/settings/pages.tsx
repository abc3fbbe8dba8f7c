// The pages of the settings, in the order in which they stand in the list. A page
// that is to be there is one line here.
import type { ComponentType } from 'preact';
import type { Shape } from '../parts/icons';
import type { Role } from '../types';
import { Audit } from './audit';
import { CannedReplies } from './canned';
import { HandlingRules } from './handling';
import { OpeningHours } from './hours';
import { Labels } from './labels';
import { Links } from './links';
import { Preferences } from './preferences';
import { Profile } from './profile';
import { Staff } from './staff';
import { Teams } from './teams';
import { Tokens } from './tokens';

export interface Page {
  /** What stands in the address: #/settings/NAME. */
  name: string;
  title: string;
  /** The least role that sees it. */
  role: Role;
  icon: Shape;
  /** Pages of one group stand together, under its name. */
  group: Group;
  component: ComponentType;
}

export const groups = ['You', 'People', 'Conversations', 'Bot', 'System'] as const;
export type Group = (typeof groups)[number];

export const pages: Page[] = [
  { name: 'profile', title: 'My profile', role: 'viewer', icon: 'person', group: 'You', component: Profile },
  { name: 'preferences', title: 'Preferences', role: 'viewer', icon: 'moon', group: 'You', component: Preferences },
  { name: 'staff', title: 'Staff', role: 'viewer', icon: 'people', group: 'People', component: Staff },
  { name: 'teams', title: 'Teams', role: 'viewer', icon: 'inbox', group: 'People', component: Teams },
  { name: 'links', title: 'Slack and Telegram', role: 'admin', icon: 'link', group: 'People', component: Links },
  { name: 'labels', title: 'Labels', role: 'viewer', icon: 'tag', group: 'Conversations', component: Labels },
  { name: 'canned', title: 'Canned replies', role: 'viewer', icon: 'reply', group: 'Conversations', component: CannedReplies },
  { name: 'hours', title: 'Opening hours', role: 'viewer', icon: 'clock', group: 'Conversations', component: OpeningHours },
  { name: 'handling', title: 'Handling', role: 'viewer', icon: 'check', group: 'Conversations', component: HandlingRules },
  { name: 'tokens', title: 'API tokens', role: 'admin', icon: 'key', group: 'System', component: Tokens },
  { name: 'audit', title: 'Audit log', role: 'admin', icon: 'list', group: 'System', component: Audit },
];
