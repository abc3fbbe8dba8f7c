package conversationdb

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// maxPreview is how much of the newest message a summary shows, in characters.
const maxPreview = 200

const summaryQuery = `
	SELECT ` + stateColumns + `, p.name, p.email, coalesce(left(m.body, @preview), ''), coalesce(m.author, ''),
		c.created_at, c.updated_at, coalesce(c.customer_at, '0001-01-01')
	FROM conversations c
	JOIN contacts p ON p.id = c.contact_id
	LEFT JOIN LATERAL (
		SELECT body, author FROM messages
		WHERE conversation_id = c.id AND NOT note ORDER BY seq DESC LIMIT 1
	) m ON true`

// Conversations implements conversation.Reports.
func (s *Store) Conversations(ctx context.Context, cursor string, limit int) ([]conversation.Summary, string, error) {
	const q = summaryQuery + `
		WHERE c.seq > 0 AND (@all OR (c.updated_at, c.id) < (@at, @id::uuid))
		ORDER BY c.updated_at DESC, c.id DESC LIMIT @limit`
	at, id, err := openCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{
		"all": cursor == "", "at": at, "id": null(id), "limit": limit, "preview": maxPreview,
	})
	if err != nil {
		return nil, "", fmt.Errorf("list conversations: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanSummary)
	if err != nil {
		return nil, "", fmt.Errorf("list conversations: %w", err)
	}
	next := ""
	if len(list) == limit && limit > 0 {
		last := list[limit-1]
		next = base64.RawURLEncoding.EncodeToString([]byte(last.UpdatedAt.UTC().Format(time.RFC3339Nano) + " " + last.State.Conversation))
	}
	return list, next, nil
}

// openCursor reads what Conversations wrote.
func openCursor(cursor string) (time.Time, string, error) {
	if cursor == "" {
		return time.Time{}, "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	at, id, ok := strings.Cut(string(b), " ")
	if err != nil || !ok || len(id) != 36 {
		return time.Time{}, "", conversation.ErrBadCursor
	}
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return time.Time{}, "", conversation.ErrBadCursor
	}
	return t, id, nil
}

// Conversation implements conversation.Reports.
func (s *Store) Conversation(ctx context.Context, id string) (conversation.Summary, error) {
	rows, err := s.pool.Query(ctx, summaryQuery+` WHERE c.id = @id`, pgx.NamedArgs{"id": id, "preview": maxPreview})
	if err != nil {
		return conversation.Summary{}, fail("read", id, err)
	}
	c, err := pgx.CollectExactlyOneRow(rows, scanSummary)
	if err != nil {
		return conversation.Summary{}, fail("read", id, err)
	}
	return c, nil
}

func scanSummary(row pgx.CollectableRow) (conversation.Summary, error) {
	var (
		c  conversation.Summary
		st stateScan
	)
	err := row.Scan(append(st.targets(), &c.Contact, &c.Email, &c.Preview, &c.PreviewBy,
		&c.CreatedAt, &c.UpdatedAt, &c.CustomerAt)...)
	c.State = st.state()
	return c, err
}
