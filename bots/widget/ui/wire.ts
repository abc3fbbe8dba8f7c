// What travels between the browser and the server.

export type Author = 'customer' | 'bot' | 'staff' | 'system';

export interface Source {
  n: number;
  title: string;
  heading?: string;
  page?: number;
  url?: string;
  excerpt?: string;
}

export interface Attachment {
  id: string;
  kind: 'image' | 'voice' | 'video' | 'document';
  name: string;
  media_type: string;
  bytes: number;
  state: 'pending' | 'ready' | 'refused' | 'failed';
  reason?: string;
  seconds?: number;
  text?: string; // what was said in a recording
}

export interface Message {
  seq: number;
  author: Author;
  text: string;
  name?: string;
  id?: string; // the customer's own, as posted
  turn?: string;
  sources?: Source[];
  options?: { text: string }[];
  helpful?: boolean;
  attachments?: Attachment[];
  at?: string;
}

export interface State {
  owner: 'bot' | 'queue' | 'staff';
  status: string;
  name?: string;
  position?: number;
  seq: number;
  open: boolean; // by the business hours
  opens_at?: string;
  typical_wait_s?: number;
  away?: boolean; // nobody is there to answer
  ask_email?: boolean;
  staff_seen_seq?: number; // how far somebody of ours has read; absent: as told before
}

export interface Session {
  token: string;
  conversation: string;
  issued: number; // by this browser's clock, in ms
}

export interface Profile {
  identity?: { name?: string; email?: string };
  context?: Record<string, string>;
}
