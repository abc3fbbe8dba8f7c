package conversationdb

import (
	"context"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// Bounds of what a briefing shows: a card beside the composer, not the log again.
const (
	maxAskedRunes = 300
	maxTried      = 3
)

// Briefing implements conversation.Briefings. Of the episode at hand only: what was
// said before it is another matter.
func (s *Store) Briefing(ctx context.Context, id string) (conversation.Briefing, error) {
	const q = `
		SELECT CASE WHEN c.summary_seq > c.context_seq THEN c.summary ELSE '' END, coalesce(e.reason, ''), w.trace, n.said,
			ARRAY(SELECT left(m.text, @runes) FROM (
				SELECT m.seq, m.body AS text FROM messages m
				WHERE m.conversation_id = c.id AND m.episode = c.episode AND m.author = 'customer' AND m.body <> '' ORDER BY m.seq DESC LIMIT @asked
			) m ORDER BY m.seq)
		FROM conversations c
		LEFT JOIN LATERAL (
			SELECT reason FROM ownership_events
			WHERE conversation_id = c.id AND from_owner = 'bot' AND to_owner = 'queue'
				AND created_at >= (SELECT min(m.created_at) FROM messages m WHERE m.conversation_id = c.id AND m.episode = c.episode)
			ORDER BY id DESC LIMIT 1
		) e ON true
		LEFT JOIN LATERAL (
			SELECT trace FROM messages WHERE conversation_id = c.id AND episode = c.episode AND trace IS NOT NULL ORDER BY seq DESC LIMIT 1
		) w ON true
		CROSS JOIN LATERAL (
			SELECT count(*) AS said FROM messages m WHERE m.conversation_id = c.id AND m.episode = c.episode AND m.author = 'customer'
		) n
		WHERE c.id = @id`
	var (
		b     conversation.Briefing
		trace *conversation.Trace
	)
	args := pgx.NamedArgs{"id": id, "runes": maxAskedRunes, "asked": conversation.MaxAsked}
	if err := s.pool.QueryRow(ctx, q, args).Scan(&b.Summary, &b.Reason, &trace, &b.Said, &b.Asked); err != nil {
		return b, fail("read the briefing of", id, err)
	}
	if trace == nil {
		return b, nil
	}
	if trace.Summary != "" {
		b.Summary, b.Handover = trace.Summary, true
	}
	for _, h := range trace.Passages[:min(maxTried, len(trace.Passages))] {
		b.Tried = append(b.Tried, h.Title)
	}
	return b, nil
}
