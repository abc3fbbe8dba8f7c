-- +goose Up
-- Without a list of what is pending. After a large file such a list held thousands of passages; every search read all of
-- it, and the planner, to whom it looked dearer than the table, read every passage instead until the next vacuum.
ALTER INDEX lexemes_dims SET (fastupdate = off);
ALTER INDEX passages_question_keys SET (fastupdate = off);
-- What is pending now does not go away by itself.
SELECT gin_clean_pending_list(c.oid) FROM pg_class c
WHERE c.oid IN ('lexemes_dims'::regclass, 'passages_question_keys'::regclass);

-- +goose Down
ALTER INDEX lexemes_dims RESET (fastupdate);
ALTER INDEX passages_question_keys RESET (fastupdate);
