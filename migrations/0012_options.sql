-- +goose Up
-- Short answers the customer can choose with one press: [{"text": …, "value": …}].
ALTER TABLE messages ADD COLUMN options jsonb;

-- What the newest context's earlier messages came to, up to summary_seq. It counts
-- only while summary_seq lies after context_seq: a clean context leaves it behind.
ALTER TABLE conversations
  ADD COLUMN summary     text   NOT NULL DEFAULT '',
  ADD COLUMN summary_seq bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE conversations DROP COLUMN summary, DROP COLUMN summary_seq;
ALTER TABLE messages DROP COLUMN options;
