package conversationdb

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
	"frontdesk/knowledge"
)

const (
	// gapLock is the advisory lock under which questions join gaps, one at a time:
	// two of one meaning must not found two gaps. Who writes both questions and gaps
	// takes it before any row, erasing included: the migration has the same number.
	gapLock = 0x66645f67617073 // "fd_gaps"
	// gapsLookedAt bounds the gaps whose vectors are compared: those asked for last.
	// At 1,536 dimensions they are 15 MB.
	gapsLookedAt = 5000
	// gapsToTell is how many gaps the median takes that says what a cosine means.
	gapsToTell = 20
	// gapPostings bounds the gaps that one word brings up, gapCandidates those that
	// are compared word by word.
	gapPostings   = 2000
	gapCandidates = 20
)

//go:embed gapnear.sql
var gapNearSQL string

const gapQuestionColumns = `q.conversation_id::text, q.seq, q.contact_id::text, q.channel, q.lang, q.body, q.query, q.reason,
	q.confidence, q.asked_at, q.answered`

func scanGapQuestion(row pgx.CollectableRow) (q conversation.GapQuestion, err error) {
	err = row.Scan(&q.Conversation, &q.Seq, &q.Contact, &q.Channel, &q.Lang, &q.Text, &q.Query, &q.Reason, &q.Confidence, &q.At, &q.Answered)
	return q, err
}

func (s *Store) gapQuestions(ctx context.Context, verb, sql string, args pgx.NamedArgs) ([]conversation.GapQuestion, error) {
	rows, err := s.pool.Query(ctx, sql, args)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", verb, err)
	}
	qs, err := pgx.CollectRows(rows, scanGapQuestion)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", verb, err)
	}
	return qs, nil
}

// Unembedded implements conversation.GapGroups.
func (s *Store) Unembedded(ctx context.Context, model string, limit int) ([]conversation.GapQuestion, error) {
	const q = `SELECT ` + gapQuestionColumns + ` FROM gap_questions q
		WHERE embedding_model < @model OR embedding_model > @model ORDER BY asked_at DESC LIMIT @limit`
	return s.gapQuestions(ctx, "look for gap questions to embed", q, pgx.NamedArgs{"model": model, "limit": limit})
}

// SetVectors implements conversation.GapGroups. The gaps that the questions are in
// already get the mean of their vectors.
func (s *Store) SetVectors(ctx context.Context, model string, qs []conversation.GapQuestion, vectors [][]float32) error {
	const set = `
		UPDATE gap_questions q SET embedding = v.e::halfvec, embedding_model = @model
		FROM unnest(@ids::uuid[], @seqs::bigint[], @vectors::text[]) AS v(id, seq, e)
		WHERE q.conversation_id = v.id AND q.seq = v.seq
		RETURNING q.gap_id::text`
	const mean = `
		UPDATE gaps g SET embedding_model = @model,
			embedding = (SELECT avg(q.embedding) FROM (
				SELECT embedding FROM gap_questions WHERE gap_id = g.id AND embedding_model = @model ORDER BY asked_at DESC LIMIT @most) q)
		WHERE g.id = ANY (@gaps::uuid[])`
	ids, seqs, texts := make([]string, len(qs)), make([]int64, len(qs)), make([]string, len(qs))
	for i, q := range qs {
		ids[i], seqs[i], texts[i] = q.Conversation, q.Seq, vectorText(vectors[i])
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := lockGaps(ctx, tx); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, set, pgx.NamedArgs{"model": model, "ids": ids, "seqs": seqs, "vectors": texts})
		if err != nil {
			return err
		}
		in, err := pgx.CollectRows(rows, pgx.RowTo[*string])
		if err != nil {
			return err
		}
		var gaps []string
		for _, g := range in {
			if g != nil {
				gaps = append(gaps, *g)
			}
		}
		_, err = tx.Exec(ctx, mean, pgx.NamedArgs{"model": model, "gaps": gaps, "most": meanOf})
		return err
	})
	if err != nil {
		return fmt.Errorf("store vectors of %d gap questions: %w", len(qs), err)
	}
	return nil
}

// meanOf is how many of a gap's newest vectors its own is the mean of.
const meanOf = 50

func lockGaps(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(gapLock))
	return err
}

// Ungrouped implements conversation.GapGroups.
func (s *Store) Ungrouped(ctx context.Context, limit int) ([]conversation.GapQuestion, error) {
	const q = `SELECT ` + gapQuestionColumns + ` FROM gap_questions q WHERE gap_id IS NULL ORDER BY asked_at, conversation_id, seq LIMIT @limit`
	return s.gapQuestions(ctx, "look for gap questions to group", q, pgx.NamedArgs{"limit": limit})
}

// Join implements conversation.GapGroups.
func (s *Store) Join(ctx context.Context, q conversation.GapQuestion, model string, choose func(conversation.GapNear) string) error {
	const take = `
		SELECT embedding IS NOT NULL AND embedding_model = @model AND @model <> '', dims, weights FROM gap_questions
		WHERE conversation_id = @id AND seq = @seq AND gap_id IS NULL FOR UPDATE`
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := lockGaps(ctx, tx); err != nil {
			return err
		}
		args := pgx.NamedArgs{"id": q.Conversation, "seq": q.Seq, "model": model}
		var (
			vector  bool
			dims    []int32
			weights []float32
		)
		err := tx.QueryRow(ctx, take, args).Scan(&vector, &dims, &weights)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil // erased, or in a gap by now
		}
		if err != nil {
			return err
		}
		near, err := nearGaps(ctx, tx, q, vector, model, dims, weights)
		if err != nil {
			return err
		}
		return join(ctx, tx, q, choose(near))
	})
	if err != nil {
		return fmt.Errorf("group question %d of conversation %s: %w", q.Seq, q.Conversation, err)
	}
	return nil
}

// nearGaps compares the question by its words, and where vector is set by that of the model.
func nearGaps(ctx context.Context, tx pgx.Tx, q conversation.GapQuestion, vector bool, model string, dims []int32, weights []float32) (n conversation.GapNear, err error) {
	const dense = `
		WITH near AS MATERIALIZED (
			-- The case keeps vectors of other models, and lengths, from being compared;
			-- the scalar subquery is read once, where a parameter would be cast for each row.
			SELECT id, CASE WHEN embedding_model = @model THEN 1 - (embedding <=> (
				SELECT embedding FROM gap_questions WHERE conversation_id = @id AND seq = @seq)) END AS cosine
			FROM (SELECT id, embedding, embedding_model FROM gaps ORDER BY last_at DESC LIMIT @most) g
		)
		SELECT id::text, cosine, CASE WHEN (SELECT count(cosine) FROM near) >= @tell
			THEN (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY cosine) FROM near) ELSE 0 END
		FROM near WHERE cosine < 'NaN' ORDER BY cosine DESC, id LIMIT 1`
	if vector {
		err := tx.QueryRow(ctx, dense, pgx.NamedArgs{"most": gapsLookedAt, "model": model, "id": q.Conversation, "seq": q.Seq, "tell": gapsToTell}).
			Scan(&n.Dense.ID, &n.Dense.Similarity, &n.Background)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return n, fmt.Errorf("compare vectors: %w", err)
		}
		n.Dense.HasVector = true
	}
	err = tx.QueryRow(ctx, gapNearSQL, pgx.NamedArgs{
		"dims": dims, "weights": weights, "postings": gapPostings, "candidates": gapCandidates, "model": model, "vector": vector,
	}).Scan(&n.Words.ID, &n.Words.Similarity, &n.Words.HasVector)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return n, fmt.Errorf("compare words: %w", err)
	}
	return n, nil
}

// join puts the locked question into the gap, or into a new one when it is empty.
func join(ctx context.Context, tx pgx.Tx, q conversation.GapQuestion, gap string) error {
	// A question that was asked before its gap closed is asked again with the rest;
	// one asked since opens it.
	const old = `
		UPDATE gaps g SET questions = g.questions + 1,
			customers = g.customers + CASE WHEN EXISTS (
				SELECT FROM gap_questions o WHERE o.gap_id = g.id AND o.contact_id = q.contact_id) THEN 0 ELSE 1 END,
			first_at = least(g.first_at, q.asked_at), last_at = greatest(g.last_at, q.asked_at), changes = g.changes + 1,
			state = CASE WHEN g.state <> 'closed' THEN g.state
				WHEN q.asked_at > g.state_at OR g.document_id IS NULL THEN 'open' ELSE 'publishing' END,
			state_at = CASE WHEN g.state = 'closed' THEN now() ELSE g.state_at END
		FROM gap_questions q
		WHERE g.id = @gap AND q.conversation_id = @id AND q.seq = @seq`
	const found = `
		INSERT INTO gaps (id, questions, customers, first_at, last_at)
		SELECT @gap, 1, 1, asked_at, asked_at FROM gap_questions WHERE conversation_id = @id AND seq = @seq`
	const rest = `
		WITH q AS (
			UPDATE gap_questions SET gap_id = @gap WHERE conversation_id = @id AND seq = @seq
			RETURNING gap_id, dims, weights, embedding, embedding_model
		), term AS (
			SELECT q.gap_id, t.dim, t.weight FROM q, unnest(q.dims, q.weights) AS t(dim, weight)
		), words AS (
			INSERT INTO gap_words AS w (dim, df) SELECT dim, 1 FROM term UNION ALL SELECT 0, 1
			ON CONFLICT (dim) DO UPDATE SET df = w.df + 1
		)
		INSERT INTO gap_terms AS g (gap_id, dim, weight) SELECT gap_id, dim, weight FROM term
		ON CONFLICT (gap_id, dim) DO UPDATE SET weight = g.weight + excluded.weight`
	const mean = `
		UPDATE gaps g SET embedding_model = m.embedding_model, embedding = m.e
		FROM (SELECT embedding_model, avg(embedding) AS e FROM (
				SELECT o.embedding_model, o.embedding FROM gap_questions o
				JOIN gap_questions q ON q.embedding_model = o.embedding_model
				WHERE o.gap_id = @gap AND q.conversation_id = @id AND q.seq = @seq AND q.embedding IS NOT NULL
				ORDER BY o.asked_at DESC LIMIT @most) n
			GROUP BY embedding_model) m
		WHERE g.id = @gap`
	args := pgx.NamedArgs{"id": q.Conversation, "seq": q.Seq, "gap": gap, "most": meanOf}
	if gap != "" {
		tag, err := tx.Exec(ctx, old, args)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			gap = "" // its last question was erased a moment ago
		}
	}
	if gap == "" {
		args["gap"] = knowledge.NewID()
		if _, err := tx.Exec(ctx, found, args); err != nil {
			return err
		}
	}
	for _, sql := range []string{rest, mean} {
		if _, err := tx.Exec(ctx, sql, args); err != nil {
			return err
		}
	}
	return nil
}

// vectorText is v as pgvector reads it.
func vectorText(v []float32) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, x := range v {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatFloat(float64(x), 'g', -1, 32))
	}
	b.WriteByte(']')
	return b.String()
}
