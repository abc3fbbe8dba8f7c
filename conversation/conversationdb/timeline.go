package conversationdb

import (
	"context"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// maxTimeline bounds a timeline; of a longer one the newest are shown.
const maxTimeline = 1000

// Timeline implements conversation.InboxLists. A resolution, by staff or because nothing
// more came, and a reopening are changes of status, whoever owned the conversation before
// and after; thumbs are the customer's ratings. What was said beside a score is kept with
// its episode, which is the one that had been rated last when the score was given.
func (s *Store) Timeline(ctx context.Context, id string) ([]conversation.TimelineEvent, error) {
	const q = `
		WITH event AS (
			SELECT e.created_at AS at, e.id AS n, CASE WHEN e.reason IN ('resolved', 'reopened', 'customer_silent') THEN 'status' ELSE 'owner' END AS kind,
				CASE WHEN e.reason IN ('resolved', 'customer_silent') THEN '' WHEN e.reason = 'reopened' THEN 'resolved' ELSE e.from_owner END AS was,
				CASE WHEN e.reason IN ('resolved', 'customer_silent') THEN 'resolved' WHEN e.reason = 'reopened' THEN 'open' ELSE e.to_owner END AS became,
				CASE WHEN e.detail <> '' THEN e.detail ELSE e.reason END AS reason, e.actor, '' AS name
			FROM ownership_events e WHERE e.conversation_id = @id
			UNION ALL
			SELECT e.created_at, e.id, e.kind, e.was, e.became, e.reason, e.actor, e.actor_name FROM conversation_events e WHERE e.conversation_id = @id
			UNION ALL
			SELECT m.created_at, m.seq, 'rating', '', CASE WHEN m.helpful THEN 'helpful' ELSE 'unhelpful' END, '', 'customer', '' FROM messages m
			WHERE m.conversation_id = @id AND m.helpful IS NOT NULL
			ORDER BY 1 DESC, 2 DESC LIMIT @most
		), rated AS (
			SELECT v.id, x.comment, row_number() OVER (PARTITION BY x.episode ORDER BY v.id DESC) AS nth
			FROM conversation_events v CROSS JOIN LATERAL (
				SELECT x.episode, x.comment FROM episodes x WHERE x.conversation_id = @id AND x.rated_at <= v.created_at ORDER BY x.rated_at DESC LIMIT 1
			) x WHERE v.conversation_id = @id AND v.kind = 'rating'
		)
		SELECT e.at, e.kind, e.was, e.became, e.reason, e.actor,
			CASE WHEN e.name <> '' THEN e.name ELSE coalesce((SELECT a.name FROM staff_accounts a WHERE a.id::text = e.actor),
				(SELECT t.name FROM staff_tokens t WHERE t.id::text = e.actor), '') END,
			CASE WHEN e.kind = 'rating' AND e.became NOT IN ('helpful', 'unhelpful') THEN coalesce((SELECT r.comment FROM rated r WHERE r.id = e.n AND r.nth = 1), '') ELSE '' END
		FROM event e ORDER BY e.at, e.n`
	if _, err := s.State(ctx, id); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"id": id, "most": maxTimeline})
	if err != nil {
		return nil, fail("read the timeline of", id, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[conversation.TimelineEvent])
	if err != nil {
		return nil, fail("read the timeline of", id, err)
	}
	return list, nil
}
