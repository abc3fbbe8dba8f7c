// What the API under /api/v1 sends. Members marked "?" may be missing: an older
// server does not know them, or there is nothing to say.

export type Owner = 'bot' | 'queue' | 'staff';
export type Status = 'open' | 'waiting' | 'snoozed' | 'resolved';
export type Author = 'customer' | 'bot' | 'staff' | 'system';
export type Role = 'viewer' | 'agent' | 'admin';

export interface Person { id: string; name: string }

export interface Me {
  id: string; name: string; email?: string; role: Role; token: boolean;
  totp?: boolean; status?: 'online' | 'away';
}

export interface State {
  conversation: string; owner: Owner; status: Status; staff?: Person; epoch: number; episode: number; seq: number;
  locale?: string; waiting_since?: string; position?: number;
  open?: boolean; opens_at?: string; typical_wait_s?: number; staff_online?: number; seen_seq?: number;
}

export interface Row extends State {
  id: string; channel: string; contact?: string; email?: string; preview: string; preview_author?: Author;
  created_at: string; updated_at: string; customer_at?: string;
  contact_id?: string; labels?: string[]; priority?: number; assignee?: Person; team?: Person; unread?: number;
  snoozed_until?: string; lang?: string; rating?: number; comment?: string; reason?: string; asks?: string; match?: { seq: number; excerpt: string };
  draft?: { turn: string; text: string };
}

export interface Source { n: number; title: string; heading?: string; page?: number; url?: string; excerpt?: string; passage: string }

export interface TracedHit {
  passage: string; title: string; lexical_rank: number; dense_rank: number; lexical_score: number; dense_score: number;
  rerank_rank?: number; rerank_score?: number; score: number; sent: boolean; cited: boolean; fate: string;
}

export interface Why {
  kind: string; decision?: string; query?: string; rewritten?: boolean; chosen?: boolean; confidence: number;
  thresholds?: { answer: number; maybe: number }; passages?: TracedHit[]; model?: string; error?: string;
  tokens?: Record<string, number>; usage?: Record<string, number | boolean>; cost_micros: number; summary?: string;
  flagged?: string; calibration?: string; reranker?: string;
}

export interface Attachment {
  id: string; kind: 'image' | 'voice' | 'video' | 'document'; name: string; media_type: string; bytes: number;
  state: 'pending' | 'ready' | 'refused' | 'failed'; reason?: string; seconds?: number; text?: string; url: string;
}

export interface Delivery { state: 'pending' | 'sent' | 'seen' | 'failed'; error?: string; attempts: number }

export interface Message {
  conversation: string; seq: number; external_id?: string; author: Author; staff?: Person; name?: string; text: string;
  note: boolean; sources?: Source[]; options?: { text: string }[]; helpful?: boolean; turn?: string; episode: number;
  at: string; why?: Why; attachments?: Attachment[]; delivery?: Delivery;
}

export interface Change { at: string; kind: string; from?: string; to?: string; reason?: string; comment?: string; actor?: { id?: string; name?: string } }

export interface Contact {
  id: string; name: string; email: string; phone?: string; locale: string; blocked: boolean;
  attributes: Record<string, unknown>; identities: { channel: string; account: string; external_id: string }[];
  page?: { url: string; title: string }; conversations: Row[];
}

export interface Colleague extends Person { email: string; role: Role; disabled: boolean; online: boolean; status: string; open: number }
export interface Canned { id: string; shortcut: string; text: string }
export interface Label { id: string; name: string; color: string }
export interface Looking { id: string; name: string; typing: 'none' | 'reply' | 'note' }

export interface Counts {
  queue: number; mine: number; bot: number; open: number; snoozed: number; resolved: number; dropped: number; unread?: number;
}

export interface Doc {
  id: string; name: string; url?: string; media_type: string; status: string; error?: string;
  progress?: { done: number; total: number }; passages: number; warnings: string[]; bytes: number; created_at: string; updated_at: string;
}

export interface Gap {
  id: string; state: string; question: string; questions: number; customers: number; last_at: string; channels: string[]; reasons: string[];
  outcome?: string;
}

export interface Hit {
  id: string; document: string; title: string; heading?: string; page?: number; text: string; score: number; exact: boolean;
  lexical_rank: number | null; lexical_score: number | null; dense_rank: number | null; dense_score: number | null;
  rerank_rank: number | null; rerank_score: number | null;
}

export interface Found { query: string; confidence: number; answer_from: number; maybe_from: number; passages: Hit[] }
