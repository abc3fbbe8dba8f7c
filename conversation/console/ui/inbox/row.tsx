import { OwnerChip, Moment, Score, Swatch } from '../parts/bits';
import { channelName, count, span, now, unmarked, whoIs } from '../format';
import type { Row } from '../types';
import { colors } from './labels';
import { commented } from './figure';

export const rowHeight = 98;
const speakers: Record<string, string> = { bot: 'Bot: ', staff: 'Us: ', customer: '', system: '' };
const priorities = ['', 'Low', 'High', 'Urgent'];

function waited(r: Row): string {
  if (r.owner === 'bot' || !r.waiting_since || r.status === 'resolved') return '';
  return span((now.value - Date.parse(r.waiting_since)) / 1000);
}

/** What tells it from the others: where the search found it, what a person is waited
 *  for with (that one was asked stands there anyway), or what was said last. */
function excerpt(r: Row): string {
  if (r.match) return r.match.excerpt;
  return unmarked((r.owner === 'queue' && r.asks) || (speakers[r.preview_author || ''] || '') + (r.preview || (r.preview_author ? 'sent a file' : '')));
}

interface Props { row: Row; index: number; total: number; chosen: boolean; open: (r: Row) => void }

/** One conversation of the list. It reads signals, so it is drawn again when they or what it is given change, and not with every step through the list. */
export function InboxRow({ row, index, total, chosen, open }: Props) {
  const unread = row.unread || 0, wait = waited(row), hue = colors.value, comment = commented.value && row.comment;
  return <div id={'row-' + row.id} class={'row' + (unread ? ' unread' : '')} style={{ top: index * rowHeight + 'px' }} role="option"
    aria-selected={chosen} aria-posinset={index + 1} aria-setsize={total} onClick={() => open(row)}>
    <div class="row-top"><b dir="auto">{whoIs(row)}</b><span class="meta">{channelName(row.channel)}</span><Moment at={row.updated_at} /></div>
    <p class={'row-text' + (comment ? ' comment' : '')} dir="auto">{comment ? <><span class="hidden">Comment: </span>{comment}</> : excerpt(row)}</p>
    <div class="row-foot">
      <OwnerChip of={row} />
      {wait && <span class="meta">waits {wait}</span>}
      {!!row.rating && <Score of={row.rating} />}
      {!!row.priority && <span class={'chip ' + (row.priority > 1 ? 'bad' : 'plain')}>{priorities[row.priority]}</span>}
      <span class="labels">{row.labels?.map((l) => <span key={l} class="chip plain label" title={l}>{hue.get(l) && <Swatch color={hue.get(l)!} />}<span class="cut" dir="auto">{l}</span></span>)}</span>
      {unread > 0 && <span class="pill" role="img" aria-label={unread + ' unread'}>{count(unread)}</span>}
    </div>
  </div>;
}
