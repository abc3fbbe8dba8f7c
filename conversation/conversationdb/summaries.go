package conversationdb

import (
	"context"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// KeepSummary implements conversation.Summaries. A new episode or a hand-back has
// moved the context past the summary's last message; another replica that was first
// has moved summary_seq.
func (s *Store) KeepSummary(ctx context.Context, t conversation.Turn, through int64, text string) (bool, error) {
	const q = `
		UPDATE conversations SET summary = @text, summary_seq = @through
		WHERE id = @id AND episode = @episode AND context_seq < @through
		AND summary_seq = @was AND summary_seq < @through`
	id := t.State.Conversation
	tag, err := s.pool.Exec(ctx, q, pgx.NamedArgs{
		"id": id, "episode": t.State.Episode, "through": through, "was": t.SummarySeq, "text": text,
	})
	if err != nil {
		return false, fail("summarise", id, err)
	}
	return tag.RowsAffected() == 1, nil
}
