package conversationdb

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// tidyBatch bounds the rows that one statement of the sweep changes.
const tidyBatch = 1000

// callColumns are what scanCall reads, of webhook_deliveries as d and webhooks as w. The
// text is read here and nowhere kept: who was erased since has none.
const callColumns = `d.id::text, d.event_id::text, d.webhook_id::text, w.url, w.rotation, w.rotated_at, d.kind, d.data,
	(SELECT m.body FROM messages m WHERE m.conversation_id = d.conversation_id AND m.seq = d.seq), d.created_at, d.attempts, d.lease_token::text`

func scanCall(row pgx.CollectableRow) (c conversation.WebhookCall, err error) {
	var rotated *time.Time
	err = row.Scan(&c.ID, &c.EventID, &c.Webhook, &c.URL, &c.Rotation, &rotated, &c.Event, &c.Data, &c.Text, &c.At, &c.Attempt, &c.Lease)
	c.RotatedAt = orZero(rotated)
	return c, err
}

// ClaimWebhooks implements conversation.WebhookOutbox. A claim moves due_at behind the
// lease, so that nobody else finds the row until then.
func (s *Store) ClaimWebhooks(ctx context.Context, busy map[string]int, limit, each int, lease time.Duration) ([]conversation.WebhookCall, error) {
	const q = `
		WITH due AS (
			SELECT d.id FROM webhooks w CROSS JOIN LATERAL (
				SELECT d.id, d.due_at FROM webhook_deliveries d
				WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.due_at <= now() AND d.until > now()
				ORDER BY d.due_at
				LIMIT greatest(0, @each - coalesce((SELECT b.n FROM unnest(@ids::uuid[], @busy::int[]) AS b(id, n) WHERE b.id = w.id), 0))
				FOR UPDATE SKIP LOCKED
			) d
			WHERE w.active AND (w.resume_at IS NULL OR w.resume_at <= now())
			ORDER BY d.due_at LIMIT @limit
		), d AS (
			UPDATE webhook_deliveries d SET lease_token = gen_random_uuid(), attempts = d.attempts + 1,
				due_at = now() + make_interval(secs => @lease)
			FROM due WHERE d.id = due.id RETURNING d.*
		)
		SELECT ` + callColumns + ` FROM d JOIN webhooks w ON w.id = d.webhook_id`
	ids, counts := make([]string, 0, len(busy)), make([]int, 0, len(busy))
	for id, n := range busy {
		ids, counts = append(ids, id), append(counts, n)
	}
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"ids": ids, "busy": counts, "limit": limit, "each": each, "lease": seconds(lease)})
	if err != nil {
		return nil, fmt.Errorf("claim webhooks: %w", err)
	}
	calls, err := pgx.CollectRows(rows, scanCall)
	if err != nil {
		return nil, fmt.Errorf("claim webhooks: %w", err)
	}
	return calls, nil
}

// TestWebhook implements conversation.WebhookOutbox.
func (s *Store) TestWebhook(ctx context.Context, id string, lease time.Duration) (conversation.WebhookCall, error) {
	const q = `
		WITH d AS (
			INSERT INTO webhook_deliveries (id, webhook_id, event_id, kind, data, attempts, due_at, until, lease_token)
			SELECT gen_random_uuid(), w.id, gen_random_uuid(), @kind, jsonb_build_object('webhook', w.id), 1,
				now() + make_interval(secs => @lease), now(), gen_random_uuid()
			FROM webhooks w WHERE w.id = @id RETURNING *
		)
		SELECT ` + callColumns + ` FROM d JOIN webhooks w ON w.id = d.webhook_id`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"id": id, "kind": conversation.EventWebhookTest, "lease": seconds(lease)})
	if err != nil {
		return conversation.WebhookCall{}, failWebhook("test", id, err, conversation.ErrNoWebhook)
	}
	c, err := pgx.CollectExactlyOneRow(rows, scanCall)
	if err != nil {
		return c, failWebhook("test", id, err, conversation.ErrNoWebhook)
	}
	return c, nil
}

// WebhookDone implements conversation.WebhookOutbox. What a test shows does not count for
// or against a webhook's patience.
func (s *Store) WebhookDone(ctx context.Context, c conversation.WebhookCall, r conversation.WebhookResult) (string, error) {
	const q = `
		WITH d AS (
			UPDATE webhook_deliveries d SET
				state = CASE WHEN @error = '' THEN 'sent'
					WHEN @retry::float8 < 0 OR now() + make_interval(secs => greatest(@retry::float8, 0)) > d.until THEN 'failed' ELSE 'pending' END,
				due_at = now() + make_interval(secs => greatest(@retry::float8, 0)),
				status = @status, took_ms = @took, error = left(@error, 500), lease_token = NULL,
				settled_at = CASE WHEN @error = '' OR @retry::float8 < 0
					OR now() + make_interval(secs => greatest(@retry::float8, 0)) > d.until THEN now() END
			WHERE d.id = @id AND d.lease_token = @lease RETURNING d.webhook_id
		), w AS (
			SELECT w.*, @error <> '' AND w.active AND (@gone OR coalesce(w.failing_since < now() - make_interval(secs => @patience), false)) AS ends
			FROM d JOIN webhooks w ON w.id = d.webhook_id
			WHERE NOT @test AND (@error <> '' OR w.failing_since IS NOT NULL OR w.resume_at IS NOT NULL) FOR UPDATE OF w
		)
		UPDATE webhooks u SET
			failing_since = CASE WHEN @error <> '' THEN coalesce(w.failing_since, now()) END,
			resume_at = CASE WHEN @error <> '' AND @rest::float8 > 0 THEN greatest(w.resume_at, now() + make_interval(secs => @rest::float8))
				WHEN @error <> '' THEN w.resume_at END,
			active = w.active AND NOT w.ends,
			off_at = CASE WHEN w.ends THEN now() ELSE w.off_at END,
			off_for = CASE WHEN NOT w.ends THEN w.off_for WHEN @gone THEN 'gone' ELSE 'failing' END
		FROM w WHERE u.id = w.id
		RETURNING CASE WHEN w.ends THEN u.off_for ELSE '' END`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{
		"id": c.ID, "lease": c.Lease, "error": r.Error, "retry": seconds(r.Retry), "status": r.Status, "took": r.Took.Milliseconds(),
		"gone": r.Gone, "rest": seconds(r.Rest), "patience": seconds(conversation.WebhookPatience), "test": c.Event == conversation.EventWebhookTest,
	})
	if err != nil {
		return "", fmt.Errorf("settle webhook delivery %s: %w", c.ID, err)
	}
	off, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return "", fmt.Errorf("settle webhook delivery %s: %w", c.ID, err)
	}
	if len(off) == 0 {
		return "", nil
	}
	return off[0], nil
}

// TidyWebhooks implements conversation.WebhookOutbox.
func (s *Store) TidyWebhooks(ctx context.Context) (more bool, err error) {
	for _, q := range []string{
		// Nobody tries these any more: their day is over, or their server died over a test.
		`UPDATE webhook_deliveries SET state = 'failed', settled_at = now(), lease_token = NULL,
			error = CASE WHEN error = '' THEN 'not delivered in time' ELSE error END
		WHERE id IN (SELECT id FROM webhook_deliveries WHERE state = 'pending' AND due_at <= now() AND until <= now() LIMIT @batch FOR UPDATE SKIP LOCKED)`,
		`DELETE FROM webhook_deliveries WHERE id IN (
			SELECT id FROM webhook_deliveries WHERE created_at < now() - make_interval(secs => @age) AND state <> 'pending' LIMIT @batch FOR UPDATE SKIP LOCKED)`,
		`DELETE FROM webhook_deliveries WHERE id IN (
			SELECT d.id FROM webhook_deliveries d WHERE NOT EXISTS (SELECT FROM webhooks w WHERE w.id = d.webhook_id) LIMIT @batch FOR UPDATE SKIP LOCKED)`,
		// Of each webhook the newest @most stay, and whatever waits.
		`DELETE FROM webhook_deliveries WHERE id IN (
			SELECT d.id FROM webhooks w CROSS JOIN LATERAL (
				SELECT d.created_at, d.id FROM webhook_deliveries d WHERE d.webhook_id = w.id ORDER BY d.created_at DESC, d.id DESC OFFSET @most LIMIT 1
			) edge JOIN webhook_deliveries d ON d.webhook_id = w.id AND (d.created_at, d.id) <= (edge.created_at, edge.id)
			WHERE d.state <> 'pending' LIMIT @batch FOR UPDATE OF d SKIP LOCKED)`,
	} {
		tag, err := s.pool.Exec(ctx, q, pgx.NamedArgs{"batch": tidyBatch, "age": seconds(conversation.WebhookLogAge), "most": conversation.MaxWebhookLog})
		if err != nil {
			return false, fmt.Errorf("tidy the webhook log: %w", err)
		}
		more = more || tag.RowsAffected() == tidyBatch
	}
	return more, nil
}
