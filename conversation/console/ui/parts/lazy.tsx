// Pages whose code is loaded when they are first opened.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Empty, Skeleton } from './bits';

/** A component that loads another and then stands for it; inside, for one that is a part
 *  of a page. */
export function lazy(load: () => Promise<ComponentType>, inside = false): ComponentType {
  let loaded: ComponentType | undefined;
  return function Lazy() {
    const [failed, setFailed] = useState(false), [, setReady] = useState(!!loaded);
    useEffect(() => {
      if (loaded) return;
      load().then((c) => { loaded = c; setReady(true); }, () => setFailed(true));
    }, []);
    const Page = loaded;
    if (Page) return <Page />;
    // A newer version of the server does not have the file any more: a new page names its own.
    const note = failed
      ? <Empty text="This page could not be loaded."><button class="btn" type="button" onClick={() => location.reload()}>Load it again</button></Empty>
      : <Skeleton rows={4} label="Loading the page" />;
    return inside ? note : <main class="page" id="page" tabIndex={-1}><div class="page-in">{note}</div></main>;
  };
}
