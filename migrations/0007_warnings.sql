-- +goose Up
-- What in a document's text looked made to mislead a model, or was left out, in
-- words for an admin; written with the passages it is about.
ALTER TABLE documents ADD COLUMN warnings text[] NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE documents DROP COLUMN warnings;
