-- +goose Up
-- Settings that people change while the servers run. Each has a version, so that of
-- two editors the second is told.
CREATE TABLE shared_settings (
  name       text PRIMARY KEY,
  value      jsonb NOT NULL,
  version    bigint NOT NULL DEFAULT 1,
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- One row for each episode of a conversation: when somebody has to look at it next,
-- and what reports say of it. Triggers keep it in the transaction that changes the
-- conversation, so that no way of changing one can miss it.
CREATE TABLE episodes (
  conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
  episode      integer NOT NULL,
  channel      text NOT NULL,
  started_at   timestamptz NOT NULL,
  bot_at       timestamptz,                    -- the bot's first answer
  staff_at     timestamptz,                    -- a person's first reply
  staff_id     uuid,                           -- whose that was
  handed_at    timestamptz,                    -- when the bot first gave it away
  handed_for   text NOT NULL DEFAULT '',       -- and why
  resolved_at  timestamptz,
  resolved_for text NOT NULL DEFAULT '',
  settled_at   timestamptz,                    -- of the last words before that
  reopened_at  timestamptz,                    -- when the customer came back, in the next episode
  helpful      boolean,                        -- the customer's newest thumb
  thanked      boolean NOT NULL DEFAULT false, -- the bot, in so many words
  rating       smallint CHECK (rating BETWEEN 1 AND 5),
  comment      text NOT NULL DEFAULT '',
  rated_at     timestamptz,                    -- when it was first rated
  due_at       timestamptz,                    -- null: nothing to look for
  wakes        bigint NOT NULL DEFAULT 1,      -- how often there was news
  reminded_at  timestamptz,                    -- of the customer's present wait
  escalated_at timestamptz,
  lease_token  uuid,
  lease_until  timestamptz,
  PRIMARY KEY (conversation_id, episode)
);
CREATE INDEX episodes_started ON episodes (started_at);
CREATE INDEX episodes_due ON episodes (due_at) WHERE due_at IS NOT NULL;

-- Each wait for a person: what the customer was told, and what came of it.
CREATE TABLE waits (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
  episode     integer NOT NULL,
  since       timestamptz NOT NULL,
  promised_at timestamptz,
  position    integer,
  typical_s   integer,                         -- null: no typical wait was named
  opens_at    timestamptz,                     -- when people were said to be back
  taken_at    timestamptz,
  ended_at    timestamptz,
  outcome     text CHECK (outcome IN ('replied', 'bot', 'resolved'))
);
CREATE UNIQUE INDEX waits_open ON waits (conversation_id) WHERE ended_at IS NULL;
CREATE INDEX waits_conversation ON waits (conversation_id);
CREATE INDEX waits_replied ON waits (ended_at) WHERE outcome = 'replied';
CREATE INDEX waits_since ON waits (since);

-- How far a customer has read.
CREATE TABLE seen_marks (
  conversation_id uuid PRIMARY KEY REFERENCES conversations ON DELETE CASCADE,
  seq             bigint NOT NULL
);

-- A member of staff's open event streams, on whatever replica; each is a sign of life.
CREATE TABLE staff_streams (
  id       uuid PRIMARY KEY,
  staff_id uuid NOT NULL REFERENCES staff_accounts ON DELETE CASCADE,
  seen_at  timestamptz NOT NULL
);
CREATE INDEX staff_streams_staff ON staff_streams (staff_id);

-- Whether somebody has a console open and is not away. A viewer answers nobody.
-- +goose StatementBegin
CREATE FUNCTION staff_is_here(id uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM staff_streams s JOIN staff_accounts a ON a.id = s.staff_id
    WHERE s.staff_id = $1 AND s.seen_at > now() - interval '40 seconds' AND a.disabled_at IS NULL AND a.role <> 'viewer'
    AND a.status <> 'away')
$$;
-- +goose StatementEnd

-- Locks are taken on the conversation first and the episode second.
-- +goose StatementBegin
CREATE FUNCTION episode_follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  fresh boolean := OLD.seq = 0 OR OLD.episode <> NEW.episode;
  ends  boolean := NEW.status = 'resolved';
BEGIN
  IF OLD.episode <> NEW.episode THEN
    UPDATE episodes SET reopened_at = now(), due_at = NULL WHERE conversation_id = NEW.id AND episode = OLD.episode;
  END IF;
  IF fresh THEN
    INSERT INTO episodes (conversation_id, episode, channel, started_at) VALUES (NEW.id, NEW.episode, NEW.channel, now())
    ON CONFLICT DO NOTHING;
  END IF;
  UPDATE episodes e SET
    handed_at = CASE WHEN fresh AND NEW.owner = 'staff' THEN now() ELSE e.handed_at END,
    handed_for = CASE WHEN fresh AND NEW.owner = 'staff' THEN 'reopened' ELSE e.handed_for END,
    resolved_at = CASE WHEN ends THEN coalesce(e.resolved_at, now()) END,
    settled_at = CASE WHEN ends THEN (
      SELECT m.created_at FROM messages m WHERE m.conversation_id = NEW.id AND NOT m.note AND m.author <> 'system' ORDER BY m.seq DESC LIMIT 1) END,
    reminded_at = CASE WHEN NEW.waiting_since IS NOT NULL THEN e.reminded_at END,
    escalated_at = CASE WHEN NEW.waiting_since IS NOT NULL THEN e.escalated_at END,
    -- What only the bot handles is looked at in an hour at the earliest: no setting is shorter.
    due_at = CASE WHEN NEW.status IN ('resolved', 'snoozed') THEN NULL
      WHEN NEW.owner = 'bot' THEN now() + interval '1 hour' ELSE now() END,
    wakes = e.wakes + 1
  WHERE e.conversation_id = NEW.id AND e.episode = NEW.episode;
  IF NEW.owner = 'queue' AND NOT ends THEN
    IF OLD.owner <> 'queue' OR OLD.status = 'resolved' THEN
      INSERT INTO waits (conversation_id, episode, since) VALUES (NEW.id, NEW.episode, coalesce(NEW.waiting_since, now()))
      ON CONFLICT (conversation_id) WHERE ended_at IS NULL DO UPDATE SET taken_at = NULL;
    END IF;
  ELSIF OLD.owner <> 'bot' THEN
    UPDATE waits w SET
      taken_at = CASE WHEN NEW.owner = 'staff' THEN coalesce(w.taken_at, now()) ELSE w.taken_at END,
      ended_at = CASE WHEN ends OR NEW.owner = 'bot' OR NEW.waiting_since IS NULL THEN now() END,
      outcome = CASE WHEN ends THEN 'resolved' WHEN NEW.owner = 'bot' THEN 'bot' WHEN NEW.waiting_since IS NULL THEN 'replied' END
    WHERE w.conversation_id = NEW.id AND w.ended_at IS NULL;
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER episode_follow AFTER UPDATE OF seq, owner, staff_id, status, episode, waiting_since ON conversations FOR EACH ROW
  WHEN (OLD.seq = 0 AND NEW.seq > 0 OR OLD.owner <> NEW.owner OR OLD.staff_id IS DISTINCT FROM NEW.staff_id OR OLD.episode <> NEW.episode
    OR OLD.waiting_since IS DISTINCT FROM NEW.waiting_since
    OR OLD.status <> NEW.status AND (OLD.status IN ('resolved', 'snoozed') OR NEW.status IN ('resolved', 'snoozed')))
  EXECUTE FUNCTION episode_follow();

-- +goose StatementBegin
CREATE FUNCTION episode_reason() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.from_owner = 'bot' AND NEW.to_owner <> 'bot' THEN
    UPDATE episodes e SET handed_at = now(), handed_for = NEW.reason FROM conversations c
    WHERE c.id = NEW.conversation_id AND e.conversation_id = c.id AND e.episode = c.episode AND e.handed_at IS NULL;
  ELSE
    UPDATE episodes e SET resolved_for = NEW.reason FROM conversations c
    WHERE c.id = NEW.conversation_id AND e.conversation_id = c.id AND e.episode = c.episode AND c.status = 'resolved';
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER episode_reason AFTER INSERT ON ownership_events FOR EACH ROW
  WHEN (NEW.from_owner = 'bot' AND NEW.to_owner <> 'bot' OR NEW.reason IN ('resolved', 'customer_silent'))
  EXECUTE FUNCTION episode_reason();

-- +goose StatementBegin
CREATE FUNCTION episode_answered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.author = 'bot' THEN
    UPDATE episodes SET bot_at = NEW.created_at
    WHERE conversation_id = NEW.conversation_id AND episode = NEW.episode AND bot_at IS NULL;
  ELSE
    UPDATE episodes SET staff_at = NEW.created_at, staff_id = NEW.staff_id
    WHERE conversation_id = NEW.conversation_id AND episode = NEW.episode AND staff_at IS NULL;
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER episode_answered AFTER INSERT ON messages FOR EACH ROW
  WHEN (NEW.author IN ('bot', 'staff') AND NOT NEW.note) EXECUTE FUNCTION episode_answered();

-- +goose StatementBegin
CREATE FUNCTION episode_thumb() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE episodes SET helpful = NEW.helpful WHERE conversation_id = NEW.conversation_id AND episode = NEW.episode;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER episode_thumb AFTER UPDATE OF helpful ON messages FOR EACH ROW
  WHEN (OLD.helpful IS DISTINCT FROM NEW.helpful) EXECUTE FUNCTION episode_thumb();

-- What there is already.
INSERT INTO episodes (conversation_id, episode, channel, started_at, bot_at, staff_at, staff_id, helpful)
SELECT m.conversation_id, m.episode, c.channel, min(m.created_at),
  min(m.created_at) FILTER (WHERE m.author = 'bot'),
  min(m.created_at) FILTER (WHERE m.author = 'staff' AND NOT m.note),
  (array_agg(m.staff_id ORDER BY m.seq) FILTER (WHERE m.author = 'staff' AND NOT m.note))[1],
  (array_agg(m.helpful ORDER BY m.seq DESC) FILTER (WHERE m.helpful IS NOT NULL))[1]
FROM messages m JOIN conversations c ON c.id = m.conversation_id
GROUP BY m.conversation_id, m.episode, c.channel;

UPDATE episodes e SET reopened_at = n.started_at
FROM episodes n WHERE n.conversation_id = e.conversation_id AND n.episode = e.episode + 1;

UPDATE episodes e SET handed_at = o.created_at, handed_for = o.reason
FROM (
  SELECT DISTINCT ON (e.conversation_id, e.episode) e.conversation_id, e.episode, o.created_at, o.reason
  FROM episodes e JOIN ownership_events o ON o.conversation_id = e.conversation_id AND o.from_owner = 'bot' AND o.to_owner <> 'bot'
    AND o.created_at >= e.started_at AND (e.reopened_at IS NULL OR o.created_at < e.reopened_at)
  ORDER BY e.conversation_id, e.episode, o.id
) o WHERE o.conversation_id = e.conversation_id AND o.episode = e.episode;

UPDATE episodes e SET resolved_at = o.created_at, resolved_for = o.reason, settled_at = (
  SELECT max(m.created_at) FROM messages m WHERE m.conversation_id = e.conversation_id AND m.episode = e.episode AND NOT m.note AND m.author <> 'system')
FROM (
  SELECT DISTINCT ON (e.conversation_id, e.episode) e.conversation_id, e.episode, o.created_at, o.reason
  FROM episodes e JOIN ownership_events o ON o.conversation_id = e.conversation_id AND o.reason = 'resolved'
    AND o.created_at >= e.started_at AND (e.reopened_at IS NULL OR o.created_at < e.reopened_at)
  JOIN conversations c ON c.id = e.conversation_id
  WHERE e.reopened_at IS NOT NULL OR c.status = 'resolved'
  ORDER BY e.conversation_id, e.episode, o.id DESC
) o WHERE o.conversation_id = e.conversation_id AND o.episode = e.episode;

-- Old ones come up over an hour, so that a large installation is not closed at one blow.
UPDATE episodes e SET due_at = now() + random() * interval '1 hour'
FROM conversations c WHERE c.id = e.conversation_id AND c.episode = e.episode AND c.status NOT IN ('resolved', 'snoozed');

INSERT INTO waits (conversation_id, episode, since)
SELECT id, episode, coalesce(waiting_since, updated_at) FROM conversations WHERE owner = 'queue' AND status <> 'resolved';

-- +goose Down
DROP TRIGGER episode_thumb ON messages;
DROP TRIGGER episode_answered ON messages;
DROP TRIGGER episode_reason ON ownership_events;
DROP TRIGGER episode_follow ON conversations;
DROP FUNCTION episode_thumb, episode_answered, episode_reason, episode_follow, staff_is_here;
DROP TABLE staff_streams, seen_marks, waits, episodes, shared_settings;
