package knowledgedb

import (
	"cmp"
	"math"
	"slices"

	"frontdesk/knowledge"
)

// fuse orders by the mean of both rankings' scores, each brought to 0..1 between the
// last and the first it lists, an entry's own question above all, and keeps the best.
// What only one ranking lists has 0 in the other; where one lists nothing the other
// decides alone.
//
// Scores say how far ahead a passage is, which places do not: a weak embedding model
// puts many passages at much the same distance and so moves little, where by reciprocal
// rank its every place weighed as much as a good one's. Neither the range of a model's
// cosines nor their middle matters.
func fuse(all []found, limit int) []knowledge.Hit {
	words, vectors := unlisted(), unlisted()
	listed := 0
	for _, f := range all {
		if x, ok := f.byWords(); ok {
			words.take(x)
			listed++
		}
		if f.DenseRank > 0 {
			vectors.take(f.DenseScore)
		}
	}
	if listed < twice { // all that share a word are listed: the others have nothing
		words.least = min(words.least, 0)
	}
	rankings := 0.
	for _, r := range []span{words, vectors} {
		if r.most >= r.least {
			rankings++
		}
	}
	hits := make([]knowledge.Hit, len(all))
	for i, f := range all {
		hits[i] = f.Hit
		if x, ok := f.byWords(); ok {
			hits[i].Score += words.part(x) / rankings
		}
		if f.DenseRank > 0 {
			hits[i].Score += vectors.part(f.DenseScore) / rankings
		}
		if f.exact {
			hits[i].Score++
		}
	}
	slices.SortFunc(hits, func(a, b knowledge.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(place(a.LexicalRank), place(b.LexicalRank)), cmp.Compare(a.ID, b.ID))
	})
	return slices.Clip(hits[:min(limit, len(hits))])
}

// byWords is the score that the ranking by words goes by; false when f is not among its
// first, of which alone scores can be compared.
func (f *found) byWords() (float64, bool) {
	switch {
	case f.LexicalRank == 0 || f.LexicalRank > twice:
		return 0, false
	case f.looked:
		return f.Rescored, true
	}
	return f.LexicalScore, true
}

// place is a rank, that of what is not listed behind all.
func place(rank int) int {
	if rank == 0 {
		return math.MaxInt
	}
	return rank
}

// span is from the least to the most of some scores; most is below least while there are none.
type span struct{ least, most float64 }

func unlisted() span { return span{math.Inf(1), math.Inf(-1)} }

func (s *span) take(x float64) { s.least, s.most = min(s.least, x), max(s.most, x) }

// part is where x lies between least and most, 0..1; 1 where they are the same.
func (s span) part(x float64) float64 {
	if s.most <= s.least {
		return 1
	}
	return (x - s.least) / (s.most - s.least)
}
