-- +goose Up
-- A customer's file that no turn will look into, because staff took over first or the
-- process died, is looked into all the same, by whichever replica comes upon it here.
ALTER TABLE files
  ADD COLUMN reading_until timestamptz NOT NULL DEFAULT now(), -- left alone until then: somebody is at it, or it is too soon to try again
  ADD COLUMN reading_token uuid,                               -- of whoever is at it without a turn; null: a turn, or nobody
  ADD COLUMN reading_attempts smallint NOT NULL DEFAULT 0;     -- without a turn

-- What was left in conversations that are closed nobody waits for, and reading is paid for.
UPDATE files f SET reading_until = 'infinity' FROM conversations c
WHERE c.id = f.conversation_id AND c.status = 'resolved' AND f.state = 'pending' AND f.seq IS NOT NULL;

CREATE INDEX files_unread ON files (reading_until) WHERE state = 'pending' AND seq IS NOT NULL;

-- +goose Down
DROP INDEX files_unread;
ALTER TABLE files DROP COLUMN reading_until, DROP COLUMN reading_token, DROP COLUMN reading_attempts;
