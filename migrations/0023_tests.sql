-- +goose Up
-- Questions of which it is known what answers them, and what became of them whenever all
-- were asked.
CREATE TABLE tests (
    id         uuid PRIMARY KEY,
    key        bytea       NOT NULL UNIQUE,         -- digest of the folded question and what was said before
    question   text        NOT NULL,
    history    jsonb       NOT NULL DEFAULT '[]',   -- [{author, text}], oldest first
    documents  uuid[]      NOT NULL DEFAULT '{}',   -- may be gone: the test stays
    names      text[]      NOT NULL DEFAULT '{}',   -- of the documents, as they were called
    passages   text[]      NOT NULL DEFAULT '{}',   -- an FAQ entry's id, or the SHA-256 of a passage's text in hex
    answer     text        NOT NULL DEFAULT '',     -- what a passage that answers holds
    answerable boolean     NOT NULL,
    origin     text        NOT NULL CHECK (origin IN ('manual', 'ask', 'conversation', 'import')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX tests_newest ON tests (created_at DESC, id DESC);

CREATE TABLE test_runs (
    id          uuid PRIMARY KEY,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    trigger     text        NOT NULL CHECK (trigger IN ('manual', 'knowledge', 'settings')),
    state       text        NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    finished_at timestamptz,
    cases       int         NOT NULL DEFAULT 0,
    passed      int         NOT NULL DEFAULT 0,
    ndcg5       float8,                            -- null: nothing was judged
    recall5     float8,
    mrr10       float8,
    auroc       float8,                            -- null: all are answerable, or none
    answer_from float8      NOT NULL DEFAULT 0,    -- the thresholds it decided by
    offer_from  float8      NOT NULL DEFAULT 0,
    cost_micros bigint      NOT NULL DEFAULT 0,
    error       text        NOT NULL DEFAULT ''
);
CREATE INDEX test_runs_newest ON test_runs (created_at DESC, id DESC);
CREATE UNIQUE INDEX test_runs_queued ON test_runs (state) WHERE state = 'queued';

CREATE TABLE test_results (
    run_id      uuid    NOT NULL REFERENCES test_runs ON DELETE CASCADE,
    test_id     uuid    NOT NULL REFERENCES tests ON DELETE CASCADE,
    rank        int     NOT NULL,                  -- of the first expected; 0: not found
    passed      boolean NOT NULL,
    answerable  boolean NOT NULL,
    gone        boolean NOT NULL,                  -- something expected is not there any more
    verbatim    boolean NOT NULL,
    held        boolean,                           -- what would be quoted holds the expected answer; null: none is expected
    confidence  float8  NOT NULL,
    decision    text    NOT NULL,
    ndcg5       float8  NOT NULL,
    recall5     float8  NOT NULL,
    mrr10       float8  NOT NULL,
    PRIMARY KEY (run_id, test_id)
);
CREATE INDEX test_results_test ON test_results (test_id);

-- +goose Down
DROP TABLE test_results, test_runs, tests;
