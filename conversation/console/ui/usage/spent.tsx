// What a conversation has cost so far, call by call.
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api';
import { count, plural, time } from '../format';
import type { Row } from '../types';
import { money, outcomeName, purposeName, took } from './names';
import type { BookedCall, Sum } from './types';

const shown = 30, settleMs = 600, restMs = 120;

export function Spent({ of: h }: { of: Row }) {
  const [got, setGot] = useState<{ id: string; calls: BookedCall[]; total: Sum } | null>(null);
  useEffect(() => {
    let here = true;
    // The call is booked about when its answer is stored.
    const timer = setTimeout(() => api<{ calls: BookedCall[]; total: Sum }>('GET', `/conversations/${h.id}/usage`).then((u) => { if (here) setGot({ id: h.id, ...u }); }, () => undefined), got?.id === h.id ? settleMs : restMs);
    return () => { here = false; clearTimeout(timer); };
  }, [h.id, h.seq, h.owner]);
  if (got?.id !== h.id || !got.total.calls) return null;
  return <><h3>Cost</h3><details class="calls"><summary><b>{money(got.total.cost_usd)}</b> in {plural(got.total.calls, 'call')}</summary>
    <ul aria-label="Calls of models">{got.calls.slice(0, shown).map((c, i) => <li key={i}>
      <p class="pair"><span class={'cut' + (c.outcome === 'ok' ? '' : ' bad')}>{purposeName(c.purpose)}{c.outcome === 'ok' ? '' : ': ' + outcomeName(c.outcome).toLowerCase()}</span><span>{c.known ? money(c.cost_usd) : 'price unknown'}</span></p>
      <p class="meta">{time(c.at)} · {c.model || 'no model'} · {count(c.input_tokens)} in{c.cached_tokens ? ` (${count(c.cached_tokens)} cached)` : ''}, {count(c.output_tokens)} out{c.estimated ? ', estimated' : ''} · {took(c.took_ms)}</p></li>)}</ul>
    {got.calls.length > shown && <p class="meta">…and {plural(got.calls.length - shown, 'earlier call')}.</p>}</details></>;
}
