-- +goose Up
-- Who was named in a private note. It is read with the conversation, or by itself.
CREATE TABLE mentions (
  conversation_id uuid        NOT NULL,
  seq             bigint      NOT NULL,
  staff_id        uuid        NOT NULL REFERENCES staff_accounts ON DELETE CASCADE,
  created_at      timestamptz NOT NULL DEFAULT now(),
  read_at         timestamptz,
  PRIMARY KEY (conversation_id, seq, staff_id),
  FOREIGN KEY (conversation_id, seq) REFERENCES messages ON DELETE CASCADE
);
CREATE INDEX mentions_staff ON mentions (staff_id, created_at DESC);
CREATE INDEX mentions_unread ON mentions (staff_id, conversation_id) WHERE read_at IS NULL;

-- +goose Down
DROP TABLE mentions;
