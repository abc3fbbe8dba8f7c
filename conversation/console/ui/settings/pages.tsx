// The pages of the settings, in the order in which they stand in the list. A page
// that is to be there is one line here.
import type { ComponentType } from 'preact';
import type { Shape } from '../parts/icons';
import { lazy } from '../parts/lazy';
import type { Role } from '../types';
import { Audit } from './audit';
import { CannedReplies } from './canned';
import { Labels } from './labels';
import { Links } from './links';
import { Preferences } from './preferences';
import { Profile } from './profile';
import { Staff } from './staff';
import { Teams } from './teams';
import { Tokens } from './tokens';

type Later = keyof typeof import('./admin');
const later = (name: Later): ComponentType => lazy(() => import('./admin').then((m) => m[name] as ComponentType), true);

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

export const groups = ['You', 'People', 'Conversations', 'Bot', 'Channels', 'System'] as const;
export type Group = (typeof groups)[number];

export const pages: Page[] = [
  { name: 'profile', title: 'My profile', role: 'viewer', icon: 'person', group: 'You', component: Profile },
  { name: 'preferences', title: 'Preferences', role: 'viewer', icon: 'moon', group: 'You', component: Preferences },
  { name: 'staff', title: 'Staff', role: 'viewer', icon: 'people', group: 'People', component: Staff },
  { name: 'teams', title: 'Teams', role: 'viewer', icon: 'inbox', group: 'People', component: Teams },
  { name: 'links', title: 'Slack and Telegram', role: 'admin', icon: 'link', group: 'People', component: Links },
  { name: 'labels', title: 'Labels', role: 'viewer', icon: 'tag', group: 'Conversations', component: Labels },
  { name: 'canned', title: 'Canned replies', role: 'viewer', icon: 'reply', group: 'Conversations', component: CannedReplies },
  { name: 'hours', title: 'Opening hours', role: 'viewer', icon: 'clock', group: 'Conversations', component: later('OpeningHours') },
  { name: 'handling', title: 'Handling', role: 'viewer', icon: 'check', group: 'Conversations', component: later('HandlingRules') },
  { name: 'bot', title: 'Bot', role: 'viewer', icon: 'bot', group: 'Bot', component: later('Bot') },
  { name: 'models', title: 'Models', role: 'viewer', icon: 'spark', group: 'Bot', component: later('Models') },
  { name: 'budgets', title: 'Token budgets', role: 'viewer', icon: 'scale', group: 'Bot', component: later('Budgets') },
  { name: 'thresholds', title: 'Thresholds', role: 'viewer', icon: 'gear', group: 'Bot', component: later('ThresholdPage') },
  { name: 'spending', title: 'Spending', role: 'viewer', icon: 'coin', group: 'Bot', component: later('Spending') },
  { name: 'prices', title: 'Prices', role: 'viewer', icon: 'tag', group: 'Bot', component: later('Prices') },
  { name: 'widget', title: 'Widget', role: 'viewer', icon: 'reply', group: 'Channels', component: later('Look') },
  { name: 'channels', title: 'Channels', role: 'viewer', icon: 'link', group: 'Channels', component: later('Channels') },
  { name: 'webhooks', title: 'Webhooks', role: 'admin', icon: 'out', group: 'Channels', component: later('Webhooks') },
  { name: 'health', title: 'Health', role: 'admin', icon: 'pulse', group: 'System', component: later('Health') },
  { name: 'retention', title: 'Retention', role: 'viewer', icon: 'clock', group: 'System', component: later('RetentionPage') },
  { name: 'environment', title: 'Environment', role: 'viewer', icon: 'lock', group: 'System', component: later('Environment') },
  { name: 'tokens', title: 'API tokens', role: 'admin', icon: 'key', group: 'System', component: Tokens },
  { name: 'audit', title: 'Audit log', role: 'admin', icon: 'list', group: 'System', component: Audit },
];
