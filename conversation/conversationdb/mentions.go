package conversationdb

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// Note implements conversation.Log.
func (s *Store) Note(ctx context.Context, id string, n conversation.NewNote) (conversation.Message, []string, error) {
	const q = `
		WITH c AS (
			UPDATE conversations SET seq = seq + 1, updated_at = now() WHERE id = @id RETURNING id, seq, episode
		), m AS (
			INSERT INTO messages (conversation_id, seq, author, staff_id, name, body, note, external_id, episode)
			SELECT c.id, c.seq, 'staff', @staff::uuid, @name, @body, true, @external, c.episode FROM c
			RETURNING *
		), named AS (
			INSERT INTO mentions (conversation_id, seq, staff_id)
			SELECT m.conversation_id, m.seq, a.id FROM m, staff_accounts a
			WHERE a.id = ANY (@mentions::uuid[]) AND a.disabled_at IS NULL AND a.id IS DISTINCT FROM @staff::uuid
			RETURNING staff_id
		)
		SELECT ` + messageColumns + `, coalesce((SELECT array_agg(staff_id::text) FROM named), '{}') FROM m`
	var (
		m     conversation.Message
		named []string
	)
	mentions := n.Mentions
	if mentions == nil {
		mentions = []string{}
	}
	err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{"id": id, "staff": null(n.By.StaffID), "name": n.By.Name, "body": n.Text,
		"external": null(n.ExternalID), "mentions": mentions}).Scan(append(messageTargets(&m), &named)...)
	if n.ExternalID != "" && isCode(err, uniqueViolation) {
		m, err = s.noted(ctx, id, n)
		return m, nil, err
	}
	if err != nil {
		return m, nil, fail("note on", id, err)
	}
	return m, named, nil
}

// noted returns the note that was written under n's id before.
func (s *Store) noted(ctx context.Context, id string, n conversation.NewNote) (conversation.Message, error) {
	_, ms, err := s.repeated(ctx, id, []conversation.NewMessage{{ExternalID: n.ExternalID}})
	switch {
	case err != nil:
		return conversation.Message{}, err
	case len(ms) != 1 || !ms[0].Note || ms[0].Text != n.Text || ms[0].StaffID != n.By.StaffID:
		return conversation.Message{}, fmt.Errorf("note on conversation %s: %w", id, conversation.ErrConflict)
	}
	return ms[0], nil
}

// Mentions implements conversation.Mentions.
func (s *Store) Mentions(ctx context.Context, me string, limit int) ([]conversation.Mention, int, error) {
	const q = `
		SELECT n.conversation_id::text, n.seq, coalesce(m.staff_id::text, ''), m.name, p.name, m.body, m.created_at, n.read_at IS NOT NULL
		FROM mentions n JOIN messages m USING (conversation_id, seq)
		JOIN conversations c ON c.id = n.conversation_id JOIN contacts p ON p.id = c.contact_id
		WHERE n.staff_id = @me ORDER BY n.created_at DESC, n.conversation_id, n.seq DESC LIMIT @limit`
	args := pgx.NamedArgs{"me": me, "limit": limit}
	rows, err := s.pool.Query(ctx, q, args)
	if err != nil {
		return nil, 0, fmt.Errorf("read the mentions of %s: %w", me, err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m conversation.Mention, err error) {
		err = row.Scan(&m.Conversation, &m.Seq, &m.By.ID, &m.By.Name, &m.Contact, &m.Text, &m.At, &m.Read)
		return m, err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read the mentions of %s: %w", me, err)
	}
	var unread int
	if err := s.pool.QueryRow(ctx, `SELECT count(*) FROM mentions WHERE staff_id = @me AND read_at IS NULL`, args).Scan(&unread); err != nil {
		return nil, 0, fmt.Errorf("count the mentions of %s: %w", me, err)
	}
	return list, unread, nil
}

// ReadMentions implements conversation.Mentions.
func (s *Store) ReadMentions(ctx context.Context, me string) error {
	if _, err := s.pool.Exec(ctx, `UPDATE mentions SET read_at = now() WHERE staff_id = $1 AND read_at IS NULL`, me); err != nil {
		return fmt.Errorf("read the mentions of %s: %w", me, err)
	}
	return nil
}

// deliveryColumns are what scanLogged reads after a message and its trace, of
// deliveries as d, which may not be there.
const deliveryColumns = `, d.state, d.error, d.attempts`

// scanLogged reads a message as staff see it in the log.
func scanLogged(row pgx.CollectableRow) (m conversation.Message, err error) {
	var (
		state    *conversation.DeliveryState
		why      *string
		attempts *int
	)
	if err = row.Scan(append(messageTargets(&m), &m.Why, &state, &why, &attempts)...); err == nil && state != nil {
		m.Delivery = &conversation.DeliveryReport{State: *state, Error: *why, Attempts: *attempts}
	}
	return m, err
}

// Redeliver implements conversation.Redeliveries. A failed delivery holds up none of
// those after it, so that this one may come after them.
func (s *Store) Redeliver(ctx context.Context, id string, seq int64) (r conversation.DeliveryReport, err error) {
	const q = `
		WITH d AS (
			UPDATE deliveries SET state = 'pending', attempts = 0, due_at = now(), error = ''
			WHERE conversation_id = @id AND seq = @seq AND state = 'failed'
			RETURNING state, error, attempts
		)
		SELECT state, error, attempts, true FROM d
		UNION ALL
		SELECT state, error, attempts, false FROM deliveries
		WHERE conversation_id = @id AND seq = @seq AND NOT EXISTS (SELECT 1 FROM d)`
	var again bool
	err = s.pool.QueryRow(ctx, q, pgx.NamedArgs{"id": id, "seq": seq}).Scan(&r.State, &r.Error, &r.Attempts, &again)
	if err != nil {
		return r, fmt.Errorf("deliver message %d of %s again: %w", seq, id, notThere(err, conversation.ErrNoDelivery))
	}
	if !again {
		return r, fmt.Errorf("deliver message %d of %s again: %w", seq, id, conversation.ErrNotCurrent)
	}
	return r, nil
}
