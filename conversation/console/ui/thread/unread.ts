import { api } from '../api';
import { marked } from '../inbox/marks';
import { full, patch, view } from '../inbox/state';
import { complain, go, toast } from '../store';
import { head, messages } from './state';

/** Marks the open conversation as unread from the customer's last message on, and leaves it. */
export async function markUnread(): Promise<void> {
  const h = head.value;
  if (!h) return;
  const last = messages.value.findLast((m) => m.author === 'customer');
  go('inbox', view.value);
  if (!full.value) return;
  try {
    await marked(); // that it was read is not to come after this
    await api('POST', `/conversations/${h.id}/unread`, { seq: last?.seq || 0 });
    patch(h.id, { unread: 1 });
    toast('Marked as unread');
  } catch (err) {
    complain(err);
  }
}
