// What the API sends about the knowledge.
import type { Doc, Gap, Person } from '../types';

export interface Ref { id: string; name: string }

export interface ShelfDoc extends Doc {
  lang?: string; review_by?: string; stale?: boolean; site?: string; hits?: number; last_used?: string;
}

export interface DeletedDoc extends Doc { deleted_at: string; deleted_by?: Person; until: string }

export interface Passage {
  id: string; document: string; ordinal: number; title?: string; heading?: string; page?: number; text: string; lang?: string; tokens: number;
  entry?: string; version: number; hidden: boolean; original?: string; edited_at?: string; edited_by?: Person; error?: string;
}

export interface EntryText {
  question: string; answer: string; alternatives: string[]; lang?: string; verbatim?: boolean; url?: string; owner?: string; review_by?: string;
}

export interface Entry extends EntryText {
  id: string; version: string; stale: boolean; document: Ref | null; status: string; hits?: number; last_used?: string;
}

export interface Version { id: number; version: string; kind: 'before' | 'edited' | 'deleted' | 'restored'; at: string; by?: Person; entry: Entry; document: Ref | null }

export interface Conflict { id: string; kind: 'duplicate' | 'contradiction'; why: string; similarity: number; entries: [Entry, Entry]; found_at: string }

export interface Site {
  id: string; url: string; kind: string; prefix?: string; max_depth: number; max_pages: number; every_hours: number;
  status: 'queued' | 'crawling' | 'ready' | 'failed'; error?: string; limited: boolean; found: number; fetched: number; changed: number; deleted: number;
  failed: number; documents: number; waiting: number; passages: number; bytes: number; created_at: string; started_at?: string; finished_at?: string; due_at: string;
}

export interface SitePage { url: string; state: string; error?: string; document?: string; depth: number; failures: number; last_seen?: string }

export interface Near { kind: string; why: string; similarity: number; row?: number; question: string; document?: Ref }

export interface Report {
  dry_run: boolean; name: string; document: Ref | null; replaces: Ref | null; removed: number; not_compared?: number;
  totals: { new: number; changed: number; same: number; conflict: number; invalid: number };
  rows: { row: number; question: string; verdict: string; why?: string; changes?: string[]; document?: Ref; near?: Near[] }[];
}

export interface Decision {
  decision: 'verbatim' | 'answer' | 'offer' | 'unknown'; confidence: number;
  top: { document: string; title: string; heading?: string; page?: number; text: string; exact: boolean } | null;
}

export interface Outlook {
  questions: number; same: number; now: Record<string, number>; then: Record<string, number>;
  changed: { conversation: string; seq: number; question: string; now: Decision; then: Decision }[];
}

export interface Group extends Gap {
  state_at: string; lang?: string; conversations: number; score: number; first_at: string; languages: string[]; draft?: EntryText; document?: string;
}

export interface GapQuestion {
  conversation: string; seq: number; text: string; query?: string; channel: string; lang?: string; reason: string; confidence: number; at: string; answered?: boolean;
}

export interface GroupDetail extends Group { asked: GapQuestion[] }
