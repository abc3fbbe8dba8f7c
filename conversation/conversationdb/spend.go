package conversationdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// Reserve implements conversation.Holds; how it is exact stands with the function.
func (s *Store) Reserve(ctx context.Context, h conversation.Hold) (conversation.Held, error) {
	const q = `SELECT refused, spent, told FROM spend_reserve(@id, @talk, @micros, @lapse, @day, @conversation, @visitor, @warn, @quiet)`
	l := h.Limits
	warn := l.Warn
	if warn <= 0 || warn > 1 {
		warn = conversation.DefaultWarn
	}
	var out conversation.Held
	err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{
		"id": h.ID, "talk": null(h.Conversation), "micros": h.Micros, "lapse": seconds(h.Lapse),
		"day": l.DayMicros, "conversation": l.ConversationMicros, "visitor": l.VisitorMicros, "warn": warn, "quiet": h.Quiet,
	}).Scan(&out.Refused, &out.Spent, &out.Told)
	if err != nil {
		return conversation.Held{}, fail("reserve a model call of", h.Conversation, err)
	}
	return out, nil
}

// ReleaseHold ends a reservation of which nothing came, in a transaction with whatever says so.
func (s *Store) ReleaseHold(ctx context.Context, tx pgx.Tx, hold string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM spend_holds WHERE id = @id`, pgx.NamedArgs{"id": hold}); err != nil {
		return fail("release the reservation", hold, err)
	}
	return nil
}

// Spent implements conversation.Reports.
func (s *Store) Spent(ctx context.Context) (conversation.Spent, error) {
	const q = `
		WITH t AS (SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS today)
		SELECT coalesce((SELECT sum(micros) FROM spend_days WHERE day = today), 0)::bigint,
			coalesce((SELECT sum(micros) FROM spend_holds WHERE until > clock_timestamp()), 0)::bigint,
			coalesce((SELECT limit_micros FROM spend_alerts WHERE day = today AND level = 'spent'), 0),
			(today + 1)::timestamp AT TIME ZONE 'UTC'
		FROM t`
	var out conversation.Spent
	if err := s.pool.QueryRow(ctx, q).Scan(&out.Micros, &out.Reserved, &out.RefusedAt, &out.Resets); err != nil {
		return out, fmt.Errorf("read what was spent: %w", err)
	}
	return out, nil
}

// usageGroups are the columns that usage can be grouped by.
var usageGroups = map[conversation.UsageGroup]string{
	conversation.ByDay:     `(m.created_at AT TIME ZONE 'UTC')::date::text`,
	conversation.ByModel:   `m.model`,
	conversation.ByPurpose: `m.purpose`,
	conversation.ByChannel: `coalesce(c.channel, '')`,
	conversation.ByOutcome: `m.outcome`,
}

// failedCall holds for calls that ended in an error: an answer that was thrown away, or
// broken off because the customer went on, is none.
const failedCall = `m.outcome NOT IN ('ok', 'discarded', 'cancelled')`

const usageSums = `count(*), count(*) FILTER (WHERE ` + failedCall + `), count(*) FILTER (WHERE m.unpriced),
	coalesce(sum(m.input_tokens), 0)::bigint, coalesce(sum(m.cached_tokens), 0)::bigint, coalesce(sum(m.output_tokens), 0)::bigint, coalesce(sum(m.cost_micros), 0)::bigint,
	coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY m.duration_ms), 0), coalesce(percentile_disc(0.95) WITHIN GROUP (ORDER BY m.duration_ms), 0)`

// Usage implements conversation.Reports. Failures are grouped once more by their kind
// and joined, so that the rows stream however many there are.
func (s *Store) Usage(ctx context.Context, q conversation.UsageQuery, each func(conversation.UsageRow) error) error {
	keys, source := "", "model_calls m"
	for i := range 5 {
		key := `''`
		if g := conversation.UsageGroup(i); q.By(g) {
			key = usageGroups[g]
			if g == conversation.ByChannel {
				source = "model_calls m LEFT JOIN conversations c ON c.id = m.conversation_id"
			}
		}
		keys += fmt.Sprintf("%s AS k%d, ", key, i)
	}
	const where = ` WHERE m.created_at >= @from AND m.created_at < @to `
	sql := `WITH u AS (SELECT ` + keys + usageSums + ` FROM ` + source + where + ` GROUP BY 1, 2, 3, 4, 5),
		e AS (SELECT k0, k1, k2, k3, k4, jsonb_object_agg(outcome, n) AS errors FROM (
			SELECT ` + keys + ` m.outcome, count(*) AS n FROM ` + source + where + ` AND ` + failedCall + ` GROUP BY 1, 2, 3, 4, 5, 6) f GROUP BY 1, 2, 3, 4, 5)
		SELECT u.*, coalesce(e.errors, '{}') FROM u LEFT JOIN e USING (k0, k1, k2, k3, k4) ORDER BY 1, 2, 3, 4, 5`
	rows, err := s.pool.Query(ctx, sql, pgx.NamedArgs{"from": q.From, "to": q.To})
	if err != nil {
		return fmt.Errorf("sum usage: %w", err)
	}
	var r conversation.UsageRow
	_, err = pgx.ForEachRow(rows, append([]any{&r.Day, &r.Model, &r.Purpose, &r.Channel, &r.Outcome}, append(usageTargets(&r.UsageSum), &r.Errors)...), func() error {
		row := r
		r.Errors = nil
		return each(row)
	})
	if err != nil {
		return fmt.Errorf("sum usage: %w", err)
	}
	return nil
}

func usageTargets(u *conversation.UsageSum) []any {
	return []any{&u.Calls, &u.Failed, &u.Unpriced, &u.InputTokens, &u.CachedTokens, &u.OutputTokens, &u.CostMicros, &u.P50, &u.P95}
}

// UsageTotal implements conversation.Reports.
func (s *Store) UsageTotal(ctx context.Context, from, to time.Time) (conversation.UsageTotal, error) {
	const sums = `SELECT ` + usageSums + `, coalesce(sum(m.cost_micros) FILTER (WHERE m.conversation_id IS NOT NULL), 0)::bigint
		FROM model_calls m WHERE m.created_at >= @from AND m.created_at < @to`
	const kinds = `SELECT m.outcome, count(*) FROM model_calls m WHERE m.created_at >= @from AND m.created_at < @to AND ` + failedCall + ` GROUP BY 1`
	const talks = `SELECT count(*), count(*) FILTER (WHERE status = 'resolved') FROM conversations
		WHERE seq > 0 AND customer_at >= @from AND created_at < @to`
	args := pgx.NamedArgs{"from": from, "to": to}
	out := conversation.UsageTotal{UsageSum: conversation.UsageSum{Errors: map[string]int64{}}}
	if err := s.pool.QueryRow(ctx, sums, args).Scan(append(usageTargets(&out.UsageSum), &out.TalkMicros)...); err != nil {
		return out, fmt.Errorf("total usage: %w", err)
	}
	if err := s.pool.QueryRow(ctx, talks, args).Scan(&out.Conversations, &out.Resolved); err != nil {
		return out, fmt.Errorf("total usage: %w", err)
	}
	rows, err := s.pool.Query(ctx, kinds, args)
	if err != nil {
		return out, fmt.Errorf("total usage: %w", err)
	}
	var kind string
	var n int64
	if _, err := pgx.ForEachRow(rows, []any{&kind, &n}, func() error { out.Errors[kind] = n; return nil }); err != nil {
		return out, fmt.Errorf("total usage: %w", err)
	}
	return out, nil
}

// maxCalls is how many calls of one conversation are listed.
const maxCalls = 500

// ConversationUsage implements conversation.Reports.
func (s *Store) ConversationUsage(ctx context.Context, id string) ([]conversation.BookedCall, conversation.UsageSum, error) {
	const list = `
		SELECT created_at, coalesce(turn::text, ''), purpose, model, outcome, input_tokens, cached_tokens, output_tokens, cost_micros, estimated, unpriced, duration_ms
		FROM model_calls WHERE conversation_id = @id ORDER BY id DESC LIMIT @limit`
	const sums = `SELECT ` + usageSums + ` FROM conversations c LEFT JOIN model_calls m ON m.conversation_id = c.id WHERE c.id = @id GROUP BY c.id`
	args := pgx.NamedArgs{"id": id, "limit": maxCalls}
	var total conversation.UsageSum
	err := s.pool.QueryRow(ctx, sums, args).Scan(usageTargets(&total)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, total, conversation.ErrNotFound
	}
	if err != nil {
		return nil, total, fail("sum the calls of", id, err)
	}
	rows, err := s.pool.Query(ctx, list, args)
	if err != nil {
		return nil, total, fail("list the calls of", id, err)
	}
	calls, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c conversation.BookedCall, err error) {
		u, millis := &c.Usage, int64(0)
		err = row.Scan(&c.At, &c.Turn, &c.Purpose, &c.Model, &c.Outcome, &u.InputTokens, &u.CachedTokens, &u.OutputTokens, &u.CostMicros, &u.Estimated, &u.Unpriced, &millis)
		c.Duration = time.Duration(millis) * time.Millisecond
		return c, err
	})
	if err != nil {
		return nil, total, fail("list the calls of", id, err)
	}
	if len(calls) == 0 {
		total = conversation.UsageSum{} // the join's one row without a call
	}
	return calls, total, nil
}
