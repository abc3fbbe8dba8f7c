import { api } from '../api';
import { full, patch } from '../inbox/state';
import { complain, go, toast } from '../store';
import { view } from '../inbox/state';
import { head, messages } from './state';

/** Marks the open conversation as unread from its last message on, and leaves it. */
export async function markUnread(): Promise<void> {
  const h = head.value;
  if (!h) return;
  const customer = messages.value.filter((m) => m.author === 'customer');
  const seq = Math.max(0, (customer[customer.length - 1]?.seq ?? h.seq) - 1);
  go('inbox', view.value);
  patch(h.id, { unread: 1 });
  try {
    if (full.value) await api('POST', `/conversations/${h.id}/read`, { seq });
    toast('Marked as unread');
  } catch (err) {
    complain(err);
  }
}
