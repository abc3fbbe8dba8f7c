// Settings › Retention: after how long what is deleted.
import { plural } from '../format';
import { confirmed } from '../parts/dialog';
import { Lines, number, shapeOf, type Field } from './fields';
import { Frame } from './frame';
import { useStored } from './stored';

const none = 'Kept for ever';
const fields: Field[] = [
  { name: 'conversations_days', label: 'Conversations', kind: 'number', unit: 'days', none, hint: 'Deletes resolved conversations that have not changed for so long, with messages, notes, ratings and files; and contacts of whom none is left. Open ones stay.' },
  { name: 'files_days', label: 'Files of customers', kind: 'number', unit: 'days', none, hint: 'Deletes the bytes of pictures, voice messages and documents. The messages stay, and say that there was a file.' },
  { name: 'calls_days', label: 'Model calls', kind: 'number', unit: 'days', none, hint: 'Deletes the record of single calls. The sums by day stay.' },
];
const shape = shapeOf(fields);

export function RetentionPage() {
  const s = useStored('retention', shape);
  const sooner = fields.filter((f) => {
    const to = number(s.typed[f.name]), from = s.at?.value[f.name] ?? Infinity;
    return typeof to === 'number' && to < from;
  });
  const before = async () => !sooner.length || confirmed('Delete sooner?', 'The next daily run deletes for good: ' + sooner.map((f) => `${f.label.toLowerCase()} older than ${plural(number(s.typed[f.name])!, 'day')}`).join(', ') + '. A later change does not bring them back.', 'Save');
  return <>
    <p class="muted lead">A daily job deletes what is older. What it deleted stands in the <a href="#/settings/audit">audit log</a>. An empty field keeps everything.</p>
    <Frame of={s} label="Retention" before={before}><Lines of={fields} in={s} /></Frame>
  </>;
}
