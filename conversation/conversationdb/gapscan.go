package conversationdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
	"frontdesk/knowledge"
)

const (
	// lateCommit is how long a statement may take whose change is not to be missed:
	// updated_at is when it began. The engine gives one 10 s and the console 20 s.
	lateCommit = time.Minute
	// gapLookback is how many messages before the last one read are read again: a
	// thumb or a takeover comes after the question it is about.
	gapLookback = 100
	// gapWindow bounds the messages read at a time, gapBody each of them, in
	// characters, and gapEvents the changes of owner beside them.
	gapWindow = 400
	gapBody   = 2000
	gapEvents = 400
)

const foreignKeyViolation = "23503"

// unread are conversations changed since they were read, as c with their scan s.
const unread = `
	FROM conversations c LEFT JOIN gap_scans s ON s.conversation_id = c.id
	WHERE c.seq > 0 AND c.updated_at > (SELECT cursor_at FROM gap_worker) - make_interval(secs => @late)
		AND c.updated_at <= now() - make_interval(secs => @settle) AND s.updated_at IS DISTINCT FROM c.updated_at`

// GapWork implements conversation.GapSource.
func (s *Store) GapWork(ctx context.Context, settle time.Duration, model string) (work, publishing bool, err error) {
	const q = `
		SELECT EXISTS (SELECT ` + unread + `) OR EXISTS (SELECT FROM gap_questions WHERE gap_id IS NULL)
				OR @model <> '' AND (EXISTS (SELECT FROM gap_questions WHERE embedding_model < @model)
					OR EXISTS (SELECT FROM gap_questions WHERE embedding_model > @model)),
			EXISTS (SELECT FROM gaps WHERE state = 'publishing')`
	err = s.pool.QueryRow(ctx, q, pgx.NamedArgs{"late": seconds(lateCommit), "settle": seconds(settle), "model": model}).Scan(&work, &publishing)
	if err != nil {
		return false, false, fmt.Errorf("look for work on gaps: %w", err)
	}
	return work || publishing, publishing, nil
}

// Unread implements conversation.GapSource.
func (s *Store) Unread(ctx context.Context, settle time.Duration, limit int) ([]conversation.GapScan, error) {
	const q = `SELECT c.id::text, c.contact_id::text, c.channel, c.updated_at, coalesce(s.seq, 0)` + unread + ` ORDER BY c.updated_at, c.id LIMIT @limit`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"late": seconds(lateCommit), "settle": seconds(settle), "limit": limit})
	if err != nil {
		return nil, fmt.Errorf("look for unread conversations: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[conversation.GapScan])
	if err != nil {
		return nil, fmt.Errorf("look for unread conversations: %w", err)
	}
	return out, nil
}

// GapLog implements conversation.GapSource.
func (s *Store) GapLog(ctx context.Context, scan conversation.GapScan) (l conversation.GapLog, last int64, whole bool, err error) {
	const log = `
		SELECT seq, author, note, CASE WHEN author = 'customer' THEN left(body, @body) ELSE '' END, coalesce(turn::text, ''),
			episode, created_at, helpful, coalesce(jsonb_array_length(nullif(sources, 'null')), 0),
			coalesce(trace->>'kind', ''), coalesce(trace->>'query', ''), coalesce((trace->>'confidence')::float8, 0)
		FROM messages WHERE conversation_id = @id AND seq > @after ORDER BY seq LIMIT @limit`
	const events = `
		SELECT from_owner, to_owner, reason, created_at FROM ownership_events
		WHERE conversation_id = @id AND created_at >= @since AND (@whole OR created_at <= @until) ORDER BY id LIMIT @limit`
	id := scan.Conversation
	l.Conversation, l.Contact, l.Channel = id, scan.Contact, scan.Channel
	rows, err := s.pool.Query(ctx, log, pgx.NamedArgs{"id": id, "after": scan.Seq - gapLookback, "limit": gapWindow, "body": gapBody})
	if err == nil {
		l.Messages, err = pgx.CollectRows(rows, pgx.RowToStructByPos[conversation.GapMessage])
	}
	if err != nil {
		return l, 0, false, fail("read gaps of", id, err)
	}
	if len(l.Messages) == 0 {
		return l, scan.Seq, true, nil
	}
	newest := l.Messages[len(l.Messages)-1]
	whole = len(l.Messages) < gapWindow
	// What changed with the newest message is stamped after it.
	rows, err = s.pool.Query(ctx, events, pgx.NamedArgs{"id": id, "since": l.Messages[0].At, "until": newest.At, "whole": whole, "limit": gapEvents})
	if err == nil {
		l.Events, err = pgx.CollectRows(rows, pgx.RowToStructByPos[conversation.GapEvent])
	}
	if err != nil {
		return l, 0, false, fail("read gaps of", id, err)
	}
	return l, newest.Seq, whole, nil
}

// Read implements conversation.GapSource.
func (s *Store) Read(ctx context.Context, scan conversation.GapScan, qs []conversation.GapQuestion, last int64, whole bool) error {
	const add = `
		INSERT INTO gap_questions (conversation_id, seq, contact_id, channel, lang, body, query, reason, confidence, asked_at, dims, weights)
		VALUES (@id, @seq, @contact, @channel, @lang, @body, @query, @reason, @confidence, @at, @dims, @weights)
		ON CONFLICT (conversation_id, seq) DO NOTHING`
	// A conversation read in part only stays unread: its time is one it never had.
	const done = `
		INSERT INTO gap_scans AS g (conversation_id, updated_at, seq) VALUES (@id, @at, @seq)
		ON CONFLICT (conversation_id) DO UPDATE SET updated_at = excluded.updated_at, seq = greatest(g.seq, excluded.seq)`
	// What a crash loses of this is read again: whatever says that it was read is
	// lost with it, and ReadUntil commits after it.
	const nosync = `SELECT set_config('synchronous_commit', 'off', true)`
	// Erasing takes the conversation before its messages, and so does this.
	const first = `SELECT 1 FROM conversations WHERE id = @id FOR KEY SHARE`
	batch := &pgx.Batch{}
	batch.Queue(nosync)
	batch.Queue(first, pgx.NamedArgs{"id": scan.Conversation})
	for _, q := range qs {
		dims, weights := unzip(q.Terms)
		batch.Queue(add, pgx.NamedArgs{
			"id": q.Conversation, "seq": q.Seq, "contact": q.Contact, "channel": q.Channel, "lang": q.Lang, "body": q.Text, "query": q.Query,
			"reason": q.Reason, "confidence": q.Confidence, "at": q.At, "dims": dims, "weights": weights,
		})
	}
	at := scan.UpdatedAt
	if !whole {
		at = time.Unix(0, 0)
	}
	batch.Queue(done, pgx.NamedArgs{"id": scan.Conversation, "at": at, "seq": last})
	// A batch without a transaction of its own is one.
	err := s.pool.SendBatch(ctx, batch).Close()
	if isCode(err, foreignKeyViolation) {
		err = conversation.ErrNotFound // deleted since
	}
	if err != nil {
		return fail("store gap questions of", scan.Conversation, err)
	}
	return nil
}

func unzip(ts []conversation.GapTerm) (dims []int32, weights []float32) {
	dims, weights = make([]int32, len(ts)), make([]float32, len(ts))
	for i, t := range ts {
		dims[i], weights[i] = t.Dim, float32(t.Weight)
	}
	return dims, weights
}

// ReadUntil implements conversation.GapSource.
func (s *Store) ReadUntil(ctx context.Context, at time.Time) error {
	const q = `UPDATE gap_worker SET cursor_at = @at WHERE cursor_at < @at`
	if _, err := s.pool.Exec(ctx, q, pgx.NamedArgs{"at": at}); err != nil {
		return fmt.Errorf("move on reading gaps: %w", err)
	}
	return nil
}

// LeaseGaps implements conversation.GapLease.
func (s *Store) LeaseGaps(ctx context.Context, lease time.Duration) (string, error) {
	const q = `
		UPDATE gap_worker SET lease_token = @token, lease_until = now() + make_interval(secs => @lease)
		WHERE lease_until < now() RETURNING lease_token::text`
	var token string
	err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{"token": knowledge.NewID(), "lease": seconds(lease)}).Scan(&token)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("lease gaps: %w", err)
	}
	return token, nil
}

// EndGapLease implements conversation.GapLease.
func (s *Store) EndGapLease(ctx context.Context, token string) error {
	const q = `UPDATE gap_worker SET lease_token = NULL, lease_until = '1970-01-01' WHERE lease_token = @token`
	if _, err := s.pool.Exec(ctx, q, pgx.NamedArgs{"token": token}); err != nil {
		return fmt.Errorf("end the lease of gaps: %w", err)
	}
	return nil
}
