// Files for a reply: chosen, pasted or dropped, uploaded at once, and sent with it.
import { computed, effect, signal, untracked } from '@preact/signals';
import { useRef, useState } from 'preact/hooks';
import { Failed } from '../api';
import { size } from '../format';
import { Icon } from '../parts/icons';
import { openId } from '../inbox/state';
import { sendFile } from '../sendfile';
import { leavers, me, say, toast } from '../store';
import type { Attachment } from '../types';
import { place, store, stored } from './drafts';

/** What the server takes; it looks at the bytes, this is only to choose by. */
const accept = 'image/jpeg,image/png,image/gif,image/webp,image/bmp,audio/*,video/*,.pdf,.docx,.pptx,.xlsx,.odt,.html,.md,.txt,.csv,.json';
const most = 10, picture = 10 << 20, other = 20 << 20; // files of a reply, and bytes of one
const keptMs = 20 * 3_600_000; // the server keeps what is not sent for a day

export interface Chosen { id: number; by?: string; conversation: string; file: File; part: number; state: 'sending' | 'ready' | 'failed'; error?: string; again?: boolean; at?: Attachment; until?: number; stop?: () => void }

const chosen = signal<Chosen[]>([]);
const here = computed(() => chosen.value.filter((c) => c.conversation === openId.value && c.by === me.value?.id));
let last = 0;

// A session that ended leaves them to whoever chose them; signing out leaves nothing.
leavers.push({ ask: async () => true, gone() { chosen.value = []; restored.clear(); } });

/** Keeps the files that have arrived with the draft of their reply, which outlives the page. */
function keep(conversation: string): void {
  const list = chosen.peek().filter((c) => c.conversation === conversation && c.by === me.peek()?.id && c.state === 'ready');
  store(place(conversation) + ':files', list.length ? JSON.stringify(list.map((c) => ({ at: c.at, name: c.file.name, size: c.file.size, until: c.until }))) : '');
}

const restored = new Set<string>(); // places whose files were taken up

function restore(conversation: string): void {
  const key = place(conversation) + ':files';
  if (restored.has(key)) return;
  restored.add(key);
  let kept: any[] = [];
  try {
    kept = JSON.parse(stored(key) || '[]').filter((k: any) => k.at.id && k.until > Date.now());
  } catch {
    // damaged: what is there is written over with the next file
  }
  if (kept.length) chosen.value = [...chosen.peek(), ...kept.map((k): Chosen => ({ id: ++last, by: me.peek()!.id, conversation, file: { name: String(k.name), size: Number(k.size) } as File, part: 1, state: 'ready', at: k.at, until: k.until }))];
}

effect(() => {
  const id = openId.value;
  if (id && me.value) untracked(() => restore(id));
});

function change(id: number, with_: Partial<Chosen>): void {
  chosen.value = chosen.value.map((c) => (c.id === id ? { ...c, ...with_ } : c));
}

function drop(c: Chosen): void {
  c.stop?.();
  chosen.value = chosen.value.filter((other) => other.id !== c.id);
  keep(c.conversation);
  say(c.file.name + ' taken away');
}

async function upload(c: Chosen): Promise<void> {
  change(c.id, { state: 'sending', part: 0, error: undefined });
  try {
    const at = await sendFile<Attachment>(`/conversations/${c.conversation}/files`, c.file, (part) => change(c.id, { part }), (stop) => change(c.id, { stop }));
    change(c.id, { state: 'ready', at, until: Date.now() + keptMs });
    keep(c.conversation);
    say(c.file.name + ' attached');
  } catch (err) {
    if (!(err instanceof Failed)) throw err;
    change(c.id, { state: 'failed', error: err.message, again: err.unreachable || err.status >= 500 }); // one that was taken away is on no list any more
    if (err.code !== 'stopped') say(`${c.file.name}: ${err.message}`);
  }
}

/** Takes files for the open conversation. */
function attach(files: Iterable<File>): void {
  for (const file of files) {
    if (here.peek().length >= most) {
      toast(`A reply may have up to ${most} files.`, { tone: 'bad' });
      return;
    }
    const limit = file.type.startsWith('image/') ? picture : other;
    const c: Chosen = { id: ++last, by: me.peek()?.id, conversation: openId.peek(), file, part: 0, state: 'sending' };
    if (file.size > limit) Object.assign(c, { state: 'failed', error: `It has ${size(file.size)}, and may have ${size(limit)}.` });
    chosen.value = [...chosen.value, c];
    if (c.state === 'sending') upload(c);
  }
}

/** Takes the files that go with the reply being sent, and gives back ones whose reply
 *  was not. */
export function takeFiles(): Chosen[] {
  const taken = here.peek();
  chosen.value = chosen.value.filter((c) => !taken.includes(c));
  if (taken.length) keep(taken[0].conversation);
  return taken;
}

export function putFilesBack(list: Chosen[] = []): void {
  if (!list.length) return;
  restore(list[0].conversation);
  chosen.value = [...list.map((c) => ({ ...c, id: ++last })), ...chosen.value];
  keep(list[0].conversation);
}

/** Nothing can be sent while a file is on its way, or one that failed still stands there. */
export const filesReady = computed(() => here.value.length > 0 && here.value.every((c) => c.state === 'ready'));
export const filesWait = computed(() => here.value.some((c) => c.state !== 'ready'));

/** The handlers of what files can be pasted into or dropped on; off says that there is
 *  no place for them just now. */
export function useDrop(off: boolean) {
  const [over, setOver] = useState(false);
  const files = (data: DataTransfer | null) => (off ? [] : [...(data?.files || [])]);
  return {
    over,
    on: {
      onPaste: (e: ClipboardEvent) => {
        const list = files(e.clipboardData);
        if (!list.length || e.clipboardData!.getData('text/plain')) return; // words copied from a page bring a picture of themselves
        e.preventDefault();
        attach(list);
      },
      onDragOver: (e: DragEvent) => {
        if (!e.dataTransfer?.types.includes('Files')) return;
        e.preventDefault();
        setOver(!off);
      },
      onDragLeave: () => setOver(false),
      onDrop: (e: DragEvent) => {
        if (!e.dataTransfer?.types.includes('Files')) return;
        e.preventDefault(); // else the page would give way to the file
        setOver(false);
        attach(files(e.dataTransfer));
      },
    },
  };
}

export function AttachButton() {
  const input = useRef<HTMLInputElement>(null);
  return <><button class="btn quiet" type="button" aria-label="Attach files" title="Attach files" onClick={() => input.current!.click()}><Icon of="clip" size={16} /></button>
    <input ref={input} class="hidden" type="file" multiple accept={accept} tabIndex={-1} aria-label="Files to attach" onChange={(e) => { attach([...e.currentTarget.files!]); e.currentTarget.value = ''; }} /></>;
}

/** The files of the reply being written. */
export function Attached() {
  if (!here.value.length || !me.value) return null;
  return <ul class="attached" aria-label="Files of this reply">{here.value.map((c) => <li key={c.id} class={c.state === 'failed' ? 'bad' : ''}>
    <Icon of={c.state === 'failed' ? 'alert' : 'file'} size={16} /><span dir="auto" class="cut">{c.file.name}</span>
    {c.state === 'failed' ? <span role="alert">{c.error}</span> : <span class="meta">{size(c.file.size)}</span>}
    {c.state === 'sending' && <progress max={1} value={c.part} aria-label={'Uploading ' + c.file.name} />}
    {c.state === 'failed' && c.again && <button class="btn link" type="button" aria-label={'Try again: ' + c.file.name} onClick={() => upload(c)}>Try again</button>}
    <button class="btn quiet square" type="button" aria-label={'Remove ' + c.file.name} onClick={() => drop(c)}><Icon of="close" size={14} /></button></li>)}</ul>;
}

/** The names of files whose reply is on its way. */
export function Going({ list }: { list?: Chosen[] }) {
  if (!list?.length) return null;
  return <ul class="files" aria-label="Files">{list.map((c) => <li key={c.id}><span class="file"><Icon of="file" size={16} /><span dir="auto">{c.file.name}</span></span></li>)}</ul>;
}
