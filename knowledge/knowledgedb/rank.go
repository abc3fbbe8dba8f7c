package knowledgedb

import (
	"cmp"
	"context"
	"math"
	"slices"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"
)

// found is a passage that one of the rankings lists.
type found struct {
	knowledge.Hit
	exact  bool          // by the hash of its question
	looked bool          // Rescored decides its LexicalRank
	atoms  lexical.Atoms // only of the first by words
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
	seen.looks = again(*q, seen, found)
	return fuse(found, limit), seen, nil
}

func (s *Store) look(ctx context.Context, q lexical.Query, vec *vector, key int64, limit int) ([]found, statistics, error) {
	sql, args := statement(q, vec, key, limit)
	args["max_weight"] = s.params.Max()
	return s.read(ctx, vec != nil, sql, args)
}

// evidence is what the second look has to say for a passage.
type evidence struct{ neighbours, distinct, own float64 } // as in Signals

// sharp makes a passage whose number is one less than the first's some seven times less
// likely to be what is asked.
const sharp = 2

// again looks a second time at the first passages of the ranking by words and says of
// each, by its id, what speaks for it. It gives them their places anew too, those behind
// them staying where they are, but not in a dialogue: what the talk is about weighs as
// the first ranking found, not by how it was worded.
func again(q lexical.Query, seen statistics, all []found) map[string]evidence {
	var first []*found
	for i := range all {
		if p := all[i].LexicalRank; p > 0 && p <= twice {
			first = append(first, &all[i])
		}
	}
	slices.SortFunc(first, func(a, b *found) int { return a.LexicalRank - b.LexicalRank })
	cs := make([]lexical.Candidate, len(first))
	own := func(i int) float64 { return first[i].LexicalScore - first[i].HistoryScore }
	most := 0.
	for i, f := range first {
		cs[i] = lexical.Candidate{Score: f.LexicalScore, Atoms: f.atoms}
		if seen.history > 0 {
			cs[i].Score = own(i)
		}
		most = max(most, own(i))
	}
	out := make(map[string]evidence, len(first))
	looks := q.Rescore(seen.df, seen.n, cs)
	order := make([]int, len(first))
	best := math.Inf(-1)
	for i := range order {
		order[i] = i
		best = max(best, looks[i].Score)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(looks[b].Score, looks[a].Score) })
	total := 0.
	for _, l := range looks {
		total += math.Exp(sharp * (l.Score - best))
	}
	for i, l := range looks {
		e := evidence{neighbours: l.Neighbours, distinct: math.Exp(sharp*(l.Score-best)) / total}
		if most > 0 {
			e.own = own(i) / most
		}
		out[first[i].ID] = e
	}
	if seen.history > 0 {
		return out
	}
	for place, i := range order {
		first[i].LexicalRank, first[i].Rescored, first[i].looked = place+1, looks[i].Score, true
	}
	return out
}
