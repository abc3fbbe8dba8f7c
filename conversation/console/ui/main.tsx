// The console of staff and admins. Everything shown is made of nodes; no text ever
// becomes markup.
import { render } from 'preact';
import '@preact/signals'; // components follow the signals they read
import { App } from './app';
import { begin } from './store';

render(<App />, document.getElementById('app')!);
begin();
