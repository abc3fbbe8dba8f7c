// What the API says of tests and their runs.
export interface Test {
  id: string; question: string; history: { author: string; text: string }[]; expect: { documents: string[]; passages: string[]; answer?: string; answerable: boolean };
  documents: { id: string; name: string; gone: boolean }[]; origin: string; created_at: string; version: number; last?: Last;
}
export interface Last extends Was { run: string; gone: boolean }

export interface TestRun {
  id: string; at: string; trigger: string; state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled'; finished_at?: string; cases: number; done: number; passed: number;
  ndcg5: number | null; recall5: number | null; mrr: number | null; auroc: number | null; cost_usd: number; error?: string;
}
export interface Was { rank: number; passed: boolean; confidence: number; decision: string }
export interface Result extends Was { test: string; question: string; answerable: boolean; verbatim: boolean; answer_held: boolean | null; gone: boolean; was?: Was }
export interface RunDetail extends TestRun { answer_from: number; offer_from: number; results: Result[] }

export interface Report { dry_run: boolean; name: string; totals: { new: number; changed: number; same: number; invalid: number }; rows: { row: number; question: string; verdict: string; why?: string }[] }

export const triggers: Record<string, string> = { manual: 'by hand', knowledge: 'after a change of the knowledge', settings: 'after a change of the settings' };
export const origins: Record<string, string> = { manual: 'by hand', ask: 'from Ask', conversation: 'from a conversation', import: 'imported' };
const does: Record<string, string> = { answer: 'answers', offer: 'answers and offers a person', unknown: 'does not know', clarify: 'asks back', chat: 'chats', person: 'hands over' };
/** How a test went, in words. */
export function went(w: Was, answerable: boolean): string {
  const found = answerable ? (w.rank ? `Found at ${w.rank}, the` : 'Not found, the') : 'The';
  return `${found} bot ${does[w.decision] || w.decision} · confidence ${Math.round(w.confidence * 100)} %`;
}
export const underWay = (r?: TestRun): boolean => r?.state === 'queued' || r?.state === 'running';
