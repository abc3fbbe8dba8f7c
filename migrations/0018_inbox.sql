-- +goose Up
-- What staff sort conversations by. The columns stay null or 0 for what only the bot
-- handles, so that their partial indexes cost a customer's message nothing.
ALTER TABLE conversations
  ADD COLUMN priority      smallint NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 3),
  ADD COLUMN assignee_id   uuid,              -- who is to take it; who speaks is owner
  ADD COLUMN team_id       uuid,
  ADD COLUMN snoozed_until timestamptz,       -- means something only while status is snoozed
  ADD COLUMN blocked       boolean NOT NULL DEFAULT false; -- as its contact is

-- One index serves the lists by status; a page of several is merged from it.
CREATE INDEX conversations_inbox ON conversations (status, updated_at DESC, id DESC) WHERE seq > 0;
CREATE INDEX conversations_staff ON conversations (staff_id, status, updated_at DESC) WHERE owner = 'staff';
CREATE INDEX conversations_assignee ON conversations (assignee_id, status) WHERE assignee_id IS NOT NULL;
CREATE INDEX conversations_team ON conversations (team_id, status) WHERE team_id IS NOT NULL;
CREATE INDEX conversations_priority ON conversations (priority, updated_at DESC) WHERE priority > 0;
CREATE INDEX conversations_snoozed ON conversations (snoozed_until) WHERE status = 'snoozed';

ALTER TABLE contacts
  ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}',  -- text by name, as staff set them
  ADD COLUMN blocked    boolean NOT NULL DEFAULT false;

-- Why somebody changed the owner or the status, in their own words.
ALTER TABLE ownership_events ADD COLUMN detail text NOT NULL DEFAULT '';

CREATE TABLE labels (
  id    uuid PRIMARY KEY,
  name  text NOT NULL,
  color text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX labels_name ON labels (lower(name));

CREATE TABLE conversation_labels (
  conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
  label_id        uuid NOT NULL REFERENCES labels ON DELETE CASCADE,
  PRIMARY KEY (conversation_id, label_id)
);
CREATE INDEX conversation_labels_label ON conversation_labels (label_id, conversation_id);

CREATE TABLE teams (
  id   uuid PRIMARY KEY,
  name text NOT NULL
);
CREATE UNIQUE INDEX teams_name ON teams (lower(name));
ALTER TABLE conversations ADD CONSTRAINT conversations_team_id FOREIGN KEY (team_id) REFERENCES teams ON DELETE SET NULL;

CREATE TABLE team_members (
  team_id  uuid NOT NULL REFERENCES teams ON DELETE CASCADE,
  staff_id uuid NOT NULL REFERENCES staff_accounts ON DELETE CASCADE,
  PRIMARY KEY (team_id, staff_id)
);
CREATE INDEX team_members_staff ON team_members (staff_id);

-- When somebody was last given a conversation: of two equally busy the one who has
-- waited longest is next.
CREATE TABLE staff_rounds (
  staff_id    uuid PRIMARY KEY REFERENCES staff_accounts ON DELETE CASCADE,
  assigned_at timestamptz NOT NULL
);

CREATE TABLE canned_replies (
  id       uuid PRIMARY KEY,
  shortcut text NOT NULL,
  body     text NOT NULL
);
CREATE UNIQUE INDEX canned_replies_shortcut ON canned_replies (lower(shortcut));

-- How far somebody has read. A token reads too, so that the id is of either.
CREATE TABLE read_marks (
  conversation_id uuid   NOT NULL REFERENCES conversations ON DELETE CASCADE,
  staff_id        uuid   NOT NULL,
  seq             bigint NOT NULL,
  PRIMARY KEY (conversation_id, staff_id)
);

CREATE TABLE staff_preferences (
  staff_id uuid PRIMARY KEY,
  body     jsonb NOT NULL
);

-- Everything staff change beside the owner, which ownership_events has.
CREATE TABLE conversation_events (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
  kind            text NOT NULL CHECK (kind IN ('label', 'priority', 'assign', 'snooze', 'status', 'rating', 'contact')),
  was             text NOT NULL DEFAULT '',
  became          text NOT NULL DEFAULT '',
  reason          text NOT NULL DEFAULT '',
  actor           text NOT NULL,               -- customer, bot, system or a staff member's id
  actor_name      text NOT NULL DEFAULT '',
  created_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX conversation_events_conversation ON conversation_events (conversation_id, id);

-- A customer's message ends a snooze in the statement that stores it.
-- +goose StatementBegin
CREATE FUNCTION snooze_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO conversation_events (conversation_id, kind, was, reason, actor)
  VALUES (NEW.id, 'snooze', to_char(OLD.snoozed_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'customer_wrote', 'customer');
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER snooze_ended AFTER UPDATE OF status ON conversations FOR EACH ROW
  WHEN (OLD.status = 'snoozed' AND NEW.status = 'open' AND OLD.customer_at IS DISTINCT FROM NEW.customer_at)
  EXECUTE FUNCTION snooze_ended();

-- What the search looks at: the words of a message, folded by the program. Rows are
-- made in the background, a moment after their message, and go with it.
CREATE TABLE message_terms (
  conversation_id uuid     NOT NULL,
  seq             bigint   NOT NULL,
  terms           tsvector NOT NULL,
  PRIMARY KEY (conversation_id, seq),
  FOREIGN KEY (conversation_id, seq) REFERENCES messages ON DELETE CASCADE
);
CREATE INDEX message_terms_terms ON message_terms USING gin (terms);

CREATE TABLE contact_terms (
  contact_id uuid PRIMARY KEY REFERENCES contacts ON DELETE CASCADE,
  terms      tsvector NOT NULL
);
CREATE INDEX contact_terms_terms ON contact_terms USING gin (terms);

-- Contacts whose name or address has changed since they were looked at.
CREATE TABLE contact_changes (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  contact_id uuid NOT NULL
);
-- +goose StatementBegin
CREATE FUNCTION contact_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO contact_changes (contact_id) VALUES (NEW.id);
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER contact_made AFTER INSERT ON contacts FOR EACH ROW
  WHEN (NEW.name <> '' OR NEW.email <> '') EXECUTE FUNCTION contact_changed();
CREATE TRIGGER contact_renamed AFTER UPDATE OF name, email ON contacts FOR EACH ROW
  WHEN (OLD.name <> NEW.name OR OLD.email <> NEW.email) EXECUTE FUNCTION contact_changed();
INSERT INTO contact_changes (contact_id) SELECT id FROM contacts WHERE name <> '' OR email <> '';

CREATE TABLE search_worker (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  cursor_at timestamptz NOT NULL DEFAULT '1970-01-01' -- conversations that changed before it have been looked at
);
INSERT INTO search_worker DEFAULT VALUES;

-- Two contacts that turned out to be one person: the old id still finds them.
CREATE TABLE contact_merges (
  from_id   uuid PRIMARY KEY,
  into_id   uuid NOT NULL REFERENCES contacts ON DELETE CASCADE,
  actor     text NOT NULL,
  merged_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX contact_merges_into ON contact_merges (into_id);

-- That somebody was erased: how much, when and by whom, and nothing of them but the
-- id that was theirs here.
CREATE TABLE erasures (
  contact_id uuid PRIMARY KEY,
  erased     jsonb NOT NULL,                   -- rows by table
  receipt    text NOT NULL,                    -- SHA-256 of what the answer says it is of
  actor      text NOT NULL,
  actor_name text NOT NULL,
  erased_at  timestamptz NOT NULL
);

-- +goose Down
DROP TABLE erasures, contact_merges, search_worker;
DROP TRIGGER contact_renamed ON contacts;
DROP TRIGGER contact_made ON contacts;
DROP FUNCTION contact_changed;
DROP TABLE contact_changes, contact_terms, message_terms;
DROP TRIGGER snooze_ended ON conversations;
DROP FUNCTION snooze_ended;
DROP TABLE conversation_events, staff_preferences, read_marks, canned_replies, staff_rounds, team_members;
ALTER TABLE conversations DROP COLUMN priority, DROP COLUMN assignee_id, DROP COLUMN team_id, DROP COLUMN snoozed_until, DROP COLUMN blocked;
DROP TABLE teams, conversation_labels, labels;
ALTER TABLE ownership_events DROP COLUMN detail;
ALTER TABLE contacts DROP COLUMN attributes, DROP COLUMN blocked;
DROP INDEX conversations_inbox, conversations_staff;
