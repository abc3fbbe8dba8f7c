// Settings › Widget: how the chat looks on a page, with the real one beside it.
import { useEffect, useState } from 'preact/hooks';
import { api, query } from '../api';
import { Lines, shapeOf, type Field } from './fields';
import { Frame } from './frame';
import { Copy, Part } from './parts';
import { useStored, type Stored } from './stored';
import type { Variable } from './environment';

const fields: Field[] = [
  { name: 'title', label: 'Title', kind: 'text', max: 60, placeholder: 'The standard one, in the visitor’s language' },
  { name: 'accent', label: 'Colour', kind: 'color', placeholder: '#2f5bea', max: 7, hint: 'Text on it turns light or dark by itself, so that it can be read.' },
  { name: 'position', label: 'Side', kind: 'choice', options: [['right', 'Right'], ['left', 'Left']] },
  { name: 'theme', label: 'Look', kind: 'choice', options: [['auto', 'As the visitor’s system'], ['light', 'Light'], ['dark', 'Dark']] },
  { name: 'lang', label: 'Language', kind: 'text', max: 35, placeholder: 'The page’s own', hint: 'A code such as en or pt-BR.' },
];
const shape = shapeOf(fields);

function Preview({ of: s }: { of: Stored }) {
  const wanted = '/demo/preview' + query({ ...shape.close(s.typed)[0] }), [shown, setShown] = useState(wanted);
  useEffect(() => {
    const timer = setTimeout(() => setShown(wanted), 400);
    return () => clearTimeout(timer);
  }, [wanted]);
  return <Part title="Preview" about="The chat itself, as a page has it whose tag says nothing else."><iframe class="page-preview" src={shown} title="The chat on a page" loading="lazy" /></Part>;
}

function Snippet() {
  const [host, setHost] = useState(location.origin);
  useEffect(() => {
    api<{ environment: Variable[] }>('GET', '/settings').then((got) => {
      const url = got.environment.find((v) => v.name === 'PUBLIC_URL')?.value;
      if (url) setHost(url.replace(/\/+$/, ''));
    }, () => 0); // this address is as good as any
  }, []);
  const text = `<script defer src="${host}/widget.js" data-key="site"></script>`;
  return <Part title="On your website" about="One line before </body>. data-key names the site. data-title, data-accent, data-position, data-theme and data-lang in the tag go before what is set here.">
    <pre class="shown-text" tabIndex={0} role="region" aria-label="Snippet"><code>{text}</code></pre><p class="row"><Copy text={text} what="the snippet" /></p></Part>;
}

export function Look() {
  const s = useStored('widget', shape);
  return <Frame of={s} label="Widget" beside={s.at && <><Preview of={s} /><Snippet /></>}><Lines of={fields} in={s} />
    <p class="meta">Greeting and quick replies are the <a href="#/settings/bot">bot’s</a>.</p></Frame>;
}
