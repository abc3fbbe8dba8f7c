-- +goose Up
-- One row per thing an admin gave us. The original bytes stay, so that a failed
-- document can be tried again and a ready one cut anew by a better chunker.
CREATE TABLE documents (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name       text        NOT NULL,
    url        text        NOT NULL DEFAULT '',
    media_type text        NOT NULL DEFAULT '',
    digest     bytea UNIQUE,                    -- SHA-256 of content; null until the bytes are here (an address not fetched yet)
    bytes      bigint      NOT NULL DEFAULT 0,
    content    bytea,
    status     text        NOT NULL DEFAULT 'queued'
               CHECK (status IN ('queued', 'extracting', 'embedding', 'ready', 'failed')),
    error      text        NOT NULL DEFAULT '',
    passages   int         NOT NULL DEFAULT 0,  -- searchable ones; written with them
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX documents_newest ON documents (created_at DESC, id);

-- A passage that is here is searchable: the passages of a document are replaced
-- in one transaction, so there is no half of a document and no status to test.
CREATE TABLE passages (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    document_id   uuid     NOT NULL REFERENCES documents ON DELETE CASCADE,
    ordinal       int      NOT NULL,
    title         text     NOT NULL DEFAULT '',
    alternatives  text[]   NOT NULL DEFAULT '{}',
    heading       text     NOT NULL DEFAULT '',
    page          int      NOT NULL DEFAULT 0,
    body          text     NOT NULL,
    lang          text     NOT NULL DEFAULT '',
    url           text     NOT NULL DEFAULT '',
    verbatim      boolean  NOT NULL DEFAULT false,
    is_entry      boolean  NOT NULL DEFAULT false,
    tokens        int      NOT NULL DEFAULT 0,
    digest        bytea    NOT NULL,              -- SHA-256 of the text that is embedded: what did not change is not embedded again
    question_keys bigint[] NOT NULL DEFAULT '{}', -- hashes of an entry's folded question and alternatives
    UNIQUE (document_id, ordinal)
);
CREATE INDEX passages_question_keys ON passages USING gin (question_keys);

-- The lexical index. A term is a dimension: its hash in [1, 1e9). The weights are
-- BM25F term weights without idf, baked with lexicon's averages; a query's side of
-- the product carries the idf of the moment, so a growing collection shifts idf at
-- once and the weights only when the average lengths have drifted.
CREATE TABLE lexemes (
    passage_id     uuid     PRIMARY KEY REFERENCES passages ON DELETE CASCADE,
    analyzer       smallint NOT NULL,  -- version of the analysis the row was made by
    dims           int[]    NOT NULL,
    weights        sparsevec(1000000000) NOT NULL,
    title_length   int      NOT NULL,
    heading_length int      NOT NULL,
    body_length    int      NOT NULL
) WITH (toast_tuple_target = 8160);
-- Kept in the row and never compressed: hashes do not shrink, and unpacking them is most of a scan.
ALTER TABLE lexemes ALTER COLUMN dims SET STORAGE EXTERNAL, ALTER COLUMN weights SET STORAGE EXTERNAL;
CREATE INDEX lexemes_dims ON lexemes USING gin (dims);

CREATE TABLE terms (
    dim int PRIMARY KEY,
    df  int NOT NULL                   -- passages that hold the term
) WITH (fillfactor = 70);

-- One row: how many passages there are and how long their fields, and the averages
-- that the weights in lexemes were baked with (0: none baked yet).
CREATE TABLE lexicon (
    singleton     boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    passages      int    NOT NULL DEFAULT 0,
    title_count   int    NOT NULL DEFAULT 0,   -- passages whose field is not empty
    heading_count int    NOT NULL DEFAULT 0,
    body_count    int    NOT NULL DEFAULT 0,
    title_total   bigint NOT NULL DEFAULT 0,   -- terms in that field over all passages
    heading_total bigint NOT NULL DEFAULT 0,
    body_total    bigint NOT NULL DEFAULT 0,
    baked_title   real   NOT NULL DEFAULT 0,
    baked_heading real   NOT NULL DEFAULT 0,
    baked_body    real   NOT NULL DEFAULT 0
);
INSERT INTO lexicon DEFAULT VALUES;

-- df and the totals follow lexemes whoever writes or deletes them, a cascade from
-- documents included. The lexicon row is taken first and so orders all writers:
-- two of them cannot meet crosswise in terms.
-- +goose StatementBegin
CREATE FUNCTION lexemes_counted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sign int := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    IF NOT EXISTS (SELECT FROM changed) THEN
        RETURN NULL;
    END IF;
    UPDATE lexicon l SET
        passages      = l.passages      + sign * c.passages,
        title_count   = l.title_count   + sign * c.title_count,
        heading_count = l.heading_count + sign * c.heading_count,
        body_count    = l.body_count    + sign * c.body_count,
        title_total   = l.title_total   + sign * c.title_total,
        heading_total = l.heading_total + sign * c.heading_total,
        body_total    = l.body_total    + sign * c.body_total
    FROM (SELECT count(*)::int AS passages,
                 (count(*) FILTER (WHERE title_length > 0))::int   AS title_count,
                 (count(*) FILTER (WHERE heading_length > 0))::int AS heading_count,
                 (count(*) FILTER (WHERE body_length > 0))::int    AS body_count,
                 sum(title_length) AS title_total, sum(heading_length) AS heading_total, sum(body_length) AS body_total
          FROM changed) c;
    IF TG_OP = 'INSERT' THEN
        INSERT INTO terms AS t (dim, df)
        SELECT d, count(*) FROM changed, unnest(dims) d GROUP BY d ORDER BY d
        ON CONFLICT (dim) DO UPDATE SET df = t.df + excluded.df;
    ELSE
        UPDATE terms t SET df = t.df - g.n
        FROM (SELECT d, count(*)::int AS n FROM changed, unnest(dims) d GROUP BY d) g
        WHERE t.dim = g.d;
        DELETE FROM terms t USING (SELECT DISTINCT d FROM changed, unnest(dims) d) g
        WHERE t.dim = g.d AND t.df <= 0;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER lexemes_added AFTER INSERT ON lexemes
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lexemes_counted();
CREATE TRIGGER lexemes_removed AFTER DELETE ON lexemes
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lexemes_counted();

CREATE TABLE embedding_models (
    id         smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    dimensions int  NOT NULL CHECK (dimensions BETWEEN 1 AND 4000),  -- pgvector indexes a halfvec of up to 4,000
    UNIQUE (name, dimensions)
);

-- PLAIN keeps a vector in its row, which makes an exact scan 3 to 4 times as fast
-- and lets the planner cost it rightly. Each model's partial HNSW index is made by
-- the store once the model has enough rows to need one.
CREATE TABLE embeddings (
    passage_id uuid     NOT NULL REFERENCES passages ON DELETE CASCADE,
    model_id   smallint NOT NULL REFERENCES embedding_models ON DELETE CASCADE,
    e          halfvec  NOT NULL,
    PRIMARY KEY (passage_id, model_id)
);
ALTER TABLE embeddings ALTER COLUMN e SET STORAGE PLAIN;

-- +goose Down
DROP TABLE embeddings, embedding_models, lexicon, terms, lexemes, passages, documents;
DROP FUNCTION lexemes_counted;
