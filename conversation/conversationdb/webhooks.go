package conversationdb

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// webhookLock lets one webhook be added at a time, so that their number has a bound.
const webhookLock = 28820808543596660

// webhookColumns are what scanWebhook reads, of webhooks as w.
const webhookColumns = `w.id::text, w.url, w.events, w.active, w.rotation, w.rotated_at, w.failing_since, w.off_at, w.off_for, w.created_at, w.updated_at, w.version,
	(SELECT count(*) FROM (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'pending' LIMIT 1000) d)`

func scanWebhook(row pgx.CollectableRow) (w conversation.Webhook, err error) {
	var rotated, failing, off *time.Time
	err = row.Scan(&w.ID, &w.URL, &w.Events, &w.Active, &w.Rotation, &rotated, &failing, &off, &w.OffFor, &w.CreatedAt, &w.UpdatedAt, &w.Version, &w.Waiting)
	w.RotatedAt, w.FailingSince, w.OffAt = orZero(rotated), orZero(failing), orZero(off)
	return w, err
}

// failWebhook wraps err with what was being done; no row, and an id that is no UUID, are missing.
func failWebhook(verb, id string, err, missing error) error {
	if errors.Is(err, pgx.ErrNoRows) || isCode(err, invalidText) {
		err = missing
	}
	return fmt.Errorf("%s webhook %s: %w", verb, id, err)
}

// Webhooks implements conversation.WebhookBook.
func (s *Store) Webhooks(ctx context.Context) ([]conversation.Webhook, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+webhookColumns+` FROM webhooks w ORDER BY w.created_at, w.id`)
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanWebhook)
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	return list, nil
}

// AddWebhook implements conversation.WebhookBook.
func (s *Store) AddWebhook(ctx context.Context, w conversation.Webhook) (out conversation.Webhook, err error) {
	const q = `INSERT INTO webhooks AS w (id, url, events, active, rotation)
		SELECT @id, @url, @events, @active, @rotation WHERE (SELECT count(*) FROM webhooks) < @most
		RETURNING ` + webhookColumns
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(webhookLock)); err != nil {
			return err
		}
		out, err = oneWebhook(ctx, tx, q, pgx.NamedArgs{
			"id": w.ID, "url": w.URL, "events": w.Events, "active": w.Active, "rotation": w.Rotation, "most": conversation.MaxWebhooks,
		})
		return err
	})
	if err != nil {
		return out, failWebhook("add", w.ID, err, conversation.ErrManyWebhooks)
	}
	return out, nil
}

func oneWebhook(ctx context.Context, db querier, q string, args pgx.NamedArgs) (conversation.Webhook, error) {
	rows, err := db.Query(ctx, q, args)
	if err != nil {
		return conversation.Webhook{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scanWebhook)
}

// EditWebhook implements conversation.WebhookBook.
func (s *Store) EditWebhook(ctx context.Context, w conversation.Webhook) (conversation.Webhook, error) {
	// fresh: it gets a new chance.
	const q = `UPDATE webhooks w SET url = @url, events = @events, active = @active, updated_at = now(),
			failing_since = CASE WHEN old.fresh THEN NULL ELSE w.failing_since END,
			resume_at = CASE WHEN old.fresh THEN NULL ELSE w.resume_at END,
			off_at = CASE WHEN old.fresh THEN NULL ELSE w.off_at END,
			off_for = CASE WHEN old.fresh THEN '' ELSE w.off_for END
		FROM (SELECT o.id, o.url <> @url OR NOT o.active AND @active AS fresh FROM webhooks o WHERE o.id = @id FOR UPDATE) old
		WHERE w.id = old.id` + unchanged + ` RETURNING ` + webhookColumns
	out, err := oneWebhook(ctx, s.pool, q, pgx.NamedArgs{"id": w.ID, "url": w.URL, "events": w.Events, "active": w.Active, "version": w.Version})
	if errors.Is(err, pgx.ErrNoRows) {
		if out, err = oneWebhook(ctx, s.pool, `SELECT `+webhookColumns+` FROM webhooks w WHERE w.id = @id`, pgx.NamedArgs{"id": w.ID}); err == nil {
			return out, conversation.ErrVersion
		}
	}
	if err != nil {
		return out, failWebhook("change", w.ID, err, conversation.ErrNoWebhook)
	}
	return out, nil
}

// RotateWebhook implements conversation.WebhookBook.
func (s *Store) RotateWebhook(ctx context.Context, id string) (conversation.Webhook, error) {
	const q = `UPDATE webhooks w SET rotation = w.rotation + 1, rotated_at = now(), updated_at = now() WHERE w.id = @id RETURNING ` + webhookColumns
	out, err := oneWebhook(ctx, s.pool, q, pgx.NamedArgs{"id": id})
	if err != nil {
		return out, failWebhook("rotate", id, err, conversation.ErrNoWebhook)
	}
	return out, nil
}

// DeleteWebhook implements conversation.WebhookBook. A long log is left to the sweep.
func (s *Store) DeleteWebhook(ctx context.Context, id string) error {
	const q = `WITH w AS (DELETE FROM webhooks WHERE id = @id RETURNING id),
		d AS (UPDATE webhook_deliveries SET state = 'failed', settled_at = now(), lease_token = NULL FROM w WHERE webhook_id = w.id AND state = 'pending')
		SELECT id FROM w`
	var got string
	if err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{"id": id}).Scan(&got); err != nil {
		return failWebhook("delete", id, err, conversation.ErrNoWebhook)
	}
	return nil
}

// webhookDeliveryColumns are what scanWebhookDelivery reads, of webhook_deliveries as d. While an
// attempt is under way its due_at is no time to tell anybody.
const webhookDeliveryColumns = `d.id::text, d.webhook_id::text, d.kind, d.event_id::text, d.state, d.attempts, d.status, d.took_ms, d.error, d.created_at,
	CASE WHEN d.state = 'pending' AND d.lease_token IS NULL THEN d.due_at END`

func scanWebhookDelivery(row pgx.CollectableRow) (d conversation.WebhookDelivery, err error) {
	var took int64
	var next *time.Time
	err = row.Scan(&d.ID, &d.Webhook, &d.Event, &d.EventID, &d.State, &d.Attempts, &d.Status, &took, &d.Error, &d.At, &next)
	d.Took, d.NextAt = time.Duration(took)*time.Millisecond, orZero(next)
	return d, err
}

// WebhookLog implements conversation.WebhookBook.
func (s *Store) WebhookLog(ctx context.Context, id, cursor string, limit int) ([]conversation.WebhookDelivery, string, error) {
	const known = `SELECT true FROM webhooks WHERE id = @id`
	const all = `SELECT ` + webhookDeliveryColumns + ` FROM webhook_deliveries d WHERE d.webhook_id = @id`
	const older = ` AND (d.created_at, d.id) < (@at, @last::uuid)`
	const newest = ` ORDER BY d.created_at DESC, d.id DESC LIMIT @limit`
	at, last, err := openCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	var there bool
	if err := s.pool.QueryRow(ctx, known, pgx.NamedArgs{"id": id}).Scan(&there); err != nil {
		return nil, "", failWebhook("read the log of", id, err, conversation.ErrNoWebhook)
	}
	q := all
	if cursor != "" {
		q += older
	}
	rows, err := s.pool.Query(ctx, q+newest, pgx.NamedArgs{"id": id, "at": at, "last": null(last), "limit": limit})
	if err != nil {
		return nil, "", failWebhook("read the log of", id, err, conversation.ErrNoWebhook)
	}
	list, err := pgx.CollectRows(rows, scanWebhookDelivery)
	if err != nil {
		return nil, "", failWebhook("read the log of", id, err, conversation.ErrNoWebhook)
	}
	next := ""
	if len(list) == limit && limit > 0 {
		d := list[limit-1]
		next = base64.RawURLEncoding.EncodeToString([]byte(d.At.UTC().Format(time.RFC3339Nano) + " " + d.ID))
	}
	return list, next, nil
}

// RetryWebhook implements conversation.WebhookBook.
func (s *Store) RetryWebhook(ctx context.Context, id string) (conversation.WebhookDelivery, error) {
	// One that waits is only made due; one under way is left alone.
	const q = `UPDATE webhook_deliveries d SET state = 'pending', settled_at = NULL,
			due_at = CASE WHEN d.lease_token IS NULL THEN now() ELSE d.due_at END,
			until = now() + interval '24 hours'
		FROM webhooks w WHERE d.id = @id AND w.id = d.webhook_id RETURNING ` + webhookDeliveryColumns
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"id": id})
	if err != nil {
		return conversation.WebhookDelivery{}, failWebhook("retry delivery of", id, err, conversation.ErrNoWebhookDelivery)
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanWebhookDelivery)
	if err != nil {
		return d, failWebhook("retry delivery of", id, err, conversation.ErrNoWebhookDelivery)
	}
	return d, nil
}
