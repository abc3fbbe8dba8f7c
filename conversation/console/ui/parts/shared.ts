// Short lists that colleagues keep and every page uses: labels, teams, staff.
import { useEffect, useState } from 'preact/hooks';
import { keptMs, optional } from '../api';
import { regularly } from './soon';

const everyMs = keptMs + 1000;

/** A list that stands under a member of what path answers, and follows what colleagues
 *  change within a minute; null until it was read, and where the server has none. */
export function useShared<T>(path: string, member: string): T[] | null {
  const [list, setList] = useState<T[] | null>(null);
  useEffect(() => {
    let here = true;
    const read = async () => {
      const got = await optional<Record<string, T[]>>(path);
      if (here && got) setList(got[member]);
    };
    read();
    const end = regularly(everyMs, read);
    return () => {
      here = false;
      end();
    };
  }, [path]);
  return list;
}
