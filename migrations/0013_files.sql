-- +goose Up
-- What customers send besides text. A row is made with its message, or before it
-- by an upload; content comes later where a platform has only named the file.
CREATE TABLE files (
  id              uuid PRIMARY KEY,
  conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
  seq             bigint,                     -- of its message; null: uploaded and not sent yet
  ord             smallint NOT NULL DEFAULT 0, -- within the message
  channel         text NOT NULL DEFAULT '',   -- who fetches it, where it was only named
  account         text NOT NULL DEFAULT '',
  remote          text NOT NULL DEFAULT '',
  kind            text NOT NULL CHECK (kind IN ('image', 'voice', 'video', 'document')),
  name            text NOT NULL DEFAULT '',
  media_type      text NOT NULL DEFAULT '',   -- by its bytes, once they are here
  bytes           bigint NOT NULL DEFAULT 0,
  content         bytea,
  picture         bytea,                      -- what a model is shown of it
  sha256          bytea,                      -- of content as it came
  body            text NOT NULL DEFAULT '',   -- what was said in it, or its text
  state           text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'ready', 'refused', 'failed')),
  reason          text NOT NULL DEFAULT '',
  width           integer NOT NULL DEFAULT 0, -- of picture
  height          integer NOT NULL DEFAULT 0,
  duration_ms     integer NOT NULL DEFAULT 0,
  created_at      timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (conversation_id, seq) REFERENCES messages ON DELETE CASCADE
);
-- Pictures and sound are compressed already.
ALTER TABLE files ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE files ALTER COLUMN picture SET STORAGE EXTERNAL;
CREATE INDEX files_message ON files (conversation_id, seq);
CREATE INDEX files_unsent ON files (created_at) WHERE seq IS NULL;

-- +goose Down
DROP TABLE files;
