package conversationdb

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// reportComments reads what customers said beside the scores that a report counts.
func (s *Store) reportComments(ctx context.Context, q conversation.ReportQuery) ([]conversation.Comment, error) {
	sql := `
		SELECT e.conversation_id::text, p.name, e.rating, e.comment, e.rated_at
		FROM episodes e JOIN conversations c ON c.id = e.conversation_id JOIN contacts p ON p.id = c.contact_id
		WHERE ` + episodesOf(q) + ` AND e.rating IS NOT NULL AND e.rated_at IS NOT NULL AND e.comment <> ''
		ORDER BY e.rated_at DESC, e.conversation_id, e.episode DESC LIMIT @most`
	args := reportArgs(q)
	args["first"], args["most"] = q.From, conversation.MaxReportComments
	rows, err := s.pool.Query(ctx, sql, args)
	if err != nil {
		return nil, fmt.Errorf("report comments: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[conversation.Comment])
	if err != nil {
		return nil, fmt.Errorf("report comments: %w", err)
	}
	return list, nil
}
