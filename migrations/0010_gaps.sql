-- +goose Up
-- What the bot could not answer. Questions are found in the log by a worker and
-- put into gaps, groups of one meaning; the words and reasons stay in the log's
-- own rows as far as possible, so that erasing a conversation erases them too.

-- gap_rank orders by customers × 2^(-age / 14 days) at any moment: its logarithm
-- parts into one term that does not move and one that is the same for all. It is
-- immutable since an epoch knows no time zone.
-- +goose StatementBegin
CREATE FUNCTION gap_rank(customers int, last_at timestamptz) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT (ln(greatest(customers, 1)) / ln(2.0))::float8 + extract(epoch FROM last_at)::float8 / (14 * 86400.0)
$$;
-- +goose StatementEnd

CREATE TABLE gaps (
    id              uuid PRIMARY KEY,
    state           text        NOT NULL DEFAULT 'open'
                    CHECK (state IN ('open', 'drafted', 'publishing', 'closed', 'dismissed')),
    state_at        timestamptz NOT NULL DEFAULT now(),
    questions       int         NOT NULL,
    customers       int         NOT NULL,
    first_at        timestamptz NOT NULL,
    last_at         timestamptz NOT NULL,
    rank            float8      NOT NULL GENERATED ALWAYS AS (gap_rank(customers, last_at)) STORED,
    changes         bigint      NOT NULL DEFAULT 0,  -- raised when questions join or leave
    embedding       halfvec,                         -- mean of its questions' vectors
    embedding_model text        NOT NULL DEFAULT '', -- with its dimensions: others are never compared
    draft           jsonb,                           -- the entry that was drafted or is being published
    document_id     uuid        REFERENCES documents ON DELETE SET NULL,
    saved           boolean     NOT NULL DEFAULT false, -- the entry being published is in that document
    looked_at       timestamptz NOT NULL DEFAULT now(), -- while publishing: by the worker
    outcome         text        NOT NULL DEFAULT ''  -- how publishing ended, in words for an admin
);
ALTER TABLE gaps ALTER COLUMN embedding SET STORAGE PLAIN;
CREATE INDEX gaps_ranked ON gaps (state, rank DESC, id DESC);
CREATE INDEX gaps_seen ON gaps (last_at DESC);
CREATE INDEX gaps_document ON gaps (document_id) WHERE document_id IS NOT NULL;

CREATE TABLE gap_questions (
    conversation_id uuid        NOT NULL,
    seq             bigint      NOT NULL,            -- of the last message that asks it
    contact_id      uuid        NOT NULL,
    gap_id          uuid        REFERENCES gaps,     -- null: not grouped yet
    channel         text        NOT NULL,
    lang            text        NOT NULL,
    body            text        NOT NULL,            -- the customer's own words
    query           text        NOT NULL,            -- as searched
    reason          text        NOT NULL,
    confidence      float8      NOT NULL,
    asked_at        timestamptz NOT NULL,
    answered        boolean,                         -- when it was asked again; null: not yet
    dims            int[]       NOT NULL,            -- its words as the lexical index has them, and what each counts
    weights         real[]      NOT NULL,
    embedding       halfvec,
    embedding_model text        NOT NULL DEFAULT '',
    PRIMARY KEY (conversation_id, seq),
    FOREIGN KEY (conversation_id, seq) REFERENCES messages ON DELETE CASCADE
);
ALTER TABLE gap_questions ALTER COLUMN embedding SET STORAGE PLAIN;
CREATE INDEX gap_questions_gap ON gap_questions (gap_id, asked_at DESC, conversation_id, seq);
CREATE INDEX gap_questions_contact ON gap_questions (gap_id, contact_id);
CREATE INDEX gap_questions_new ON gap_questions (asked_at) WHERE gap_id IS NULL;
CREATE INDEX gap_questions_model ON gap_questions (embedding_model, asked_at DESC);

-- The words of a gap's questions, summed: an inverted index over gaps.
CREATE TABLE gap_terms (
    gap_id uuid NOT NULL REFERENCES gaps ON DELETE CASCADE,
    dim    int  NOT NULL,
    weight real NOT NULL,
    PRIMARY KEY (gap_id, dim)
);
CREATE INDEX gap_terms_dim ON gap_terms (dim) INCLUDE (gap_id, weight);

-- How many questions ever held a word; dim 0 counts the questions. It tells rare
-- words from common ones and forgets nothing: hashes and counts name nobody.
CREATE TABLE gap_words (
    dim int PRIMARY KEY,
    df  int NOT NULL
);

-- How far the log has been read: a conversation that has not changed since is done.
CREATE TABLE gap_scans (
    conversation_id uuid PRIMARY KEY REFERENCES conversations ON DELETE CASCADE,
    updated_at      timestamptz NOT NULL,
    seq             bigint      NOT NULL
);
CREATE TABLE gap_worker (
    singleton   boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    cursor_at   timestamptz NOT NULL DEFAULT '1970-01-01',
    lease_token uuid,
    lease_until timestamptz NOT NULL DEFAULT '1970-01-01'
);
INSERT INTO gap_worker DEFAULT VALUES;

-- gaps_recount makes gaps agree with the questions they have now; one without
-- any goes. Whoever calls it holds the advisory lock of gaps.
-- +goose StatementBegin
CREATE FUNCTION gaps_recount(ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM gaps g WHERE g.id = ANY (ids) AND NOT EXISTS (SELECT FROM gap_questions q WHERE q.gap_id = g.id);
    UPDATE gaps g SET questions = c.questions, customers = c.customers, first_at = c.first_at, last_at = c.last_at,
        embedding = (SELECT avg(q.embedding) FROM gap_questions q WHERE q.gap_id = g.id AND q.embedding_model = g.embedding_model
            AND q.embedding IS NOT NULL),
        changes = g.changes + 1
    FROM (SELECT gap_id, count(*)::int AS questions, count(DISTINCT contact_id)::int AS customers,
              min(asked_at) AS first_at, max(asked_at) AS last_at
          FROM gap_questions WHERE gap_id = ANY (ids) GROUP BY gap_id) c
    WHERE g.id = c.gap_id;
    DELETE FROM gap_terms WHERE gap_id = ANY (ids);
    INSERT INTO gap_terms (gap_id, dim, weight)
    SELECT q.gap_id, t.dim, sum(t.weight) FROM gap_questions q, unnest(q.dims, q.weights) AS t(dim, weight)
    WHERE q.gap_id = ANY (ids) GROUP BY q.gap_id, t.dim;
END $$;

-- Erasing takes the advisory lock of gaps (conversationdb has it as gapLock) before
-- the first question's row: a conversation's messages are deleted one by one, so
-- without it erasing would hold a gap and wait for a question, and a question that
-- joins hold itself and wait for the gap.
CREATE FUNCTION gap_questions_leave() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(28820808543596659);
    RETURN NULL;
END $$;

CREATE FUNCTION gap_questions_left() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids uuid[] := (SELECT array_agg(DISTINCT gap_id) FROM gone WHERE gap_id IS NOT NULL);
BEGIN
    IF ids IS NOT NULL THEN
        PERFORM gaps_recount(ids);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER gap_questions_removing BEFORE DELETE ON gap_questions FOR EACH STATEMENT EXECUTE FUNCTION gap_questions_leave();
CREATE TRIGGER gap_questions_removed AFTER DELETE ON gap_questions
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION gap_questions_left();

-- +goose Down
DROP TABLE gap_worker, gap_scans, gap_words, gap_terms, gap_questions, gaps;
DROP FUNCTION gap_questions_left, gap_questions_leave, gaps_recount, gap_rank;
