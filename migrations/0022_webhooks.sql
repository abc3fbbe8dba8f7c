-- +goose Up
-- Programs elsewhere that are told what happens here. Their secrets are in no row: they
-- are derived from a key of the installation, the webhook's id and its rotation.
CREATE TABLE webhooks (
  id            uuid PRIMARY KEY,
  url           text NOT NULL CHECK (octet_length(url) BETWEEN 1 AND 2048),
  events        text[] NOT NULL,
  active        boolean NOT NULL DEFAULT true,
  rotation      integer NOT NULL DEFAULT 1,
  rotated_at    timestamptz,                 -- the secret before it counts for a day longer
  resume_at     timestamptz,                 -- it asked to be left alone until then
  failing_since timestamptz,                 -- of the first failure since it last took anything
  off_at        timestamptz,                 -- when it was switched off for failing
  off_for       text NOT NULL DEFAULT '' CHECK (off_for IN ('', 'failing', 'gone')),
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now()
);

-- One row for each event and webhook that wants it: what is to be delivered, and then
-- the log. No text of a message is in it; that is read from the message when it leaves,
-- and whatever tells of a conversation goes with the conversation.
CREATE TABLE webhook_deliveries (
  id              uuid PRIMARY KEY,
  -- No foreign key: it would have every message of a busy desk lock one row. Leftovers
  -- of a webhook that was deleted are swept.
  webhook_id      uuid NOT NULL,
  event_id        uuid NOT NULL,               -- the same for all webhooks and attempts
  kind            text NOT NULL,
  data            jsonb NOT NULL,
  conversation_id uuid REFERENCES conversations ON DELETE CASCADE,
  seq             bigint,                      -- of the message whose text goes along
  state           text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'failed')),
  attempts        integer NOT NULL DEFAULT 0,
  due_at          timestamptz NOT NULL DEFAULT now(), -- while an attempt is under way: when it counts for lost
  lease_token     uuid,
  until           timestamptz NOT NULL DEFAULT now() + interval '24 hours', -- no attempt begins later
  status          integer NOT NULL DEFAULT 0,  -- of the newest answer; 0: there was none
  took_ms         integer NOT NULL DEFAULT 0,
  error           text NOT NULL DEFAULT '',
  created_at      timestamptz NOT NULL DEFAULT now(),
  settled_at      timestamptz
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, due_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_log ON webhook_deliveries (webhook_id, created_at DESC, id DESC);
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (created_at);
CREATE INDEX webhook_deliveries_conversation ON webhook_deliveries (conversation_id) WHERE conversation_id IS NOT NULL;

-- webhook_emit stores an event for every webhook that wants its kind, in the caller's
-- transaction. data holds ids, kinds and numbers, never what a customer wrote.
-- +goose StatementBegin
CREATE FUNCTION webhook_emit(kind text, data jsonb, conversation uuid DEFAULT NULL, seq bigint DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  event uuid := gen_random_uuid();
BEGIN
  INSERT INTO webhook_deliveries (id, webhook_id, event_id, kind, data, conversation_id, seq)
  SELECT gen_random_uuid(), w.id, event, $1, $2, $3, $4 FROM webhooks w WHERE w.active AND $1 = ANY (w.events);
END $$;

-- webhook_wanted is what triggers ask before they put anything together.
CREATE FUNCTION webhook_wanted(kind text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM webhooks w WHERE w.active AND $1 = ANY (w.events));
END $$;

-- A table that never had a webhook has no page. That is asked before anything else, as an
-- expression that needs no plan: whoever uses none pays next to nothing for them.
CREATE FUNCTION webhook_of_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_relation_size('webhooks', 'main') = 0 THEN
    RETURN NULL;
  END IF;
  IF NEW.seq = 1 AND webhook_wanted('conversation.created') THEN
    PERFORM webhook_emit('conversation.created', jsonb_build_object('conversation', c.id, 'contact', c.contact_id, 'channel', c.channel), c.id)
    FROM conversations c WHERE c.id = NEW.conversation_id;
  END IF;
  IF NOT NEW.note AND webhook_wanted('message.created') THEN
    PERFORM webhook_emit('message.created', jsonb_build_object('conversation', c.id, 'contact', c.contact_id, 'channel', c.channel,
        'seq', NEW.seq, 'author', NEW.author, 'staff', NEW.staff_id, 'at', NEW.created_at), c.id, NEW.seq)
    FROM conversations c WHERE c.id = NEW.conversation_id;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION webhook_of_conversation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  about jsonb := jsonb_build_object('conversation', NEW.id, 'contact', NEW.contact_id, 'channel', NEW.channel);
BEGIN
  IF (NEW.assignee_id IS NOT NULL AND NEW.assignee_id IS DISTINCT FROM OLD.assignee_id
      OR NEW.team_id IS NOT NULL AND NEW.team_id IS DISTINCT FROM OLD.team_id) AND webhook_wanted('conversation.assigned') THEN
    PERFORM webhook_emit('conversation.assigned', about || jsonb_build_object('staff', NEW.assignee_id, 'team', NEW.team_id), NEW.id);
  END IF;
  IF OLD.status <> 'resolved' AND NEW.status = 'resolved' AND webhook_wanted('conversation.resolved') THEN
    PERFORM webhook_emit('conversation.resolved', about || jsonb_build_object('owner', NEW.owner, 'staff', NEW.staff_id), NEW.id);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION webhook_of_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF webhook_wanted('conversation.handoff') THEN
    PERFORM webhook_emit('conversation.handoff', jsonb_build_object('conversation', c.id, 'contact', c.contact_id, 'channel', c.channel,
        'from', NEW.from_owner, 'to', NEW.to_owner, 'reason', NEW.reason), c.id)
    FROM conversations c WHERE c.id = NEW.conversation_id;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION webhook_of_rating() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF webhook_wanted('conversation.rated') THEN
    PERFORM webhook_emit('conversation.rated', jsonb_build_object('conversation', c.id, 'contact', c.contact_id, 'channel', c.channel, 'score', CASE WHEN NEW.became ~ '^[0-9]{1,4}$' THEN NEW.became::int END), c.id)
    FROM conversations c WHERE c.id = NEW.conversation_id;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION webhook_of_thumb() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF webhook_wanted('conversation.rated') THEN
    PERFORM webhook_emit('conversation.rated', jsonb_build_object('conversation', c.id, 'contact', c.contact_id, 'channel', c.channel,
        'seq', NEW.seq, 'helpful', NEW.helpful), c.id)
    FROM conversations c WHERE c.id = NEW.conversation_id;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION webhook_of_gap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF webhook_wanted('gap.opened') THEN
    PERFORM webhook_emit('gap.opened', jsonb_build_object('gap', NEW.id, 'questions', NEW.questions, 'customers', NEW.customers));
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER webhook_message AFTER INSERT ON messages FOR EACH ROW EXECUTE FUNCTION webhook_of_message();
-- Whatever resolves a conversation takes it from its assignee; status is not among the
-- columns so that a customer's message, which sets it, need not be judged.
CREATE TRIGGER webhook_conversation AFTER UPDATE OF assignee_id, team_id ON conversations FOR EACH ROW
  WHEN (OLD.status <> 'resolved' AND NEW.status = 'resolved'
    OR NEW.assignee_id IS NOT NULL AND NEW.assignee_id IS DISTINCT FROM OLD.assignee_id
    OR NEW.team_id IS NOT NULL AND NEW.team_id IS DISTINCT FROM OLD.team_id)
  EXECUTE FUNCTION webhook_of_conversation();
CREATE TRIGGER webhook_owner AFTER INSERT ON ownership_events FOR EACH ROW
  WHEN (NEW.from_owner = 'bot' AND NEW.to_owner <> 'bot' OR NEW.from_owner <> 'queue' AND NEW.to_owner = 'queue')
  EXECUTE FUNCTION webhook_of_owner();
CREATE TRIGGER webhook_rating AFTER INSERT ON conversation_events FOR EACH ROW WHEN (NEW.kind = 'rating') EXECUTE FUNCTION webhook_of_rating();
CREATE TRIGGER webhook_thumb AFTER UPDATE OF helpful ON messages FOR EACH ROW
  WHEN (NEW.helpful IS NOT NULL AND OLD.helpful IS DISTINCT FROM NEW.helpful) EXECUTE FUNCTION webhook_of_thumb();
CREATE TRIGGER webhook_gap_made AFTER INSERT ON gaps FOR EACH ROW WHEN (NEW.state = 'open') EXECUTE FUNCTION webhook_of_gap();
CREATE TRIGGER webhook_gap_reopened AFTER UPDATE OF state ON gaps FOR EACH ROW
  WHEN (OLD.state IN ('closed', 'dismissed') AND NEW.state = 'open') EXECUTE FUNCTION webhook_of_gap();

-- What never reached a customer, for whoever looks after the server.
CREATE INDEX deliveries_failed ON deliveries (channel, due_at DESC) WHERE state = 'failed';

-- When what is too old is deleted next, and what retention looks for.
CREATE TABLE retention_worker (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  due_at    timestamptz NOT NULL DEFAULT now()
);
INSERT INTO retention_worker DEFAULT VALUES;
CREATE INDEX files_kept ON files (created_at) WHERE content IS NOT NULL OR picture IS NOT NULL;

-- +goose Down
DROP INDEX files_kept, deliveries_failed;
DROP TABLE retention_worker;
DROP TRIGGER webhook_gap_reopened ON gaps;
DROP TRIGGER webhook_gap_made ON gaps;
DROP TRIGGER webhook_thumb ON messages;
DROP TRIGGER webhook_rating ON conversation_events;
DROP TRIGGER webhook_owner ON ownership_events;
DROP TRIGGER webhook_conversation ON conversations;
DROP TRIGGER webhook_message ON messages;
DROP FUNCTION webhook_of_gap, webhook_of_thumb, webhook_of_rating, webhook_of_owner, webhook_of_conversation, webhook_of_message, webhook_wanted, webhook_emit;
DROP TABLE webhook_deliveries, webhooks;
