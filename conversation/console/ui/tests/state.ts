// The test set and its runs, as last read.
import { batch, effect, signal } from '@preact/signals';
import { api, Failed, query } from '../api';
import { complain, me, say } from '../store';
import { underWay, type Test, type TestRun } from './types';

const page = 200, most = 1000;
const askEveryMs = 800;

export const tests = signal<Test[] | null>(null);
export const total = signal(0);
export const next = signal('');
export const runs = signal<TestRun[] | null>(null);
export const trouble = signal('');

effect(() => {
  if (!me.value) batch(() => { tests.value = runs.value = null; next.value = ''; });
});

/** Reads the newest tests, or those after the last one. */
export async function load(more = false, limit = page): Promise<void> {
  const cursor = more ? next.value : '';
  try {
    const got = await api<{ tests: Test[]; total: number; next?: string }>('GET', '/tests' + query({ limit, cursor }));
    if (more && cursor !== next.value) return;
    batch(() => {
      tests.value = more ? [...(tests.value || []), ...got.tests] : got.tests;
      total.value = got.total;
      next.value = got.next || '';
      trouble.value = '';
    });
  } catch (err) {
    if (!(err instanceof Failed)) throw err;
    trouble.value = err.message;
  }
}

let reading: Promise<void> | null = null;

/** Reads what is left, so that all can be searched. */
export function loadAll(): Promise<void> {
  reading ||= (async () => {
    while (next.value && !trouble.value) await load(true, most);
  })().finally(() => { reading = null; });
  return reading;
}

export async function loadRuns(): Promise<void> {
  try {
    const got = (await api<{ runs: TestRun[] }>('GET', '/tests/runs')).runs, was = runs.value?.[0];
    runs.value = got;
    const now = got.find((r) => r.id === was?.id);
    if (was && underWay(was) && now && !underWay(now)) {
      say(now.state === 'done' ? `The run has ended: ${now.passed} of ${now.cases} passed.` : 'The run has ended.');
      await load();
    } else if (trouble.value) {
      await load(); // the server can be reached again
    }
  } catch (err) {
    if (!(err instanceof Failed)) throw err;
    trouble.value = err.message;
  }
}

/** Reads all and follows a run that is under way, until the result is called. */
export function watch(): () => void {
  let timer = 0, gone = false;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(again, underWay(runs.value?.[0]) ? askEveryMs : 15 * askEveryMs) as unknown as number;
  };
  const again = async () => {
    if (!document.hidden) await loadRuns();
    if (!gone) later();
  };
  load();
  again();
  const soon = effect(() => {
    if (underWay(runs.value?.[0])) later();
  });
  return () => {
    gone = true;
    clearTimeout(timer);
    soon();
  };
}

/** Begins a run. What the server says against it is the result. */
export async function start(): Promise<string> {
  try {
    const run = await api<TestRun>('POST', '/tests/runs', {});
    runs.value = [run, ...(runs.value || []).filter((r) => r.id !== run.id)];
    return '';
  } catch (err) {
    if (!(err instanceof Failed)) throw err;
    return err.message;
  }
}

export async function cancel(r: TestRun): Promise<void> {
  try {
    await api('POST', `/tests/runs/${r.id}/cancel`);
  } catch (err) {
    complain(err);
  }
  await loadRuns();
}
