// How what is spent is written.
export const purposes: Record<string, string> = {
  answer: 'Answers', rewrite: 'Rewriting questions', summary: 'Briefs at handovers', summarize: 'Summaries', embed_query: 'Searching by meaning', embed: 'Indexing documents',
  rerank: 'Judging passages', transcribe: 'Voice to text', suggest: 'Suggested replies', translate: 'Translations', gap_draft: 'Drafts of answers', replay: 'Replayed dialogues',
  test: 'Trying out models', ask: 'Questions by staff',
};
export const purposeName = (p: string): string => purposes[p] || p.replaceAll('_', ' ') || 'Other';

const outcomes: Record<string, string> = {
  ok: 'Answered', discarded: 'Answer not used', rate_limited: 'Too many requests', unavailable: 'Provider not available', timeout: 'Took too long', cut: 'Broke off', auth: 'Key refused',
  quota: 'Quota used up', gone: 'Model is gone', bad_request: 'Not accepted', content_filter: 'Held back by the provider', no_vision: 'Takes no pictures', canceled: 'Stopped', cancelled: 'Stopped',
};
export const outcomeName = (o: string): string => outcomes[o] || o.replaceAll('_', ' ');

/** An amount in dollars, as exactly as it matters. */
export function money(usd: number): string {
  return '$' + usd.toFixed(usd === 0 || usd >= 1 ? 2 : usd >= 0.01 ? 4 : 6);
}

export const took = (ms: number): string => (ms < 1000 ? Math.round(ms) + ' ms' : (ms / 1000).toFixed(ms < 10_000 ? 1 : 0) + ' s');
export const percent = (share: number): string => (share * 100).toFixed(share > 0 && share < 0.0995 ? 1 : 0) + ' %';
