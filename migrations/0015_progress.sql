-- +goose Up
-- How far a document is on its present stage: pages read, passages embedded.
-- A total of 0 says that it is not known.
ALTER TABLE documents
    ADD COLUMN stage_done  int NOT NULL DEFAULT 0,
    ADD COLUMN stage_total int NOT NULL DEFAULT 0;
CREATE INDEX documents_changed ON documents (updated_at);

-- A passage that the embedding model refuses: why. It is found by its words all the same.
ALTER TABLE passages ADD COLUMN embed_error text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE passages DROP COLUMN embed_error;
DROP INDEX documents_changed;
ALTER TABLE documents DROP COLUMN stage_total, DROP COLUMN stage_done;
