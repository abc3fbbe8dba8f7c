// How the console looks and behaves for one person. It follows them to every browser.
import { languageName } from '../format';
import { prefs, set, unkept } from '../prefs';
import { toast } from '../store';

async function notify(on: boolean): Promise<void> {
  if (on && !('Notification' in window && (await Notification.requestPermission()) === 'granted')) {
    toast('This browser does not allow notifications here. Its settings for this site can change that.', { tone: 'bad' });
    on = false;
  }
  set({ notify: on });
}

const languages = ['ar', 'bg', 'bn', 'cs', 'da', 'de', 'el', 'en', 'es', 'et', 'fa', 'fi', 'fr', 'he', 'hi', 'hr', 'hu', 'id', 'it', 'ja', 'ko', 'lt', 'lv', 'nb', 'nl', 'pl', 'pt', 'ro', 'ru', 'sk', 'sl', 'sr', 'sv', 'th', 'tr', 'uk', 'ur', 'vi', 'zh-Hans', 'zh-Hant'];

/** The languages by name; one that was set elsewhere is among them. */
function Languages({ chosen }: { chosen: string }) {
  const list = chosen && !languages.includes(chosen) ? [...languages, chosen] : languages;
  return <>{list.map((l) => [l, languageName(l)]).sort((a, b) => a[1].localeCompare(b[1])).map(([l, name]) => <option key={l} value={l}>{name}</option>)}</>;
}

export function Preferences() {
  const p = prefs.value;
  return <div class="form">
    <label class="pair">Look<select value={p.theme} onChange={(e) => set({ theme: e.currentTarget.value as 'auto' })}><option value="auto">As the system</option><option value="light">Light</option><option value="dark">Dark</option></select></label>
    <label class="pair">Undo sending<select value={String(p.undo)} onChange={(e) => set({ undo: +e.currentTarget.value as 0 })}><option value="0">Off: send at once</option><option value="5">For 5 seconds</option><option value="10">For 10 seconds</option></select></label>
    <label class="pair">Translate into<select value={p.lang} onChange={(e) => set({ lang: e.currentTarget.value })}><option value="">The browser's language: {languageName(navigator.language.split('-')[0])}</option><Languages chosen={p.lang} /></select></label>
    <label class="check"><input type="checkbox" checked={p.keys} onChange={(e) => set({ keys: e.currentTarget.checked })} />Single-letter shortcuts</label>
    <label class="check"><input type="checkbox" checked={p.sound} onChange={(e) => set({ sound: e.currentTarget.checked })} />A sound for assignments, reminders and mentions; and, while no tab of the console is in front, for whoever begins to wait and for what your own customers write</label>
    <label class="check"><input type="checkbox" checked={p.notify} onChange={(e) => notify(e.currentTarget.checked)} />Notifications of the browser</label>
    {unkept.value && <p class="error" role="alert">Kept in this browser only. {unkept.value}</p>}
  </div>;
}
