-- +goose Up
-- A desk is a place on a platform where staff answer: one Slack channel, one Telegram
-- group. The server writes here at its start which it has.
CREATE TABLE desks (
  channel text PRIMARY KEY
);

-- A conversation's thread on a desk, and how much of the conversation stands in it.
CREATE TABLE desk_threads (
  conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
  channel     text NOT NULL,
  account     text NOT NULL DEFAULT '',       -- workspace or bot
  chat        text NOT NULL DEFAULT '',       -- the platform's channel or group
  thread      text NOT NULL DEFAULT '',       -- the platform's id of the thread; empty: to be opened
  root        text NOT NULL DEFAULT '',       -- the message with the brief
  posted_seq  bigint NOT NULL,                -- the newest message that stands there
  failed_seq  bigint NOT NULL,                -- the newest failed delivery told there
  shown       text NOT NULL DEFAULT '',       -- what the brief says of owner and status
  wakes       bigint NOT NULL DEFAULT 1,      -- how often there was news
  due_at      timestamptz DEFAULT now(),      -- null: nothing to do
  attempts    integer NOT NULL DEFAULT 0,
  lease_token uuid,
  lease_until timestamptz,
  error       text NOT NULL DEFAULT '',
  PRIMARY KEY (conversation_id, channel)
);
CREATE INDEX desk_threads_due ON desk_threads (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX desk_threads_thread ON desk_threads (channel, account, chat, thread) WHERE thread <> '';

-- What staff wrote in such a thread, until it goes to the customer. The words are
-- taken out when it has: the log has them.
CREATE TABLE desk_sends (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key         uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(), -- names it outside
  conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
  channel     text NOT NULL,
  account     text NOT NULL,
  chat        text NOT NULL,
  external_id text NOT NULL,                  -- the platform's id of the message
  staff_id    uuid REFERENCES staff_accounts ON DELETE CASCADE, -- null only for what was taken back before it came
  body        text NOT NULL,
  state       text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sending', 'sent', 'undone', 'refused')),
  due_at      timestamptz NOT NULL,
  attempts    integer NOT NULL DEFAULT 0,
  lease_token uuid,
  lease_until timestamptz,
  notice      text NOT NULL DEFAULT '',       -- the message with the button that takes it back
  error       text NOT NULL DEFAULT '',
  created_at  timestamptz NOT NULL DEFAULT now(),
  UNIQUE (channel, account, external_id)
);
CREATE INDEX desk_sends_due ON desk_sends (due_at) WHERE state IN ('pending', 'sending');
CREATE INDEX desk_sends_conversation ON desk_sends (conversation_id, id);

-- Who on a platform is which member of staff. An empty account stands for every
-- workspace: a platform's ids of people are its own, whoever employs them.
CREATE TABLE staff_links (
  channel     text NOT NULL,
  account     text NOT NULL DEFAULT '',
  external_id text NOT NULL,
  account_id  uuid NOT NULL REFERENCES staff_accounts ON DELETE CASCADE,
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (channel, external_id, account)
);
CREATE INDEX staff_links_account ON staff_links (account_id);

-- Desks follow conversations from here, so that no way in which one changes hands
-- or grows can miss them, and nobody ever has to look through all conversations.
-- Locks are taken on the conversation first and the thread second, here and nowhere
-- else both.
-- +goose StatementBegin
CREATE FUNCTION desk_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.owner <> 'bot' AND NEW.status <> 'resolved' THEN
    INSERT INTO desk_threads (conversation_id, channel, posted_seq, failed_seq)
    SELECT NEW.id, d.channel, OLD.seq, OLD.seq FROM desks d
    ON CONFLICT (conversation_id, channel) DO NOTHING;
  END IF;
  UPDATE desk_threads t SET due_at = coalesce(t.due_at, now()), wakes = t.wakes + 1
  WHERE t.conversation_id = NEW.id AND EXISTS (SELECT FROM desks d WHERE d.channel = t.channel);
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER desk_follow AFTER UPDATE OF seq, owner, staff_id, status ON conversations FOR EACH ROW
  WHEN (OLD.seq <> NEW.seq OR OLD.owner <> NEW.owner OR OLD.status <> NEW.status OR OLD.staff_id IS DISTINCT FROM NEW.staff_id)
  EXECUTE FUNCTION desk_follow();

-- +goose StatementBegin
CREATE FUNCTION desk_failed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE desk_threads t SET due_at = coalesce(t.due_at, now()), wakes = t.wakes + 1
  WHERE t.conversation_id = NEW.conversation_id AND EXISTS (SELECT FROM desks d WHERE d.channel = t.channel);
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER desk_failed AFTER UPDATE OF state ON deliveries FOR EACH ROW
  WHEN (NEW.state = 'failed' AND OLD.state <> 'failed')
  EXECUTE FUNCTION desk_failed();

-- +goose Down
DROP TRIGGER desk_failed ON deliveries;
DROP TRIGGER desk_follow ON conversations;
DROP FUNCTION desk_failed, desk_follow;
DROP TABLE staff_links, desk_sends, desk_threads, desks;
