-- +goose Up
-- Batches of passages that the provider embeds within a day at half the price. One is
-- under way until ended_at is set.
CREATE TABLE embedding_batches (
    id          uuid PRIMARY KEY,               -- also its name at the provider, by which it is found should its id be lost
    model_id    smallint    NOT NULL REFERENCES embedding_models ON DELETE CASCADE,
    provider_id text        NOT NULL DEFAULT '', -- the provider's own; empty until it is known
    sent_at     timestamptz,                    -- when it was last begun to be sent
    texts       int         NOT NULL,
    embedded    int         NOT NULL DEFAULT 0,
    failed      int         NOT NULL DEFAULT 0,
    tokens      bigint      NOT NULL DEFAULT 0,
    cost_micros bigint      NOT NULL DEFAULT 0, -- millionths of a US dollar
    outcome     text        NOT NULL DEFAULT '',
    reason      text        NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz
);
CREATE INDEX embedding_batches_under_way ON embedding_batches (created_at) WHERE ended_at IS NULL;

-- Passages that wait for a batch and are not embedded directly meanwhile. A vector is
-- taken only for the text that was sent: a passage of another digest is not it. What a
-- batch did not bring is released, embedded directly, and not put into another.
CREATE TABLE embedding_claims (
    model_id   smallint NOT NULL REFERENCES embedding_models ON DELETE CASCADE,
    passage_id uuid     NOT NULL REFERENCES passages ON DELETE CASCADE,
    batch_id   uuid     NOT NULL REFERENCES embedding_batches ON DELETE CASCADE,
    digest     bytea    NOT NULL,
    released   boolean  NOT NULL DEFAULT false,
    PRIMARY KEY (passage_id, model_id)
);
CREATE INDEX embedding_claims_batch ON embedding_claims (batch_id, passage_id);

-- Few documents are on their way; looking for them must not read all.
CREATE INDEX documents_embedding ON documents (id) WHERE status = 'embedding';

-- +goose Down
DROP INDEX documents_embedding;
DROP TABLE embedding_claims, embedding_batches;
