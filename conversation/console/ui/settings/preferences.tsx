// How the console looks and behaves for one person. It follows them to every browser.
import { prefs, set, unkept } from '../prefs';
import { toast } from '../store';

async function notify(on: boolean): Promise<void> {
  if (on && !('Notification' in window && (await Notification.requestPermission()) === 'granted')) {
    toast('This browser does not allow notifications here. Its settings for this site can change that.', { tone: 'bad' });
    on = false;
  }
  set({ notify: on });
}

export function Preferences() {
  const p = prefs.value;
  return <div class="form">
    <label class="pair">Look<select value={p.theme} onChange={(e) => set({ theme: e.currentTarget.value as 'auto' })}><option value="auto">As the system</option><option value="light">Light</option><option value="dark">Dark</option></select></label>
    <label class="pair">Undo sending<select value={String(p.undo)} onChange={(e) => set({ undo: +e.currentTarget.value as 0 })}><option value="0">Off: send at once</option><option value="5">For 5 seconds</option><option value="10">For 10 seconds</option></select></label>
    <label class="check"><input type="checkbox" checked={p.keys} onChange={(e) => set({ keys: e.currentTarget.checked })} />Single-letter shortcuts</label>
    <label class="check"><input type="checkbox" checked={p.sound} onChange={(e) => set({ sound: e.currentTarget.checked })} />A sound for reminders and mentions, and for what customers write while this tab is hidden</label>
    <label class="check"><input type="checkbox" checked={p.notify} onChange={(e) => notify(e.currentTarget.checked)} />Notifications of the browser</label>
    {unkept.value && <p class="error" role="alert">Kept in this browser only. {unkept.value}</p>}
  </div>;
}
