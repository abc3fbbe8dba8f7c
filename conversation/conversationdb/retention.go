package conversationdb

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

const (
	// forgetTalks, forgetFiles and forgetCalls bound what one step of retention deletes:
	// a step holds locks, and fills the log, for as long as it lasts.
	forgetTalks, forgetFiles, forgetCalls = 100, 100, 5000
	// retainEvery is how often retention comes up.
	retainEvery = 24 * time.Hour
)

// RetentionDue takes the day's retention within tx, if nobody has.
func RetentionDue(ctx context.Context, tx pgx.Tx) (bool, error) {
	const q = `UPDATE retention_worker SET due_at = now() + make_interval(secs => @every)
		WHERE singleton IN (SELECT singleton FROM retention_worker WHERE due_at <= now() FOR UPDATE SKIP LOCKED)`
	tag, err := tx.Exec(ctx, q, pgx.NamedArgs{"every": seconds(retainEvery)})
	if err != nil {
		return false, fmt.Errorf("take retention: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}

// Forget deletes some of what is older than r says, and of what visitors left who never
// wrote, each kind in a transaction of its own, and reports whether there may be more.
func (s *Store) Forget(ctx context.Context, r conversation.Retention) (f conversation.Forgotten, more bool, err error) {
	if err := r.Check(); err != nil {
		return f, false, err
	}
	var lonely int64
	if f.Unsaid, lonely, err = s.forgetUnsaid(ctx); err != nil {
		return f, false, fmt.Errorf("forget conversations that never began: %w", err)
	}
	more = f.Unsaid == forgetTalks
	if r.ConversationsDays != nil {
		if f.Conversations, f.Contacts, err = s.forgetConversations(ctx, *r.ConversationsDays); err != nil {
			return f, false, fmt.Errorf("forget conversations: %w", err)
		}
		more = more || f.Conversations == forgetTalks
	}
	f.Contacts += lonely
	if r.FilesDays != nil {
		// What is still to be looked into is left to whoever looks.
		const q = `UPDATE files SET content = NULL, picture = NULL WHERE id IN (
			SELECT id FROM files WHERE (content IS NOT NULL OR picture IS NOT NULL) AND state <> 'pending'
			AND created_at < now() - make_interval(days => @days) LIMIT @batch FOR UPDATE SKIP LOCKED)`
		if f.Files, err = s.forget(ctx, q, *r.FilesDays, forgetFiles); err != nil {
			return f, false, fmt.Errorf("forget files: %w", err)
		}
		more = more || f.Files == forgetFiles
	}
	if r.CallsDays != nil {
		// Whole days, so that what is left of a day adds up to the day.
		const q = `DELETE FROM model_calls WHERE id IN (
			SELECT id FROM model_calls WHERE created_at < date_trunc('day', now(), 'UTC') - make_interval(days => @days) LIMIT @batch FOR UPDATE SKIP LOCKED)`
		if f.Calls, err = s.forget(ctx, q, *r.CallsDays, forgetCalls); err != nil {
			return f, false, fmt.Errorf("forget model calls: %w", err)
		}
		more = more || f.Calls == forgetCalls
	}
	return f, more, nil
}

func (s *Store) forget(ctx context.Context, q string, days, batch int) (int64, error) {
	tag, err := s.pool.Exec(ctx, q, pgx.NamedArgs{"days": days, "batch": batch})
	return tag.RowsAffected(), err
}
