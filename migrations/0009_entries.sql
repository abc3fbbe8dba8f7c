-- +goose Up
-- What an FAQ entry is beside a passage. All of it is cut from the document's
-- bytes and replaced with its passages; the entry's id comes out the same.
ALTER TABLE passages
    ADD COLUMN entry_id      uuid,  -- of the entry that the passage is, or is a part of
    ADD COLUMN entry_version text   NOT NULL DEFAULT '',  -- of all the entry says; an editor names the one that was read
    ADD COLUMN entry_answer  text,  -- of the first part of a long answer: the whole; null where body is that
    ADD COLUMN owner         text   NOT NULL DEFAULT '',
    ADD COLUMN review_by     date;
CREATE INDEX passages_entry ON passages (entry_id) WHERE entry_id IS NOT NULL;
CREATE INDEX passages_review ON passages (review_by) WHERE review_by IS NOT NULL;

-- Entries whose question and answer have been compared with the others', by the
-- digest of what was compared. A row may outlive its entry: one that comes back
-- with the same text needs no second look.
CREATE TABLE entry_checks (
    entry_id uuid  PRIMARY KEY,
    digest   bytea NOT NULL
);

-- Pairs of entries that nearly repeat or seem to contradict each other, as their
-- texts were: a pair counts only while both digests are still those of its entries.
CREATE TABLE entry_conflicts (
    id           uuid        PRIMARY KEY,
    one          uuid        NOT NULL,
    other        uuid        NOT NULL,
    one_digest   bytea       NOT NULL,
    other_digest bytea       NOT NULL,
    kind         text        NOT NULL CHECK (kind IN ('duplicate', 'contradiction')),
    why          text        NOT NULL,
    similarity   real        NOT NULL,
    found_at     timestamptz NOT NULL DEFAULT now(),
    dismissed_at timestamptz,
    dismissed_by text        NOT NULL DEFAULT '',
    UNIQUE (one, other),
    CHECK (one < other)
);
CREATE INDEX entry_conflicts_other ON entry_conflicts (other);

-- Set in the transaction that publishes entries, cleared when they have been
-- compared: what is still to do is known after any crash.
ALTER TABLE documents ADD COLUMN compare_due boolean NOT NULL DEFAULT false;
CREATE INDEX documents_compare ON documents (id) WHERE compare_due;

-- The newest answers, whose questions a preview asks again.
CREATE INDEX messages_answers ON messages (created_at DESC) WHERE turn IS NOT NULL AND author IN ('bot', 'system');

-- Entries from before have no id yet: their documents are read once more.
UPDATE documents d SET status = 'queued', updated_at = now()
WHERE status IN ('ready', 'embedding') AND content IS NOT NULL
  AND EXISTS (SELECT FROM passages p WHERE p.document_id = d.id AND p.is_entry);

-- +goose Down
DROP INDEX messages_answers;
ALTER TABLE documents DROP COLUMN compare_due;
DROP TABLE entry_conflicts, entry_checks;
ALTER TABLE passages DROP COLUMN entry_id, DROP COLUMN entry_version, DROP COLUMN entry_answer, DROP COLUMN owner, DROP COLUMN review_by;
