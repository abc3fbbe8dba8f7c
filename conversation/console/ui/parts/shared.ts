// Short lists that colleagues keep and every page uses: labels, teams, staff.
import { useEffect, useState } from 'preact/hooks';
import { keptMs, optional } from '../api';

const everyMs = keptMs + 1000;

/** A list that stands under a member of what path answers, and follows what colleagues
 *  change within a minute; null until it was read, and where the server has none. */
export function useShared<T>(path: string, member: string): T[] | null {
  const [list, setList] = useState<T[] | null>(null);
  useEffect(() => {
    let here = true;
    const read = async () => {
      if (document.hidden) return;
      const got = await optional<Record<string, T[]>>(path);
      if (here && got) setList(got[member]);
    };
    read();
    const timer = setInterval(read, everyMs);
    document.addEventListener('visibilitychange', read);
    return () => {
      here = false;
      clearInterval(timer);
      document.removeEventListener('visibilitychange', read);
    };
  }, [path]);
  return list;
}
