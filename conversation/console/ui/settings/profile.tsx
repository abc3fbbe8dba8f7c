// A person's own account.
import { api } from '../api';
import { complain, me } from '../store';
import { Password, SecondFactor, Sessions } from './signin';

/** Says whether new conversations may be assigned to the caller. */
export async function available(status: 'online' | 'away'): Promise<void> {
  try {
    await api('PATCH', '/me', { status });
    me.value = { ...me.value!, status };
  } catch (err) {
    complain(err);
  }
}

export function Profile() {
  const m = me.value!;
  return <>
    <label class="pair">Availability<select value={m.status} onChange={(e) => available(e.currentTarget.value as 'online')}><option value="online">Available</option><option value="away">Away</option></select></label>
    <h2>Password</h2><Password />
    <h2>Second factor</h2><SecondFactor />
    <h2>Where you are signed in</h2><Sessions />
  </>;
}
