// What a website embeds:
//   <script defer src="https://HOST/widget.js" data-key="…"></script>
import { language, look } from './strings';
import type { Profile } from './wire';
import { Widget, type Options } from './widget';

const element = 'frontdesk-chat';
const script = document.currentScript as HTMLScriptElement;

async function start(): Promise<void> {
  const options: Options = { key: '', ...look(), lang: '', ...script.dataset, base: new URL('.', script.src).href };
  const asked = new URL(script.src).searchParams.get('lang');
  const widget = document.createElement(element) as Widget;
  widget.setUp(options, await language(options.base, options.lang, asked, look().lang, document.documentElement.lang, navigator.language));
  document.body.append(widget);
  const api: Record<string, unknown> = {
    identify: (identity: Profile['identity']) => widget.describe({ identity }),
    setContext: (context: Profile['context']) => widget.describe({ context }),
  };
  for (const name of ['open', 'close', 'toggle', 'send', 'on', 'reset'] as const) api[name] = widget[name].bind(widget);
  (window as any).Frontdesk = api;
  dispatchEvent(new Event('frontdesk:ready'));
}

// A page that carries the script twice has one chat.
if (!customElements.get(element)) {
  customElements.define(element, Widget);
  if (document.readyState === 'loading') addEventListener('DOMContentLoaded', start);
  else start();
}
