// What POST /ask takes and streams.
import type { Hit, Source } from '../types';

export interface Said { author: 'customer' | 'bot' | 'staff'; text: string }
export interface Tokens { total?: number; answer?: number; passages?: number; images?: number }

export interface Question {
  question: string; history?: Said[]; model?: string; instructions?: string; thresholds?: { answer: number; offer: number }; tokens?: Tokens;
}

export interface AskHit extends Hit { document_id: string; fate: 'sent' | 'cut'; why: string }
export interface AskFound { query: string; confidence: number; answer_from: number; maybe_from: number; calibration: string; reranker?: string; passages: AskHit[] }

export interface Prompt {
  messages: { role: string; text: string }[]; tools: { name: string; description: string; parameters: unknown }[]; max_tokens: number; tokens: Record<string, number>;
}

export interface Answer {
  kind: string; decision: string; text: string; sources: Source[]; options?: string[]; reason?: string; query: string; rewritten: boolean; confidence: number;
  model?: string; failure?: string; calls: number; usage: { input_tokens: number; cached_tokens: number; output_tokens: number }; cost_usd: number; took_ms: number; first_ms: number | null;
}

/** One way to answer, as it is filled in; an empty field is as it is set. */
export interface Setting { model: string; instructions: string | null; answer: string; offer: string; total: string; reply: string; passages: string; images: string }

/** What has been heard of an answer so far. */
export interface Run { busy: boolean; text: string; found?: AskFound; prompt?: Prompt; answer?: Answer; error?: string; again?: boolean; stopped?: boolean }
