package conversationdb

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// Message implements conversation.Files.
func (s *Store) Message(ctx context.Context, id string, seq int64) (conversation.Message, error) {
	const q = `SELECT ` + messageColumns + ` FROM messages m WHERE m.conversation_id = @id AND m.seq = @seq`
	return s.oneMessage(ctx, "read a message of", id, q, pgx.NamedArgs{"id": id, "seq": seq})
}

// Remark implements conversation.Files.
func (s *Store) Remark(ctx context.Context, id, key, text string) (conversation.Message, bool, error) {
	const q = `
		WITH c AS (
			UPDATE conversations SET seq = seq + 1, updated_at = now()
			WHERE id = @id AND NOT EXISTS (SELECT 1 FROM messages WHERE conversation_id = @id AND external_id = @key)
			RETURNING id, seq, episode
		)
		INSERT INTO messages AS m (conversation_id, seq, author, body, note, external_id, episode)
		SELECT c.id, c.seq, 'system', @body, true, @key, c.episode FROM c
		RETURNING ` + messageColumns
	m, err := s.oneMessage(ctx, "remark on", id, q, pgx.NamedArgs{"id": id, "body": text, "key": key})
	if errors.Is(err, conversation.ErrNotFound) || isCode(err, uniqueViolation) {
		return m, false, nil // said before
	}
	return m, err == nil, err
}

func (s *Store) oneMessage(ctx context.Context, verb, id, q string, args pgx.NamedArgs) (conversation.Message, error) {
	rows, err := s.pool.Query(ctx, q, args)
	if err != nil {
		return conversation.Message{}, fail(verb, id, err)
	}
	m, err := pgx.CollectExactlyOneRow(rows, scanMessage)
	if err != nil {
		return conversation.Message{}, fail(verb, id, err)
	}
	return m, nil
}
