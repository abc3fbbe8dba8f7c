-- +goose Up
-- A test that quotes a conversation goes with it. Of those there are already, the ones
-- whose question is a customer's message word for word are tied to it; what was said
-- before theirs is of the same conversation.
ALTER TABLE tests ADD COLUMN conversation_id uuid REFERENCES conversations ON DELETE CASCADE;
UPDATE tests t SET conversation_id = m.conversation_id
FROM (
    SELECT DISTINCT ON (body) body, conversation_id FROM messages
    WHERE author = 'customer' AND body IN (SELECT question FROM tests WHERE origin = 'conversation') ORDER BY body, created_at) m
WHERE t.origin = 'conversation' AND t.question = m.body;
CREATE INDEX tests_conversation ON tests (conversation_id) WHERE conversation_id IS NOT NULL;

-- A call is booked once, however often it is told of: whoever tells of it cannot always
-- know whether the commit before came through.
ALTER TABLE model_calls ADD COLUMN key uuid;
CREATE UNIQUE INDEX model_calls_key ON model_calls (key) WHERE key IS NOT NULL;

-- Conversations in which nobody has said anything yet, for retention.
CREATE INDEX conversations_unsaid ON conversations (created_at) WHERE seq = 0;

-- Ids that were merged into an erased contact: erasing by one of them is the same erasure.
ALTER TABLE erasures ADD COLUMN formerly uuid[] NOT NULL DEFAULT '{}';
CREATE INDEX erasures_formerly ON erasures USING gin (formerly);

-- A draft is made of customers' words, and nobody can say whose. When a question leaves
-- its gap with its conversation, the draft goes too; what was published has been approved.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION gap_questions_left() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids uuid[] := (SELECT array_agg(DISTINCT gap_id) FROM gone WHERE gap_id IS NOT NULL);
BEGIN
    IF ids IS NOT NULL THEN
        PERFORM gaps_recount(ids);
        UPDATE gaps SET draft = NULL, state = CASE state WHEN 'drafted' THEN 'open' ELSE state END,
            state_at = CASE state WHEN 'drafted' THEN now() ELSE state_at END
        WHERE id = ANY (ids) AND draft IS NOT NULL AND state IN ('open', 'drafted', 'dismissed');
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION gap_questions_left() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids uuid[] := (SELECT array_agg(DISTINCT gap_id) FROM gone WHERE gap_id IS NOT NULL);
BEGIN
    IF ids IS NOT NULL THEN
        PERFORM gaps_recount(ids);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
DROP INDEX erasures_formerly, conversations_unsaid;
ALTER TABLE erasures DROP COLUMN formerly;
ALTER TABLE model_calls DROP COLUMN key;
ALTER TABLE tests DROP COLUMN conversation_id;
