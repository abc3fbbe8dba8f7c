-- +goose Up
-- What people make of passages beside what was cut from the document. A hidden
-- passage has no lexemes, no vectors and no question_keys, so that no search has
-- to ask: it is not there to be found.
ALTER TABLE passages
    ADD COLUMN hidden         boolean NOT NULL DEFAULT false,
    ADD COLUMN version        int     NOT NULL DEFAULT 1,        -- raised by every such change; an editor names the one that was read
    ADD COLUMN original       text,                              -- the body as it was cut; null unless it was edited
    ADD COLUMN cut_digest     bytea,                             -- digest as it was cut; null unless it was edited
    ADD COLUMN edited_at      timestamptz,
    ADD COLUMN edited_by      text    NOT NULL DEFAULT '',
    ADD COLUMN edited_by_name text    NOT NULL DEFAULT '';

-- What a list of documents shows and is filtered by; written with the passages.
ALTER TABLE documents
    ADD COLUMN lang      text NOT NULL DEFAULT '',  -- of most of its passages
    ADD COLUMN review_by date;                      -- of its entries, the first
UPDATE documents d SET lang = coalesce(p.lang, ''), review_by = p.review_by
FROM (SELECT document_id, mode() WITHIN GROUP (ORDER BY nullif(lang, '')) AS lang, min(review_by) AS review_by FROM passages GROUP BY document_id) p
WHERE p.document_id = d.id;

-- Answers that cite a passage, as they are stored; counted and deleted in batches,
-- so that answers that cite the same document do not wait for each other.
CREATE TABLE citations (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id uuid        NOT NULL,
    entry_id    uuid,
    at          timestamptz NOT NULL
);

CREATE TABLE document_uses (
    document_id uuid PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
    hits        bigint      NOT NULL,
    last_used   timestamptz NOT NULL
);

CREATE TABLE entry_uses (
    entry_id    uuid PRIMARY KEY,
    document_id uuid        NOT NULL REFERENCES documents ON DELETE CASCADE,
    hits        bigint      NOT NULL,
    last_used   timestamptz NOT NULL
);
CREATE INDEX entry_uses_document ON entry_uses (document_id);

-- An answer counts once for a document or entry, however many passages of it it
-- cites. Ids that are none are passed over: nothing here may fail an answer.
-- +goose StatementBegin
CREATE FUNCTION messages_cite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO citations (document_id, entry_id, at)
    SELECT DISTINCT p.document_id, p.entry_id, NEW.created_at
    FROM jsonb_array_elements(NEW.sources) s
    JOIN passages p ON p.id = CASE WHEN s ->> 'passage' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN (s ->> 'passage')::uuid END;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER messages_cited AFTER INSERT ON messages FOR EACH ROW
    WHEN (NEW.author = 'bot' AND jsonb_typeof(NEW.sources) = 'array') EXECUTE FUNCTION messages_cite();

-- Entries as they were. Rows outlive their entry, so that a deleted one can come back.
CREATE TABLE entry_versions (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry_id      uuid        NOT NULL,
    document_id   uuid        NOT NULL,
    document_name text        NOT NULL,
    own           text        NOT NULL,               -- what its document calls the entry
    version       text        NOT NULL,
    kind          text        NOT NULL CHECK (kind IN ('before', 'edited', 'deleted', 'restored')),
    entry         jsonb       NOT NULL,               -- as it was after that; of a deleted one, before
    at            timestamptz NOT NULL DEFAULT now(),
    by_id         text        NOT NULL DEFAULT '',
    by_name       text        NOT NULL DEFAULT ''
);
CREATE INDEX entry_versions_entry ON entry_versions (entry_id, id DESC);
CREATE INDEX entry_versions_deleted ON entry_versions (id DESC) WHERE kind = 'deleted';

-- +goose Down
DROP TRIGGER messages_cited ON messages;
DROP FUNCTION messages_cite;
DROP TABLE entry_versions, entry_uses, document_uses, citations;
ALTER TABLE documents DROP COLUMN review_by, DROP COLUMN lang;
ALTER TABLE passages DROP COLUMN edited_by_name, DROP COLUMN edited_by, DROP COLUMN edited_at, DROP COLUMN cut_digest, DROP COLUMN original,
    DROP COLUMN version, DROP COLUMN hidden;
