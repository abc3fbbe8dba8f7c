package knowledgedb

import (
	"testing"

	"frontdesk/knowledge"
)

// ranked is what a ranking by words and one by vectors found; a zero is not listed.
func ranked(words, vectors []float64) []found {
	out := make([]found, len(words))
	for i := range out {
		h := knowledge.Hit{Passage: knowledge.Passage{ID: string(rune('a' + i))}, LexicalScore: words[i], DenseScore: vectors[i]}
		for _, x := range []struct {
			scores []float64
			rank   *int
		}{{words, &h.LexicalRank}, {vectors, &h.DenseRank}} {
			if x.scores[i] == 0 {
				continue
			}
			*x.rank = 1
			for _, other := range x.scores {
				if other > x.scores[i] {
					*x.rank++
				}
			}
		}
		out[i] = found{Hit: h}
	}
	return out
}

func TestFusionFollowsTheRankingThatSinglesOneOut(t *testing.T) {
	order := func(all []found) string {
		s := ""
		for _, h := range fuse(all, 10) {
			s += h.ID
		}
		return s
	}
	for name, c := range map[string]struct {
		words, vectors []float64
		want           string
	}{
		"words tell a apart":          {[]float64{20, 6, 5, 2}, []float64{.30, .40, .39, .10}, "abcd"},
		"vectors tell c apart":        {[]float64{9, 10, 8, 1}, []float64{.2, .15, .9, .1}, "cbad"},
		"other cosines, same spread":  {[]float64{9, 10, 8, 1}, []float64{.82, .815, .89, .81}, "cbad"},
		"vectors tell nothing":        {[]float64{3, 2, 1}, []float64{.5, .5, .5}, "abc"},
		"words alone":                 {[]float64{3, 2, 1}, []float64{0, 0, 0}, "abc"},
		"vectors alone":               {[]float64{0, 0, 0}, []float64{.1, .2, .3}, "cba"},
		"one by words, one by vector": {[]float64{5, 0}, []float64{0, .4}, "ab"},
	} {
		if got := order(ranked(c.words, c.vectors)); got != c.want {
			t.Errorf("%s: order %s, want %s", name, got, c.want)
		}
	}
	all := ranked([]float64{9, 10, 8, 1}, []float64{.2, .15, .9, .1})
	all[3].exact = true
	if got := order(all); got[0] != 'd' {
		t.Errorf("with an entry's own question: order %s, want it first", got)
	}
}
