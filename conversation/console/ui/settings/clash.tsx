// Two people who edit the same thing: the second sees what the first stored beside what
// they typed themselves, and neither is lost.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, Failed } from '../api';
import { say } from '../store';

/** What several people may edit. */
export interface Edited { version: number }

/** A thing as it is to be read: what a field is called, and what stands in it. */
export type Words = [name: string, text: string][];

function Theirs({ what, words, over, take }: { what: string; words: Words; over: () => void; take: () => void }) {
  const box = useRef<HTMLElement>(null);
  useEffect(() => { box.current!.focus(); }, []);
  return <section ref={box} class="once met" tabIndex={-1} role="alert" aria-label="As it is stored now">
    <p><b>Somebody has changed this {what} meanwhile.</b> Nothing was overwritten. This is how it is stored now; what you typed is in the form.</p>
    <dl class="pairs">{words.map(([name, text]) => <><dt key={name}>{name}</dt><dd class="plain-text" dir="auto">{text || 'nothing'}</dd></>)}</dl>
    <div class="row"><button class="btn" type="button" onClick={over}>Go on with mine</button><button class="btn" type="button" onClick={take}>Take theirs</button></div></section>;
}

/** What was typed on an earlier visit: of which version, and what is done to go on with it
 *  over another. */
interface Draft<T> { base: string | number; over: (theirs: T) => void }

/** Sends what was typed about a thing that was read, or about a new one. send returns
 *  undefined when somebody was first: then theirs is what is to be shown, and nothing
 *  can be sent until who types has chosen. */
export function useClash<T extends Edited>(of: T | undefined, what: string, read: (theirs: T) => Words, take: (theirs: T) => void, kept?: Draft<T>) {
  const at = useRef<string | number | undefined>(of && (kept?.base ?? of.version)), [theirs, setTheirs] = useState<T | null>(null);
  const settled = (then?: (t: T) => void) => () => {
    at.current = theirs!.version;
    setTheirs(null);
    then?.(theirs!);
  };
  return {
    send: async (method: string, path: string, body: Record<string, unknown>): Promise<any> => {
      try {
        return await api(method, path, { ...body, version: at.current === undefined ? undefined : +at.current });
      } catch (err) {
        if (!(err instanceof Failed) || err.code !== 'version_changed') throw err;
        setTheirs(err.problem.current);
        say(err.message);
        return undefined;
      }
    },
    open: !!theirs,
    theirs: theirs && <Theirs what={what} words={read(theirs)} over={settled(kept?.over)} take={settled(take)} />,
  };
}
