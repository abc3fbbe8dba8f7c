-- +goose Up
-- The inbox by language: of one that few write, or nobody, a list would otherwise look
-- at every conversation there is. The index is of all of them, since of a partial one
-- Postgres does not use the statistics of its expression, and so would take every
-- language for a rare one.
CREATE INDEX conversations_language ON conversations (split_part(lower(locale), '-', 1), updated_at DESC, id DESC);

-- +goose Down
DROP INDEX conversations_language;
