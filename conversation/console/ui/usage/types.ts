// What the API says of what models cost.
export interface Sum {
  calls: number; failed: number; errors: Record<string, number>; unpriced: number; input_tokens: number; cached_tokens: number; output_tokens: number; cost_usd: number; p50_ms: number; p95_ms: number;
}
export interface UsageRow extends Sum { day?: string; model?: string; purpose?: string; channel?: string; outcome?: string }
export interface Totals extends Sum { conversations: number; resolved: number; cost_per_conversation_usd: number | null; cost_per_resolved_usd: number | null; cached_share: number }
export interface Usage { from: string; to: string; rows: UsageRow[]; totals: Totals }

export interface Budget {
  day: { spent_usd: number; reserved_usd: number; limit_usd: number | null; level: 'ok' | 'warn' | 'spent'; resets_at: string };
  conversation_limit_usd: number | null; visitor_limit_usd: number | null;
}
export interface Model {
  name: string; tasks: string[]; known: boolean; input: number; cached: number; output: number; overridden: boolean; context: number; shutdown?: string; days_left?: number; successor?: string;
}
export interface BookedCall {
  at: string; purpose: string; model: string; outcome: string; input_tokens: number; cached_tokens: number; output_tokens: number; cost_usd: number; known: boolean; estimated: boolean; took_ms: number;
}
