-- +goose Up
CREATE TABLE contacts (
  id          uuid PRIMARY KEY,
  name        text NOT NULL DEFAULT '',
  email       text NOT NULL DEFAULT '',       -- as given, unverified
  locale      text NOT NULL DEFAULT '',
  created_at  timestamptz NOT NULL DEFAULT now()
);

-- Who a contact is on a channel. The widget's visitors have none: their token
-- is all that ties them to a conversation, so nothing typed can claim another's.
CREATE TABLE identities (
  channel     text NOT NULL,
  account     text NOT NULL,
  external_id text NOT NULL,
  contact_id  uuid NOT NULL REFERENCES contacts ON DELETE CASCADE,
  PRIMARY KEY (channel, account, external_id)
);
CREATE INDEX identities_contact ON identities (contact_id);

CREATE TABLE conversations (
  id             uuid PRIMARY KEY,
  contact_id     uuid NOT NULL REFERENCES contacts ON DELETE CASCADE,
  channel        text NOT NULL,
  account        text NOT NULL,
  thread         text NOT NULL,
  locale         text NOT NULL DEFAULT '',
  context        jsonb NOT NULL DEFAULT '{}', -- what the page said about itself and the customer, unverified
  owner          text NOT NULL DEFAULT 'bot' CHECK (owner IN ('bot', 'queue', 'staff')),
  staff_id       uuid,
  staff_name     text NOT NULL DEFAULT '',
  status         text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'waiting', 'snoozed', 'resolved')),
  epoch          bigint NOT NULL DEFAULT 0,
  episode        integer NOT NULL DEFAULT 1,
  context_seq    bigint NOT NULL DEFAULT 0,   -- the bot's context starts after this message
  seq            bigint NOT NULL DEFAULT 0,   -- of the newest message
  answered_seq   bigint NOT NULL DEFAULT 0,   -- newest message a turn has dealt with
  misses         integer NOT NULL DEFAULT 0,  -- answers in a row that rested on nothing
  waiting_since  timestamptz,                 -- since when the customer waits for a person
  customer_at    timestamptz,                 -- of the customer's newest message
  turn_due_at    timestamptz,                 -- when the bot should answer; null: nothing to do
  burst_at       timestamptz,                 -- when that turn first became due
  turn_attempts  integer NOT NULL DEFAULT 0,  -- claims since the last finished turn
  lease_token    uuid,
  lease_until    timestamptz,
  lease_by       integer,                     -- the replica, where it holds its advisory lock
  created_at     timestamptz NOT NULL DEFAULT now(),
  updated_at     timestamptz NOT NULL DEFAULT now(),
  UNIQUE (channel, account, thread),
  CHECK ((owner = 'staff') = (staff_id IS NOT NULL))
);
CREATE INDEX conversations_contact ON conversations (contact_id);
CREATE INDEX conversations_due ON conversations (turn_due_at) WHERE turn_due_at IS NOT NULL;
CREATE INDEX conversations_queue ON conversations (waiting_since) WHERE owner = 'queue';
CREATE INDEX conversations_recent ON conversations (updated_at DESC, id DESC) WHERE seq > 0;

CREATE TABLE messages (
  conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
  seq             bigint NOT NULL,
  external_id     text,
  author          text NOT NULL CHECK (author IN ('customer', 'bot', 'staff', 'system')),
  staff_id        uuid,
  name            text NOT NULL DEFAULT '',
  body            text NOT NULL,
  note            boolean NOT NULL DEFAULT false,
  sources         jsonb,
  trace           jsonb,                       -- why the bot said this
  helpful         boolean,
  turn            uuid,
  episode         integer NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (conversation_id, seq)
);
-- A platform's repeat of an event always names the same thread, hence the same
-- conversation, so the id need only be unique there.
CREATE UNIQUE INDEX messages_external ON messages (conversation_id, external_id) WHERE external_id IS NOT NULL;

CREATE TABLE ownership_events (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
  from_owner      text NOT NULL,
  to_owner        text NOT NULL,
  reason          text NOT NULL,
  actor           text NOT NULL,               -- customer, bot or a staff member's id
  epoch           bigint NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ownership_events_conversation ON ownership_events (conversation_id, id);

-- Messages that leave through a channel's own API. The widget reads the log
-- itself and has no rows here.
CREATE TABLE deliveries (
  conversation_id uuid NOT NULL,
  seq             bigint NOT NULL,
  channel         text NOT NULL,
  account         text NOT NULL,
  state           text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'failed')),
  attempts        integer NOT NULL DEFAULT 0,
  due_at          timestamptz NOT NULL DEFAULT now(),
  lease_token     uuid,
  lease_until     timestamptz,
  external_id     text,                        -- the platform's id of what was sent
  error           text NOT NULL DEFAULT '',
  PRIMARY KEY (conversation_id, seq),
  FOREIGN KEY (conversation_id, seq) REFERENCES messages ON DELETE CASCADE
);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state = 'pending';

CREATE TABLE model_calls (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  conversation_id uuid REFERENCES conversations ON DELETE SET NULL,
  turn            uuid,
  purpose         text NOT NULL,
  model           text NOT NULL,
  outcome         text NOT NULL,               -- ok, discarded or the kind of error
  input_tokens    integer NOT NULL DEFAULT 0,
  cached_tokens   integer NOT NULL DEFAULT 0,
  output_tokens   integer NOT NULL DEFAULT 0,
  cost_micros     bigint NOT NULL DEFAULT 0,
  estimated       boolean NOT NULL DEFAULT false,
  duration_ms     integer NOT NULL DEFAULT 0,
  created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX model_calls_day ON model_calls (created_at);
CREATE INDEX model_calls_conversation ON model_calls (conversation_id);

-- Facts about this installation: keys it made for itself, what it has done once.
CREATE TABLE settings (
  name       text PRIMARY KEY,
  value      bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- +goose Down
DROP TABLE settings, model_calls, deliveries, ownership_events, messages, conversations, identities, contacts;
