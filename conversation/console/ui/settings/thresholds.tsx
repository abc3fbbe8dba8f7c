// Settings › Thresholds: from which confidence on the bot answers, with what that would
// have made of the test set.
import { useEffect, useState } from 'preact/hooks';
import { api, Failed } from '../api';
import { count, exact } from '../format';
import { isAdmin } from '../store';
import { Frame } from './frame';
import { Part } from './parts';
import { useStored, type Shape, type Stored } from './stored';

const labels: Record<string, string> = { answer: 'Answer from', offer: 'Answer with the offer of a person from' };
const about: Record<string, string> = { answer: 'At this confidence and above the bot answers.', offer: 'Between the two it answers and offers a person. Below it says that it does not know.' };

const shape: Shape = {
  open: (v) => ({ answer: v.answer ?? null, offer: v.offer ?? null }),
  close: (t) => (t.answer !== null && t.offer !== null && t.offer > t.answer ? [t, { offer: 'This is above the other, so that no answer would come with the offer of a person.' }] : [t, {}]),
  label: (key) => labels[key], show: (_, v) => (v === null || v === undefined ? 'As calibrated' : v.toFixed(2)),
};

interface Effect { cases: number; answered: number; offered: number; unknown: number; right: number; wrong: number }
interface Run { id: string; at: string; state: string; answer_from: number; offer_from: number; results: { confidence: number; answerable: boolean }[] }

/** The newest run that is done; undefined until that is known, null without one. */
function useRun(): Run | null | undefined {
  const [run, setRun] = useState<Run | null>();
  useEffect(() => {
    api<{ runs: Run[] }>('GET', '/tests/runs').then(async (got) => {
      const done = got.runs.find((r) => r.state === 'done');
      setRun(done ? await api<Run>('GET', '/tests/runs/' + done.id) : null);
    }).catch(() => setRun(null));
  }, []);
  return run;
}

function Slider({ name, in: s, calibrated }: { name: 'answer' | 'offer'; in: Stored; calibrated: number }) {
  const v: number | null = s.typed[name], id = 'threshold-' + name, fault = s.faults[name];
  return <div class={'setting' + (fault ? ' wrong' : '')}>
    <label class="field" for={id}>{labels[name]}</label>
    <div class="slider"><input id={id} type="range" min="0" max="1" step="0.01" disabled={v === null} value={v ?? calibrated} aria-invalid={fault ? true : undefined} aria-describedby={id + '-about'} onInput={(e) => s.set({ [name]: +e.currentTarget.value })} />
      <output for={id}>{v === null ? '–' : v.toFixed(2)}</output></div>
    <label class="check"><input type="checkbox" checked={v === null} aria-label={`${labels[name]}: as calibrated`} onChange={(e) => s.set({ [name]: e.currentTarget.checked ? null : calibrated })} />As calibrated</label>
    <p class="meta" id={id + '-about'}>{about[name]}</p>
    {fault && <p class="error">{fault}</p>}
  </div>;
}

/** Each test as a stroke where its confidence is: those with an answer above. */
function Strip({ run, answer, offer }: { run: Run; answer: number; offer: number }) {
  return <svg class="strip" viewBox="0 0 1000 60" preserveAspectRatio="none" aria-hidden="true">
    <rect class="unknown" x="0" width={offer * 1000} height="60" /><rect class="offered" x={offer * 1000} width={Math.max(0, answer - offer) * 1000} height="60" /><rect class="answered" x={answer * 1000} width={Math.max(0, 1 - answer) * 1000} height="60" />
    {run.results.slice(0, 500).map((r, i) => <rect key={i} class={r.answerable ? 'can' : 'cannot'} x={Math.min(996, r.confidence * 1000)} width="4" y={r.answerable ? 6 : 34} height="20" />)}
  </svg>;
}

const rows: [keyof Effect, string][] = [['answered', 'Answered'], ['offered', 'Answered with the offer of a person'], ['unknown', 'Not answered'], ['right', 'Right'], ['wrong', 'Wrong']];

function Outcome({ of: s, run }: { of: Stored; run: Run }) {
  const [was, setWas] = useState<Effect | null>(null), [will, setWill] = useState<Effect | null>(null), [error, setError] = useState('');
  const ask = (t: object, signal?: AbortSignal) => api<Effect>('POST', '/settings/thresholds/effect', t, { signal });
  const failed = (err: any) => { if (err.name !== 'AbortError') setError(err instanceof Failed ? err.message : String(err)); };
  useEffect(() => { ask(shape.open(s.at!.value)).then(setWas, failed); }, [s.at!.version]);
  const typed = JSON.stringify(s.typed);
  useEffect(() => {
    const stop = new AbortController(), timer = setTimeout(() => ask(JSON.parse(typed), stop.signal).then((e) => { setWill(e); setError(''); }, failed), 200);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [typed]);
  const answer = s.typed.answer ?? run.answer_from, offer = Math.min(s.typed.offer ?? run.offer_from, answer);
  return <>
    <Strip run={run} answer={answer} offer={offer} />
    <p class="meta">Each stroke is a test at its confidence: above those that have an answer, below those that have none. The newest run, of {exact(run.at)}.</p>
    {error && <p class="error" role="alert">{error}</p>}
    {was && will && <table class="figures"><caption class="hidden">What the thresholds make of the test set</caption><thead><tr><th scope="col">{count(will.cases)} tests</th><th scope="col">Now</th><th scope="col">With these</th></tr></thead>
      <tbody>{rows.map(([key, name]) => <tr key={key}><th scope="row">{name}</th><td>{count(was[key])}</td><td>{count(will[key])}{will[key] !== was[key] && <span class={'change ' + ((key === 'right') === (will[key] > was[key]) && (key === 'right' || key === 'wrong') ? 'ok' : key === 'right' || key === 'wrong' ? 'bad' : 'muted')}> {will[key] > was[key] ? '+' : '−'}{count(Math.abs(will[key] - was[key]))}</span>}</td></tr>)}</tbody></table>}
  </>;
}

export function ThresholdPage() {
  const s = useStored('thresholds', shape), run = useRun();
  const effect = isAdmin.value && s.at && run !== undefined && <Part title="On the test set">
    {run ? <Outcome of={s} run={run} /> : <p class="muted">No tests have been run yet, so what other thresholds would do cannot be shown. <a href="#/tests">Add tests and run them</a></p>}</Part>;
  return <Frame of={s} label="Thresholds" beside={effect}><Slider name="answer" in={s} calibrated={run?.answer_from ?? .5} /><Slider name="offer" in={s} calibrated={run?.offer_from ?? .3} /></Frame>;
}
