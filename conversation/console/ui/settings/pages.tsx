// The pages of the settings, in the order in which they stand in the list. A page
// that is to be there is one line here.
import type { ComponentType } from 'preact';
import type { Shape } from '../parts/icons';
import type { Role } from '../types';
import { Preferences } from './preferences';
import { Profile } from './profile';

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
];
