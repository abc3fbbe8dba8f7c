// Documents that were deleted and can come back.
import { useEffect } from 'preact/hooks';
import { api } from '../api';
import { count, exact, plural } from '../format';
import { Moment } from '../parts/bits';
import { confirmed } from '../parts/dialog';
import { complain, isAdmin, toast } from '../store';
import { More, Trouble, usePaged } from './list';
import { bringBack, deletions } from './state';
import type { DeletedDoc } from './types';

function DeletedRow({ of: d, gone }: { of: DeletedDoc; gone: () => void }) {
  const restore = async () => { if (await bringBack(d)) gone(); };
  const erase = async () => {
    if (!(await confirmed(`Erase ${d.name}?`, 'Its file and its passages are removed for good. This cannot be undone.', 'Erase'))) return;
    try {
      await api('DELETE', '/documents/deleted/' + d.id);
      gone();
      toast('Erased: ' + d.name);
    } catch (err) {
      complain(err);
    }
  };
  return <li class="doc"><span class="name" dir="auto">{d.name}</span><span />
    {isAdmin.value ? <span class="row tight"><button class="btn quiet" type="button" aria-label={'Restore ' + d.name} onClick={restore}>Restore</button>
      <button class="btn quiet bad" type="button" aria-label={'Erase ' + d.name} onClick={erase}>Erase</button></span> : <span />}
    <span class="more meta dots"><span>deleted <Moment at={d.deleted_at} />{d.deleted_by ? ' by ' + d.deleted_by.name : ''}</span>
      {d.passages > 0 && <span>{plural(d.passages, 'passage')}</span>}<span>kept until {exact(d.until)}</span></span></li>;
}

export function Deleted() {
  const list = usePaged<DeletedDoc>('/documents/deleted', 'documents'), gone = list.items || [];
  useEffect(() => { if (deletions.value) list.again(); }, [deletions.value]);
  if (!gone.length) return <Trouble error={list.error} again={list.again} />;
  return <details class="fold"><summary>Deleted documents ({count(gone.length)}{list.next ? '+' : ''})</summary>
    <ul class="cards" aria-label="Deleted documents">{gone.map((d) => <DeletedRow key={d.id} of={d} gone={() => list.change((had) => had.filter((o) => o.id !== d.id))} />)}</ul>
    <Trouble error={list.error} again={list.again} /><More of={list} /></details>;
}
