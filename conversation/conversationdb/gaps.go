package conversationdb

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
	"frontdesk/knowledge"
)

// gapSample is how many of a gap's newest questions are summed up where a list
// shows it.
const gapSample = 200

const gapQuery = `
	SELECT g.id::text, g.state, g.state_at, coalesce(f.body, ''), coalesce(f.lang, ''), g.questions, g.customers, n.talks,
		g.first_at, g.last_at, n.channels, n.languages, n.reasons, g.draft, coalesce(g.document_id::text, ''), g.saved, g.changes, g.outcome,
		g.rank
	FROM gaps g
	LEFT JOIN LATERAL (
		SELECT body, lang FROM gap_questions WHERE gap_id = g.id ORDER BY asked_at, conversation_id DESC, seq DESC LIMIT 1
	) f ON true
	CROSS JOIN LATERAL (
		SELECT count(DISTINCT conversation_id)::int AS talks, coalesce(array_agg(DISTINCT channel), '{}') AS channels,
			coalesce(array_agg(DISTINCT lang) FILTER (WHERE lang <> ''), '{}') AS languages, coalesce(array_agg(DISTINCT reason), '{}') AS reasons
		FROM (SELECT * FROM gap_questions WHERE gap_id = g.id ORDER BY asked_at DESC LIMIT @sample) q
	) n`

type gapScan struct {
	conversation.Gap
	rank float64
}

func scanGap(row pgx.CollectableRow) (g gapScan, err error) {
	var (
		reasons []string
		draft   []byte
	)
	err = row.Scan(&g.ID, &g.State, &g.StateAt, &g.Question, &g.Lang, &g.Questions, &g.Customers, &g.Talks, &g.FirstAt, &g.LastAt,
		&g.Channels, &g.Languages, &reasons, &draft, &g.DocumentID, &g.Saved, &g.Changes, &g.Outcome, &g.rank)
	for _, r := range reasons {
		g.Reasons = append(g.Reasons, conversation.GapReason(r))
	}
	if err == nil && draft != nil {
		g.Draft = new(knowledge.Entry)
		err = json.Unmarshal(draft, g.Draft)
	}
	return g, err
}

// Gaps implements conversation.GapBook.
func (s *Store) Gaps(ctx context.Context, state conversation.GapState, cursor string, limit int) ([]conversation.Gap, string, error) {
	const q = gapQuery + `
		WHERE g.state = @state AND (@all OR (g.rank, g.id) < (@rank, @id::uuid))
		ORDER BY g.rank DESC, g.id DESC LIMIT @limit`
	rank, id, err := openGapCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{
		"state": state, "all": cursor == "", "rank": rank, "id": null(id), "limit": limit, "sample": gapSample,
	})
	if err != nil {
		return nil, "", fmt.Errorf("list gaps: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanGap)
	if isCode(err, invalidText) {
		err = conversation.ErrBadCursor
	}
	if err != nil {
		return nil, "", fmt.Errorf("list gaps: %w", err)
	}
	out := make([]conversation.Gap, len(list))
	for i, g := range list {
		out[i] = g.Gap
	}
	next := ""
	if len(list) == limit && limit > 0 {
		last := list[limit-1]
		next = base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatFloat(last.rank, 'g', -1, 64) + " " + last.ID))
	}
	return out, next, nil
}

// openGapCursor reads what Gaps wrote.
func openGapCursor(cursor string) (float64, string, error) {
	if cursor == "" {
		return 0, "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	rank, id, ok := strings.Cut(string(b), " ")
	if err != nil || !ok || len(id) != 36 {
		return 0, "", conversation.ErrBadCursor
	}
	r, err := strconv.ParseFloat(rank, 64)
	if err != nil {
		return 0, "", conversation.ErrBadCursor
	}
	return r, id, nil
}

// Gap implements conversation.GapBook.
func (s *Store) Gap(ctx context.Context, id string) (conversation.Gap, error) {
	rows, err := s.pool.Query(ctx, gapQuery+` WHERE g.id = @id`, pgx.NamedArgs{"id": id, "sample": gapSample})
	if err != nil {
		return conversation.Gap{}, failGap("read", id, err)
	}
	g, err := pgx.CollectExactlyOneRow(rows, scanGap)
	if err != nil {
		return conversation.Gap{}, failGap("read", id, err)
	}
	return g.Gap, nil
}

func failGap(verb, id string, err error) error {
	if errors.Is(err, pgx.ErrNoRows) || isCode(err, invalidText) {
		err = conversation.ErrNoGap
	}
	return fmt.Errorf("%s gap %s: %w", verb, id, err)
}

// GapQuestions implements conversation.GapBook.
func (s *Store) GapQuestions(ctx context.Context, id string, limit int) ([]conversation.GapQuestion, error) {
	const q = `SELECT ` + gapQuestionColumns + ` FROM gap_questions q WHERE gap_id = @id
		ORDER BY asked_at DESC, conversation_id, seq LIMIT @limit`
	return s.gapQuestions(ctx, "read questions of gap "+id, q, pgx.NamedArgs{"id": id, "limit": limit})
}

// How much of what followed a question is read: messages, characters of each, and
// how many of the gap's newest questions are looked at for a reply.
const (
	talkMessages = 20
	talkBody     = 2000
	talkSample   = 100
)

// GapTalks implements conversation.GapBook.
func (s *Store) GapTalks(ctx context.Context, id string, limit int) ([]conversation.GapTalk, error) {
	const q = `
		WITH asked AS (
			SELECT q.*, m.episode FROM gap_questions q JOIN messages m USING (conversation_id, seq)
			WHERE q.gap_id = @id ORDER BY q.asked_at DESC LIMIT @sample
		), replied AS (
			SELECT * FROM (SELECT DISTINCT ON (conversation_id) * FROM asked q WHERE EXISTS (
				SELECT FROM messages m WHERE m.conversation_id = q.conversation_id AND m.seq > q.seq AND m.episode = q.episode
				AND m.author = 'staff' AND NOT m.note)
				ORDER BY conversation_id, seq DESC) newest
			ORDER BY asked_at DESC LIMIT @limit
		)
		SELECT ` + gapQuestionColumns + `,
			array_remove(array_append(n.names, p.name), ''), n.after
		FROM replied q
		JOIN conversations c ON c.id = q.conversation_id JOIN contacts p ON p.id = c.contact_id
		CROSS JOIN LATERAL (
			SELECT coalesce(array_agg(DISTINCT m.name) FILTER (WHERE m.name <> ''), '{}') AS names,
				jsonb_agg(jsonb_build_object('Seq', m.seq, 'Author', m.author, 'Text', left(m.body, @body)) ORDER BY m.seq) AS after
			FROM (SELECT seq, author, name, body FROM messages
				WHERE conversation_id = q.conversation_id AND seq > q.seq AND episode = q.episode
				AND author IN ('staff', 'customer') AND NOT note ORDER BY seq LIMIT @messages) m
		) n
		ORDER BY q.asked_at DESC`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{
		"id": id, "limit": limit, "sample": talkSample, "messages": talkMessages, "body": talkBody,
	})
	if err != nil {
		return nil, failGap("read replies of", id, err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t conversation.GapTalk, err error) {
		q := &t.Question
		err = row.Scan(&q.Conversation, &q.Seq, &q.Contact, &q.Channel, &q.Lang, &q.Text, &q.Query, &q.Reason, &q.Confidence, &q.At,
			&q.Answered, &t.Names, &t.After)
		return t, err
	})
	if err != nil {
		return nil, failGap("read replies of", id, err)
	}
	return out, nil
}

var _ conversation.GapStore = (*Store)(nil)
