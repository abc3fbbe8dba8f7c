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

/** Calls work every so often while the page is seen; what fell due while it was not is
 *  done when it is. The result ends it. */
export function regularly(ms: number, work: () => void): () => void {
  let missed = false;
  const look = () => {
    if (!missed || document.hidden) return;
    missed = false;
    work();
  };
  const timer = setInterval(() => { missed = true; look(); }, ms);
  document.addEventListener('visibilitychange', look);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', look);
  };
}
