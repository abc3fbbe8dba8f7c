// What an entry was, and going back to it.
import { useState } from 'preact/hooks';
import { api, Failed } from '../api';
import { exact } from '../format';
import { complain, isAdmin, toast } from '../store';
import { EntryShown } from './entryform';
import { useOne } from './list';
import type { Entry, Version } from './types';

const kinds: Record<string, string> = { before: 'As it was before', edited: 'Edited', deleted: 'Deleted', restored: 'Restored' };

function VersionRow({ of: v, now, restored }: { of: Version; now: Entry; restored: (e: Entry) => void }) {
  const [open, setOpen] = useState(false), here = v.version === now.version;
  const restore = async () => {
    try {
      restored(await api<Entry>('POST', `/entries/${now.id}/restore`, { restore: v.id, version: now.version }));
      toast('Restored');
    } catch (err) {
      if (err instanceof Failed && err.problem.entry) restored(err.problem.entry);
      complain(err);
    }
  };
  return <li class="version"><div class="row"><button class="btn link grow-start" type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
    {kinds[v.kind]}{v.by ? ' by ' + v.by.name : ''}{v.kind !== 'before' ? ', ' + exact(v.at) : ''}</button><span class="push" />
    {here ? <span class="chip ok">Now</span> : isAdmin.value && <button class="btn quiet" type="button" onClick={restore}>Restore</button>}</div>
    {open && <EntryShown of={v.entry} />}</li>;
}

export function History({ of: e, restored }: { of: Entry; restored: (e: Entry) => void }) {
  const list = useOne<{ versions: Version[] }>(`/entries/${e.id}/history`), vs = list.of?.versions || [];
  if (!vs.length) return null;
  return <section class="history" aria-labelledby="history"><h2 id="history">History</h2>
    <ol class="cards" aria-label="Versions">{vs.map((v) => <VersionRow key={v.id} of={v} now={e} restored={restored} />)}</ol></section>;
}
