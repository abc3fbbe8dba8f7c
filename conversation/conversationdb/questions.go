package conversationdb

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// replayHistory is how many messages before a question are returned with it: more
// than a search looks at, since it passes over set phrases.
const replayHistory = 30

// LatestQuestions implements conversation.Questions. A question is what the
// customer wrote since the message before that somebody else wrote.
func (s *Store) LatestQuestions(ctx context.Context, n int) ([]conversation.AskedQuestion, error) {
	const q = `
		WITH answers AS (
			SELECT b.conversation_id, b.seq, b.episode, b.created_at FROM messages b
			WHERE b.turn IS NOT NULL AND b.author IN ('bot', 'system') AND coalesce(b.trace->>'kind', '') NOT IN ('small_talk', 'moderated', 'unread_file')
			  AND NOT EXISTS (SELECT FROM messages o WHERE o.conversation_id = b.conversation_id AND o.seq < b.seq AND o.turn = b.turn)
			ORDER BY b.created_at DESC, b.conversation_id LIMIT @n
		)
		SELECT a.conversation_id::text, asked.seq, a.created_at, asked.body,
			coalesce((SELECT jsonb_agg(jsonb_build_object('text', h.body, 'author', h.author) ORDER BY h.seq) FROM (
				SELECT m.seq, m.body, m.author FROM messages m WHERE m.conversation_id = a.conversation_id AND m.episode = a.episode
				  AND m.seq < asked.first AND m.author <> 'system' AND NOT m.note ORDER BY m.seq DESC LIMIT @history) h), '[]')
		FROM answers a CROSS JOIN LATERAL (
			SELECT max(m.seq) AS seq, min(m.seq) AS first, string_agg(m.body, E'\n' ORDER BY m.seq) AS body FROM messages m
			WHERE m.conversation_id = a.conversation_id AND m.seq < a.seq AND m.author = 'customer'
			  AND m.seq > coalesce((SELECT max(o.seq) FROM messages o WHERE o.conversation_id = a.conversation_id
			      AND o.seq < a.seq AND o.author <> 'customer' AND NOT o.note), 0)
		) asked
		WHERE asked.body IS NOT NULL
		ORDER BY a.created_at DESC, a.conversation_id`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"n": n, "history": replayHistory})
	if err != nil {
		return nil, fmt.Errorf("read the latest questions: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[conversation.AskedQuestion])
	if err != nil {
		return nil, fmt.Errorf("read the latest questions: %w", err)
	}
	return out, nil
}
