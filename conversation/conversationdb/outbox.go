package conversationdb

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// ClaimDeliveries implements conversation.Outbox.
func (s *Store) ClaimDeliveries(ctx context.Context, channels []string, limit int, lease time.Duration) ([]conversation.Delivery, error) {
	const q = `
		WITH due AS (
			SELECT d.conversation_id, d.seq FROM deliveries d
			WHERE d.state = 'pending' AND d.due_at <= now() AND d.channel = ANY (@channels)
			AND (d.lease_until IS NULL OR d.lease_until < now())
			AND NOT EXISTS (
				SELECT 1 FROM deliveries e
				WHERE e.conversation_id = d.conversation_id AND e.seq < d.seq AND e.state = 'pending')
			ORDER BY d.due_at LIMIT @limit
			FOR UPDATE OF d SKIP LOCKED
		), d AS (
			UPDATE deliveries d SET lease_token = gen_random_uuid(),
				lease_until = now() + make_interval(secs => @lease), attempts = d.attempts + 1
			FROM due WHERE d.conversation_id = due.conversation_id AND d.seq = due.seq AND d.state = 'pending'
			RETURNING d.*
		)
		SELECT ` + messageColumns + `, d.channel, d.account, c.thread, d.attempts, d.lease_token
		FROM d JOIN messages m USING (conversation_id, seq) JOIN conversations c ON c.id = d.conversation_id`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"channels": channels, "limit": limit, "lease": seconds(lease)})
	if err != nil {
		return nil, fmt.Errorf("claim deliveries: %w", err)
	}
	ds, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d conversation.Delivery, err error) {
		err = row.Scan(append(messageTargets(&d.Message), &d.Channel, &d.Account, &d.Thread, &d.Attempt, &d.Lease)...)
		return d, err
	})
	if err != nil {
		return nil, fmt.Errorf("claim deliveries: %w", err)
	}
	return ds, nil
}

// Sent implements conversation.Outbox.
func (s *Store) Sent(ctx context.Context, d conversation.Delivery, externalID string) error {
	const q = `
		UPDATE deliveries SET state = 'sent', external_id = @external, error = '', lease_token = NULL, lease_until = NULL
		WHERE conversation_id = @id AND seq = @seq AND lease_token = @lease`
	return s.settle(ctx, q, d, pgx.NamedArgs{"external": externalID})
}

// Unsent implements conversation.Outbox.
func (s *Store) Unsent(ctx context.Context, d conversation.Delivery, why string, retry time.Duration) error {
	const q = `
		UPDATE deliveries SET state = CASE WHEN @retry::float8 < 0 THEN 'failed' ELSE 'pending' END,
			due_at = now() + make_interval(secs => greatest(@retry::float8, 0)),
			error = left(@why, 500), lease_token = NULL, lease_until = NULL
		WHERE conversation_id = @id AND seq = @seq AND lease_token = @lease`
	return s.settle(ctx, q, d, pgx.NamedArgs{"why": why, "retry": seconds(retry)})
}

func (s *Store) settle(ctx context.Context, q string, d conversation.Delivery, args pgx.NamedArgs) error {
	args["id"], args["seq"], args["lease"] = d.Message.Conversation, d.Message.Seq, d.Lease
	if _, err := s.pool.Exec(ctx, q, args); err != nil {
		return fail("settle a delivery of", d.Message.Conversation, err)
	}
	return nil
}
