// The test set: questions with known answers, asked to see how well the bot finds them.
import { useEffect, useState } from 'preact/hooks';
import { Tabs } from '../ask/tabs';
import { isAdmin, mayAct, route } from '../store';
import { TestForm } from './form';
import { ImportTests } from './import';
import { List } from './list';
import { Progress, Runs } from './runs';
import { RunPage } from './run';
import { load, loadRuns, runs, start, trouble, watch } from './state';
import { underWay, type Test } from './types';

function Set() {
  const [open, setOpen] = useState<'' | 'new' | 'import' | Test>(''), [refused, setRefused] = useState(''), [busy, setBusy] = useState(false), now = runs.value?.[0];
  const run = async () => {
    setBusy(true);
    setRefused(await start());
    setBusy(false);
  };
  const close = () => setOpen('');
  return <>
    <header class="page-head"><h1>Test set</h1>{mayAct.value && <div class="row">
      {isAdmin.value && <button class="btn" type="button" onClick={() => setOpen('import')}>Import</button>}<button class="btn" type="button" onClick={() => setOpen('new')}>Add a test</button>
      <button class="btn main" type="button" disabled={busy || underWay(now)} onClick={run}>Run now</button></div>}</header>
    {refused && <div class="trouble" role="alert"><p>{refused}</p></div>}
    {trouble.value && <p class="error" role="alert">{trouble.value} <button class="btn link" type="button" onClick={() => { load(); loadRuns(); }}>Try again</button></p>}
    {underWay(now) && <Progress of={now!} />}
    {runs.value && <Runs of={runs.value} />}
    <List edit={setOpen} />
    {open === 'import' ? <ImportTests close={close} /> : open && <TestForm of={open === 'new' ? undefined : open} close={close} />}
  </>;
}

export function Tests() {
  const id = route.value[1] === 'runs' ? route.value[2] : '';
  useEffect(watch, []);
  useEffect(() => { document.getElementById('page')?.scrollTo(0, 0); }, [id]);
  return <main class="page" id="page" tabIndex={-1}><div class="page-in tests">
    <Tabs here="tests" />
    {id ? <RunPage key={id} id={id} /> : <Set />}
  </div></main>;
}
