// Says above the composer that the customer waits: since when, where in the queue, and
// what they were told to expect.
import { exact, now, plural, reasonText, span } from '../format';
import { Icon } from '../parts/icons';
import type { Row } from '../types';
import { head, mine } from './state';

/** Whether people are there, as the customer is told. */
function outlook(h: Row): string {
  if (h.open === false) return h.opens_at ? `We are closed, and open again ${exact(h.opens_at)}; they know.` : 'We are closed; they know.';
  return h.typical_wait_s ? `They were told about ${span(h.typical_wait_s)}.` : '';
}

export function Waits() {
  const h = head.value;
  if (!h || h.status === 'resolved' || h.owner === 'bot' || (h.owner === 'staff' && !h.waiting_since)) return null;
  const since = h.waiting_since ? (now.value - Date.parse(h.waiting_since)) / 1000 : 0;
  const long = h.waiting_since && since >= 60 ? <time dateTime={h.waiting_since} title={exact(h.waiting_since)}>for {span(since)}</time> : null;
  if (h.owner === 'staff') {
    return since < 60 ? null : <p class="waiting quiet" role="status"><Icon of="clock" size={16} /><span>Waiting {long} for {mine.value ? 'your' : h.staff ? `${h.staff.name}'s` : 'our'} reply.</span></p>;
  }
  return <p class="waiting" role="status"><Icon of="alert" size={16} />
    <span>Waiting {long} for a person{h.position ? ` · ${h.position === 1 ? 'next in line' : plural(h.position - 1, 'customer') + ' before'}` : ''}{h.reason ? ' · ' + reasonText(h.reason) : ''}. {outlook(h)} Replying takes it over.</span></p>;
}
