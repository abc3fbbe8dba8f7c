-- +goose Up
-- A passage's words in order, four bytes each (lexical.Atoms), by which the first candidates are looked at again. Hashes
-- do not shrink, so they are not compressed. Empty until the passage is analyzed by a version that writes it.
ALTER TABLE passages ADD COLUMN atoms bytea NOT NULL DEFAULT '';
ALTER TABLE passages ALTER COLUMN atoms SET STORAGE EXTERNAL;

-- The words of the passages as they are written, folded, for questions that misspell them. A word goes with its term.
CREATE TABLE vocabulary (
    word text NOT NULL,
    dim  int  NOT NULL,  -- the term it is indexed by; the same word may have another in another language
    PRIMARY KEY (word, dim)
);
CREATE INDEX vocabulary_dim ON vocabulary (dim);
-- Without a list of what is pending: a search would read all of it.
CREATE INDEX vocabulary_similar ON vocabulary USING gin (word gin_trgm_ops) WITH (fastupdate = off);

-- +goose StatementBegin
CREATE FUNCTION terms_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM vocabulary v USING forgotten f WHERE v.dim = f.dim;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- What no passage holds any more is in no list of words either.
CREATE TRIGGER terms_removed AFTER DELETE ON terms
    REFERENCING OLD TABLE AS forgotten FOR EACH STATEMENT EXECUTE FUNCTION terms_forgotten();

-- +goose Down
DROP TRIGGER terms_removed ON terms;
DROP FUNCTION terms_forgotten;
DROP TABLE vocabulary;
ALTER TABLE passages DROP COLUMN atoms;
