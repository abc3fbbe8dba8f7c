// What customers sent besides text: shown, played, or offered to be saved, with
// what was read or heard in it.
import { useState } from 'preact/hooks';
import { size, span } from '../format';
import { Icon } from '../parts/icons';
import type { Attachment } from '../types';

const kinds = { image: 'Picture', voice: 'Voice message', video: 'Video', document: 'Document' };
const long = 220;

export function Files({ list }: { list: Attachment[] }) {
  return <ul class="files" aria-label="Files">{list.map((a) => <li key={a.id}><File of={a} /></li>)}</ul>;
}

function File({ of: a }: { of: Attachment }) {
  const name = a.name || kinds[a.kind];
  if (a.state === 'refused' || a.state === 'failed') {
    return <p class="file bad"><Icon of="alert" size={16} /><span dir="auto">{name}</span><span class="meta">{a.state === 'refused' ? 'refused' : 'could not be fetched'}{a.reason ? ': ' + a.reason.replaceAll('_', ' ') : ''}</span></p>;
  }
  const facts = [kinds[a.kind], a.bytes ? size(a.bytes) : '', a.seconds ? span(a.seconds) : ''].filter(Boolean).join(' · ');
  return <figure class="file-box">
    {a.kind === 'image' && <a href={a.url} target="_blank" rel="noopener noreferrer"><img src={a.url} alt={a.text || name} loading="lazy" /></a>}
    {a.kind === 'voice' && <audio controls preload="none" src={a.url} aria-label={name} />}
    {a.kind === 'video' && <video controls preload="none" src={a.url} aria-label={name} />}
    <figcaption>
      <a class="file" href={a.url} target="_blank" rel="noopener noreferrer"><Icon of="file" size={16} /><span dir="auto">{name}</span></a>
      <span class="meta">{facts}{a.state === 'pending' ? ' · being looked into' : ''}</span>
      {a.text && <Transcript text={a.text} of={a.kind === 'voice' || a.kind === 'video' ? 'Heard' : 'Read'} />}
    </figcaption>
  </figure>;
}

function Transcript({ text, of }: { text: string; of: string }) {
  const [open, setOpen] = useState(text.length <= long);
  return <blockquote class="transcript" dir="auto"><span class="meta">{of}: </span>{open ? text : text.slice(0, long) + '…'}
    {text.length > long && <button class="btn link" type="button" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? 'Less' : 'All of it'}</button>}</blockquote>;
}
