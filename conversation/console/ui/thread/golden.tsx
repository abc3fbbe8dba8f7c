// Keeping what was asked, and what answered it, as a test.
import { useState } from 'preact/hooks';
import { api } from '../api';
import { complain, go, mayAct, toast } from '../store';
import type { Message } from '../types';

export function Golden({ of: m }: { of: Message }) {
  const [busy, setBusy] = useState(false);
  if (!mayAct.value || m.note || (m.author === 'bot' ? !m.sources?.length : m.author !== 'staff')) return null;
  const save = async () => {
    setBusy(true);
    try {
      await api('POST', `/conversations/${m.conversation}/golden`, { seq: m.seq });
      toast('Saved as a test', { action: 'Open the test set', act: () => go('tests') });
    } catch (err) {
      complain(err);
    }
    setBusy(false);
  };
  return <button class="btn link" type="button" disabled={busy} onClick={save}>Save as test</button>;
}
