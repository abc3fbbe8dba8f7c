package conversationdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// SetGap implements conversation.GapBook.
func (s *Store) SetGap(ctx context.Context, id string, c conversation.GapChange) error {
	return s.setGap(ctx, s.pool, id, c, -1)
}

type gapSetter interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// setGap changes the gap, where changes is not negative only if its questions are
// still those of then.
func (s *Store) setGap(ctx context.Context, db gapSetter, id string, c conversation.GapChange, changes int64) error {
	const q = `
		WITH old AS (
			SELECT id FROM gaps WHERE id = @id
		), of AS MATERIALIZED ( -- whoever erases one of them takes the draft out after this, or has been faster
			SELECT id FROM conversations WHERE id = ANY (@of::uuid[]) ORDER BY id FOR KEY SHARE
		), set AS (
			UPDATE gaps SET state = @to, state_at = CASE WHEN state = @to THEN state_at ELSE now() END,
				draft = coalesce(@draft::jsonb, draft), document_id = coalesce(@document::uuid, document_id), saved = @saved,
				outcome = @outcome
			WHERE id = @id AND state = ANY (@from::text[]) AND (@changes < 0 OR changes = @changes)
			AND (SELECT count(*) FROM of) = cardinality(@of::uuid[])
			RETURNING id
		)
		SELECT EXISTS (SELECT FROM set) FROM old`
	var draft []byte
	if c.Draft != nil {
		var err error
		if draft, err = json.Marshal(c.Draft); err != nil {
			return failGap("change", id, err)
		}
	}
	var done bool
	err := db.QueryRow(ctx, q, pgx.NamedArgs{
		"id": id, "to": c.To, "from": c.From, "draft": draft, "document": null(c.Document), "saved": c.Saved,
		"outcome": c.Outcome, "changes": changes, "of": append([]string{}, c.Of...),
	}).Scan(&done)
	if err == nil && !done {
		err = conversation.ErrGapState
	}
	if err != nil {
		return failGap("change", id, err)
	}
	return nil
}

// Publishing implements conversation.GapRetry.
func (s *Store) Publishing(ctx context.Context, limit int) ([]conversation.Gap, error) {
	// The one looked at longest ago comes first, so that one that waits for its
	// document keeps no other back.
	const q = `
		UPDATE gaps SET looked_at = now() WHERE id IN (
			SELECT id FROM gaps WHERE state = 'publishing' ORDER BY looked_at LIMIT @limit FOR UPDATE SKIP LOCKED)
		RETURNING id::text`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"limit": limit})
	if err != nil {
		return nil, fmt.Errorf("look for gaps to ask again: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look for gaps to ask again: %w", err)
	}
	var out []conversation.Gap
	for _, id := range ids {
		g, err := s.Gap(ctx, id)
		if errors.Is(err, conversation.ErrNoGap) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if g.State == conversation.GapPublishing {
			out = append(out, g)
		}
	}
	return out, nil
}

// Asked implements conversation.GapRetry. It holds off questions that would join.
func (s *Store) Asked(ctx context.Context, id string, changes int64, answered []conversation.GapQuestion, c conversation.GapChange) error {
	const mark = `
		UPDATE gap_questions q SET answered = a.answered
		FROM unnest(@ids::uuid[], @seqs::bigint[], @answered::boolean[]) AS a(id, seq, answered)
		WHERE q.conversation_id = a.id AND q.seq = a.seq AND q.gap_id = @gap`
	ids, seqs, yes := make([]string, len(answered)), make([]int64, len(answered)), make([]bool, len(answered))
	for i, q := range answered {
		ids[i], seqs[i], yes[i] = q.Conversation, q.Seq, q.Answered != nil && *q.Answered
	}
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := lockGaps(ctx, tx); err != nil {
			return failGap("close", id, err)
		}
		if _, err := tx.Exec(ctx, mark, pgx.NamedArgs{"ids": ids, "seqs": seqs, "answered": yes, "gap": id}); err != nil {
			return failGap("close", id, err)
		}
		return s.setGap(ctx, tx, id, c, changes)
	})
}

// MergeGaps implements conversation.GapGroups.
func (s *Store) MergeGaps(ctx context.Context, to, from string) error {
	const (
		gaps = `SELECT id::text, state FROM gaps WHERE id = ANY (@ids::uuid[]) ORDER BY id FOR UPDATE`
		move = `UPDATE gap_questions SET gap_id = @to WHERE gap_id = @from`
		// The merged one has the target's vectors' model, or the only one there is.
		settle = `UPDATE gaps t SET state = CASE WHEN t.state = 'closed' THEN 'open' ELSE t.state END,
				embedding_model = CASE WHEN t.embedding IS NULL THEN f.embedding_model ELSE t.embedding_model END
			FROM gaps f WHERE t.id = @to AND f.id = @from`
		recount = `SELECT gaps_recount(ARRAY[@to, @from]::uuid[])`
	)
	args := pgx.NamedArgs{"ids": []string{to, from}, "to": to, "from": from}
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := lockGaps(ctx, tx); err != nil {
			return failGap("merge into", to, err)
		}
		rows, err := tx.Query(ctx, gaps, pgx.NamedArgs{"ids": args["ids"]})
		if err != nil {
			return failGap("merge into", to, err)
		}
		states, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
			ID    string
			State conversation.GapState
		}])
		switch {
		case err != nil:
		case to == from:
			err = conversation.ErrGapState
		case len(states) < 2:
			err = conversation.ErrNoGap
		case states[0].State == conversation.GapPublishing || states[1].State == conversation.GapPublishing:
			err = conversation.ErrGapState
		}
		if err != nil {
			return failGap("merge into", to, err)
		}
		for _, sql := range []string{move, settle, recount} {
			if _, err := tx.Exec(ctx, sql, args); err != nil {
				return failGap("merge into", to, err)
			}
		}
		return nil
	})
}
