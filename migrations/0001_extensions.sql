-- +goose Up
-- Into public by name: a scratch schema that comes first in the search path must not become the extensions' home. Where
-- they exist already nothing is asked of the role; where not, pgvector needs a superuser (or a managed service's grant).
CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

-- +goose Down
DROP EXTENSION IF EXISTS pg_trgm;
DROP EXTENSION IF EXISTS vector;
