// Reading anew what changed, no oftener than is looked at.

/** Returns what asks for work: it is done once a while later for all who ask until
 *  then, never twice at a time, and only while the page is seen. */
export function soon(ms: number, work: () => Promise<void>): () => void {
  let due = 0, busy = false, wanted = false;
  const ask = () => {
    wanted = true;
    if (!due && !busy && !document.hidden) due = setTimeout(run, ms) as unknown as number;
  };
  const run = async () => {
    due = 0;
    wanted = false;
    busy = true;
    try {
      await work();
    } finally {
      busy = false;
      if (wanted) ask();
    }
  };
  document.addEventListener('visibilitychange', () => { if (wanted) ask(); });
  return ask;
}

/** Calls work every so often, or up to a quarter later, while the page is seen, and when
 *  it is seen again after longer than that. The result ends it. */
export function regularly(ms: number, work: () => void): () => void {
  let last = Date.now();
  const look = () => {
    if (document.hidden || Date.now() - last < ms) return;
    last = Date.now();
    work();
  };
  const timer = setInterval(look, ms / 4);
  document.addEventListener('visibilitychange', look);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', look);
  };
}
