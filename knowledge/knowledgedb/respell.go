package knowledgedb

import (
	"context"
	"fmt"
	"slices"

	"frontdesk/knowledge/lexical"

	"github.com/jackc/pgx/v5"
)

// maxSimilar is how many similar words are compared letter by letter with one unknown.
const maxSimilar = 40

// respell makes words of the query that no passage holds ask for the words they are
// likely misspellings of, or for the two that they were joined from. It reports whether
// the query has changed. It costs a round trip, and only where much of a question is
// unknown.
func (s *Store) respell(ctx context.Context, q *lexical.Query, seen statistics, all []found) (bool, error) {
	if slices.ContainsFunc(all, func(f found) bool { return f.exact }) {
		return false, nil
	}
	guesses := q.Guesses(seen.df, seen.n)
	if len(guesses) == 0 {
		return false, nil
	}
	known, held, err := s.similar(ctx, guesses)
	if err != nil {
		return false, err
	}
	changed := false
	for i, g := range guesses {
		if q.Respell(g, known[i], func(dim int32) bool { return held[dim] }) {
			changed = true
		}
	}
	return changed, nil
}

// similar returns for each guess the words of the passages that look like it, and which
// terms of the guesses' halves passages hold.
func (s *Store) similar(ctx context.Context, guesses []lexical.Guess) (known [][]lexical.Form, held map[int32]bool, err error) {
	const sql = `SELECT u.at::int, v.word, v.dim FROM unnest(@words::text[]) WITH ORDINALITY AS u (word, at)
		CROSS JOIN LATERAL (SELECT word, dim FROM vocabulary
			WHERE word % u.word ORDER BY similarity(word, u.word) DESC, word, dim LIMIT @most) v
		UNION ALL
		SELECT u.at, v.word, v.dim FROM unnest(@swapped::text[], @of::int[]) AS u (word, at) JOIN vocabulary v USING (word)
		UNION ALL
		SELECT 0, '', dim FROM terms WHERE dim = ANY(@halves::int[])
		ORDER BY 1, 2, 3`
	var words, swapped []string
	var of, halves []int32
	for i, g := range guesses {
		words = append(words, g.Form)
		for _, w := range g.Swapped {
			swapped, of = append(swapped, w), append(of, int32(i+1))
		}
		for _, h := range g.Halves {
			halves = append(append(halves, h.Left...), h.Right...)
		}
	}
	rows, err := s.pool.Query(ctx, sql, pgx.NamedArgs{
		"words": words, "swapped": swapped, "of": of, "halves": halves, "most": maxSimilar,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("look up similar words: %w", err)
	}
	known, held = make([][]lexical.Form, len(guesses)), map[int32]bool{}
	var at int
	var f lexical.Form
	_, err = pgx.ForEachRow(rows, []any{&at, &f.Word, &f.Dim}, func() error {
		if at == 0 {
			held[f.Dim] = true
		} else {
			known[at-1] = append(known[at-1], f)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("look up similar words: %w", err)
	}
	return known, held, nil
}

// insertVocabulary adds the words of passages to those that misspelt ones are compared
// with. The caller holds the lexicon. What leaves with the last passage is the trigger's.
func insertVocabulary(ctx context.Context, tx pgx.Tx, rows []row) error {
	const sql = `INSERT INTO vocabulary (word, dim)
		SELECT x.word, x.dim FROM unnest(@words::text[], @dims::int[]) AS x (word, dim)
		WHERE NOT EXISTS (SELECT FROM vocabulary v WHERE v.word = x.word AND v.dim = x.dim)
		ON CONFLICT DO NOTHING`
	seen := map[lexical.Form]bool{}
	var words []string
	var dims []int32
	for _, r := range rows {
		for _, f := range r.forms {
			if !seen[f] {
				seen[f] = true
				words, dims = append(words, f.Word), append(dims, f.Dim)
			}
		}
	}
	if _, err := tx.Exec(ctx, sql, pgx.NamedArgs{"words": words, "dims": dims}); err != nil {
		return fmt.Errorf("insert vocabulary: %w", err)
	}
	return nil
}
