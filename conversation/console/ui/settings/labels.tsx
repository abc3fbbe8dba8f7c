// Labels that conversations are sorted by.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api';
import { relabel } from '../inbox/labels';
import { Swatch } from '../parts/bits';
import { isAdmin, toast } from '../store';
import type { Label } from '../types';
import { Cards, remove, useForm, useList } from './parts';

const standard = '#2f5bea';

function LabelForm({ of: l, done, cancel }: { of?: Label; done: () => unknown; cancel?: () => void }) {
  const name = useRef<HTMLInputElement>(null), [color, setColor] = useState(l ? l.color : standard);
  const form = useForm(async () => {
    await api(l ? 'PUT' : 'POST', l ? '/labels/' + l.id : '/labels', { name: name.current!.value, color });
    await relabel();
    await done();
  }, !!l);
  useEffect(() => { if (l) name.current!.focus(); }, []);
  return <form class="form line" onSubmit={form.submit} aria-label={l ? 'Change ' + l.name : 'New label'}>
    <label class="field">Name<input ref={name} required maxLength={60} defaultValue={l?.name} autocomplete="off" dir="auto" /></label>
    <label class="field narrow">Colour<input type="color" value={color || '#ffffff'} onInput={(e) => setColor(e.currentTarget.value)} /></label>
    <label class="check"><input type="checkbox" checked={!color} onChange={(e) => setColor(e.currentTarget.checked ? '' : standard)} />None</label>
    <button class={'btn' + (l ? '' : ' main')} type="submit" disabled={form.busy}>{l ? 'Save' : 'Add label'}</button>
    {cancel && <button class="btn quiet" type="button" onClick={cancel}>Cancel</button>}
    {form.error}
  </form>;
}

export function Labels() {
  const labels = useList<Label>('/labels', 'labels'), [open, setOpen] = useState('');
  const again = async () => { await relabel(); setOpen(''); await labels.read(); };
  return <>
    {isAdmin.value && <LabelForm done={labels.read} />}
    <Cards of={labels} label="Labels" empty="There are no labels yet." item={(l) => <li key={l.id} class="item">
      {open === l.id ? <LabelForm of={l} done={async () => { await again(); toast('Label saved'); }} cancel={() => setOpen('')} /> : <>
        <p class="grow"><Swatch color={l.color} /> <b dir="auto">{l.name}</b></p>
        {isAdmin.value && <div class="row tight"><button class="btn quiet" type="button" aria-label={'Change ' + l.name} onClick={() => setOpen(l.id)}>Change</button>
          <button class="btn quiet bad" type="button" aria-label={'Delete ' + l.name} onClick={() => remove('/labels/' + l.id, 'Delete this label?', `“${l.name}” is taken off every conversation. This cannot be undone.`, again)}>Delete</button></div>}</>}
    </li>} />
  </>;
}
