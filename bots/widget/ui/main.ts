// What a website embeds:
//   <script defer src="https://HOST/widget.js" data-key="…"></script>
import { language } from './strings';
import { Widget, type Options } from './widget';

const element = 'frontdesk-chat';
const script = (document.currentScript || document.querySelector('script[src*="/widget.js"]')) as HTMLScriptElement;

async function start(): Promise<void> {
  const options: Options = { key: '', ...script.dataset, base: new URL('.', script.src).href };
  const asked = new URL(script.src).searchParams.get('lang');
  const widget = document.createElement(element) as Widget;
  widget.setUp(options, await language(options.base, options.lang, asked, document.documentElement.lang, navigator.language));
  document.body.append(widget);
  (window as any).Frontdesk = {
    open: () => widget.open(),
    close: () => widget.close(),
    toggle: () => widget.toggle(),
    identify: (identity: { name?: string; email?: string }) => widget.describe({ identity }),
    setContext: (context: Record<string, string>) => widget.describe({ context }),
    send: (text: string) => widget.send(String(text)),
    on: (event: string, listener: (detail: unknown) => void) => widget.on(event, listener),
    reset: () => widget.reset(),
  };
  dispatchEvent(new Event('frontdesk:ready'));
}

// A page that carries the script twice has one chat.
if (!customElements.get(element)) {
  customElements.define(element, Widget);
  if (document.readyState === 'loading') addEventListener('DOMContentLoaded', start);
  else start();
}
