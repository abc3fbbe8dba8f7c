package knowledgedb

import (
	"cmp"
	"context"
	"slices"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"
)

// found is a passage that one of the rankings lists.
type found struct {
	knowledge.Hit
	exact bool          // by the hash of its question
	atoms lexical.Atoms // only of the first by words
}

// rank finds and orders passages. Where the query has words that no passage holds and
// finds little without them, it looks for what they may be, makes the query ask for
// that and ranks again.
func (s *Store) rank(ctx context.Context, q *lexical.Query, vec *vector, key int64, limit int) ([]knowledge.Hit, statistics, error) {
	found, seen, err := s.look(ctx, *q, vec, key, limit)
	if err != nil {
		return nil, seen, err
	}
	if respelt, err := s.respell(ctx, q, seen, found); err != nil {
		return nil, seen, err
	} else if respelt {
		if found, seen, err = s.look(ctx, *q, vec, key, limit); err != nil {
			return nil, seen, err
		}
	}
	again(*q, seen, found)
	return fuse(found, limit), seen, nil
}

func (s *Store) look(ctx context.Context, q lexical.Query, vec *vector, key int64, limit int) ([]found, statistics, error) {
	sql, args := statement(q, vec, key, limit)
	args["max_weight"] = s.params.Max()
	return s.read(ctx, vec != nil, sql, args)
}

// again looks a second time at the first passages of the ranking by words and gives
// them their places anew. Those behind them stay where they are.
func again(q lexical.Query, seen statistics, all []found) {
	if seen.history > 0 { // what the talk is about weighs as the first ranking found, not by how it was worded
		return
	}
	var first []*found
	for i := range all {
		if p := all[i].LexicalRank; p > 0 && p <= twice {
			first = append(first, &all[i])
		}
	}
	slices.SortFunc(first, func(a, b *found) int { return a.LexicalRank - b.LexicalRank })
	cs := make([]lexical.Candidate, len(first))
	for i, f := range first {
		cs[i] = lexical.Candidate{Score: f.LexicalScore, Atoms: f.atoms}
	}
	scores := q.Rescore(seen.df, seen.n, cs)
	order := make([]int, len(first))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	for place, i := range order {
		first[i].LexicalRank, first[i].Rescored = place+1, scores[i]
	}
}

// fuse orders by reciprocal rank, an entry's own question above all, and keeps the best.
func fuse(all []found, limit int) []knowledge.Hit {
	hits := make([]knowledge.Hit, len(all))
	for i, f := range all {
		hits[i] = f.Hit
		for _, place := range []int{f.LexicalRank, f.DenseRank} {
			if place > 0 {
				hits[i].Score += 1 / float64(fusionK+place)
			}
		}
		if f.exact {
			hits[i].Score++
		}
	}
	slices.SortFunc(hits, func(a, b knowledge.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return slices.Clip(hits[:min(limit, len(hits))])
}
