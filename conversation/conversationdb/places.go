package conversationdb

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Thread returns the id of the conversation that takes place in a thread of a
// channel, or conversation.ErrNotFound.
func (s *Store) Thread(ctx context.Context, channel, account, thread string) (string, error) {
	const q = `SELECT id FROM conversations WHERE channel = @channel AND account = @account AND thread = @thread`
	var id string
	err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{"channel": channel, "account": account, "thread": thread}).Scan(&id)
	if err != nil {
		return "", fail("find by thread", thread, err)
	}
	return id, nil
}
