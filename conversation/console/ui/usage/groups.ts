// What usage is grouped by, and how the groups are called.
import { channelName } from '../format';
import { outcomeName, purposeName } from './names';

export type Group = 'day' | 'model' | 'purpose' | 'channel' | 'outcome';
export const groups: Record<Group, string> = { day: 'Day', model: 'Model', purpose: 'Purpose', channel: 'Channel', outcome: 'Outcome' };

const dayText = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
export const dayName = (date: string): string => dayText.format(new Date(date.slice(0, 10) + 'T12:00:00Z'));

export const named: Record<Group, (v: string) => string> = {
  day: dayName, model: (m) => m || 'Not named', purpose: purposeName, channel: (c) => (c ? channelName(c) : 'No conversation'), outcome: outcomeName,
};
