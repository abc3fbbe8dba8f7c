-- +goose Up
-- Documents that were deleted and can still come back, with their passages and
-- vectors: twins of the tables they come from, column by column, so that rows are
-- moved whole. They are kept apart, and not marked, so that no query on documents or
-- passages has to ask which of them are deleted, and none can forget to. Whoever adds
-- a column to one of those tables adds it here.
CREATE TABLE deleted_documents (LIKE documents INCLUDING DEFAULTS, PRIMARY KEY (id));
CREATE TABLE deleted_passages (LIKE passages INCLUDING DEFAULTS, PRIMARY KEY (id),
    FOREIGN KEY (document_id) REFERENCES deleted_documents ON DELETE CASCADE);
CREATE INDEX deleted_passages_document ON deleted_passages (document_id);
CREATE TABLE deleted_embeddings (LIKE embeddings INCLUDING DEFAULTS, PRIMARY KEY (passage_id, model_id),
    FOREIGN KEY (passage_id) REFERENCES deleted_passages ON DELETE CASCADE,
    FOREIGN KEY (model_id) REFERENCES embedding_models ON DELETE CASCADE);

CREATE TABLE deletions (
    document_id uuid        PRIMARY KEY REFERENCES deleted_documents ON DELETE CASCADE,
    at          timestamptz NOT NULL DEFAULT now(),
    by_id       text        NOT NULL DEFAULT '',
    by_name     text        NOT NULL DEFAULT '',
    uses        jsonb,      -- its row of document_uses
    entry_uses  jsonb,      -- those of its entries
    gaps        uuid[]      -- that it answers
);
CREATE INDEX deletions_newest ON deletions (at DESC, document_id);

-- +goose Down
DROP TABLE deletions, deleted_embeddings, deleted_passages, deleted_documents;
