package conversationdb

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

const (
	// roundPage is how many episodes one step of a round looks at, which is how many rows
	// it may lock, and roundSteps how many steps one look at what is overdue makes.
	roundPage, roundSteps = 1000, 20
)

// goRound goes on with the round through all episodes that a change of the rules asks
// for, if there is one and no other replica is at it. Each step is a commit of its own and
// locks its episodes in the order of their key, so that messages wait for a moment at the
// most. What it comes upon is due within a minute, spread so that no replica has to look at
// everything at once, and not before all go by the new rules; a look that is under way by
// the old ones is taken again.
func (s *Store) goRound(ctx context.Context) error {
	const q = `
		WITH r AS MATERIALIZED (
			SELECT conversation_id, episode FROM episode_rounds WHERE episode IS NOT NULL FOR UPDATE SKIP LOCKED
		), page AS MATERIALIZED (
			SELECT e.conversation_id, e.episode FROM r CROSS JOIN LATERAL (
				SELECT conversation_id, episode FROM episodes
				WHERE (conversation_id, episode) > (r.conversation_id, r.episode) ORDER BY conversation_id, episode LIMIT @page) e
		), held AS MATERIALIZED (
			SELECT e.conversation_id, e.episode FROM page JOIN episodes e USING (conversation_id, episode)
			WHERE e.due_at IS NOT NULL ORDER BY e.conversation_id, e.episode FOR UPDATE OF e
		), again AS (
			UPDATE episodes e SET due_at = least(e.due_at, now() + (5 + random() * 55) * interval '1 second'), wakes = e.wakes + 1
			FROM held WHERE e.conversation_id = held.conversation_id AND e.episode = held.episode
		), last AS (
			SELECT conversation_id, episode FROM page ORDER BY conversation_id DESC, episode DESC LIMIT 1
		)
		UPDATE episode_rounds SET conversation_id = coalesce((SELECT conversation_id FROM last), r.conversation_id),
			episode = CASE WHEN (SELECT count(*) FROM page) = @page THEN (SELECT episode FROM last) END
		FROM r RETURNING episode_rounds.episode IS NOT NULL`
	for range roundSteps {
		var more bool
		err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{"page": roundPage}).Scan(&more)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("have every conversation looked at by the new rules: %w", err)
		}
		if !more {
			return nil
		}
	}
	return nil
}
