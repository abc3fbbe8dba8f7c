// One log of what was read of a conversation, and heard.
import type { Attachment, Delivery, Message } from '../types';

/** How deliveries and files stand, as heard since the messages of the open conversation were last asked for. */
export const progress = new Map<number, Delivery>();
export const filed = new Map<number, Attachment[]>();

export function unhear(): void {
  progress.clear();
  filed.clear();
}

/** Whether two readings of a message say the same. */
function alike(a: Message, b: Message): boolean {
  const x = a as unknown as Record<string, unknown>, y = b as unknown as Record<string, unknown>;
  return [...new Set([...Object.keys(x), ...Object.keys(y)])].every((k) => x[k] === y[k] || (typeof x[k] === 'object' && JSON.stringify(x[k]) === JSON.stringify(y[k])));
}

/** One of each, the later reading counts. What is as it was stays the same object, and
 *  is not drawn again. */
export function sorted(list: Message[]): Message[] {
  const bySeq = new Map<number, Message>();
  for (const m of list) {
    const had = bySeq.get(m.seq), why = m.why || had?.why, delivery = progress.get(m.seq) || m.delivery || had?.delivery;
    const attachments = filed.get(m.seq) || m.attachments;
    const now = why === m.why && delivery === m.delivery && attachments === m.attachments ? m : { ...m, why, delivery, attachments };
    bySeq.set(m.seq, had && alike(had, now) ? had : now);
  }
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}
