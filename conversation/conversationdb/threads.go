package conversationdb

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// EnsureThread returns the id of the conversation of in's thread, which it makes,
// without any message, where there is none yet. Channels need it for what is no
// message, such as a button.
func (s *Store) EnsureThread(ctx context.Context, in conversation.Inbound) (string, error) {
	const q = `SELECT id FROM conversations WHERE channel = @channel AND account = @account AND thread = @thread`
	args := pgx.NamedArgs{"channel": in.Channel, "account": in.Account, "thread": in.Thread}
	var id string
	err := s.pool.QueryRow(ctx, q, args).Scan(&id)
	if err == pgx.ErrNoRows {
		if err = s.make(ctx, in); err == nil {
			err = s.pool.QueryRow(ctx, q, args).Scan(&id)
		}
	}
	if err != nil {
		return "", fmt.Errorf("find the conversation of %s %s: %w", in.Channel, in.Thread, err)
	}
	return id, nil
}

// MoveThread renames a thread, and those below it (from/…), so that what a
// channel calls otherwise now stays one conversation. Where a conversation has the
// new name already both stay as they are. Moving again changes nothing.
func (s *Store) MoveThread(ctx context.Context, channel, account, from, to string) error {
	const q = `
		UPDATE conversations c SET thread = @to::text || substr(c.thread, length(@from::text) + 1)
		WHERE c.channel = @channel AND c.account = @account
		AND (c.thread = @from::text OR starts_with(c.thread, @from::text || '/'))
		AND NOT EXISTS (
			SELECT 1 FROM conversations o WHERE o.channel = c.channel AND o.account = c.account
			AND o.thread = @to::text || substr(c.thread, length(@from::text) + 1))`
	_, err := s.pool.Exec(ctx, q, pgx.NamedArgs{"channel": channel, "account": account, "from": from, "to": to})
	if err != nil {
		return fmt.Errorf("move thread %s of %s: %w", from, channel, err)
	}
	return nil
}
