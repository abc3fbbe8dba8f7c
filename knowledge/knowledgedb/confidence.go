package knowledgedb

import (
	"cmp"
	"slices"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"
)

// Signals are knowledge's: what Find knows about how well its first hits fit.
type Signals = knowledge.Signals

// measure takes the signals of a ranking. Only the message's own words count: what the
// history added says what the talk is about, not what is asked.
func measure(q lexical.Query, seen statistics, hits []knowledge.Hit, params lexical.Params) Signals {
	var s Signals
	if len(hits) == 0 {
		return s
	}
	first := hits[0]
	s.Any, s.Exact = true, first.Exact
	all := lexical.Index(fieldsOf(first.Passage), first.Lang, "")
	title := lexical.Index(lexical.Fields{lexical.Title: fieldsOf(first.Passage)[lexical.Title]}, all.Lang, "")
	var total, covered, titled, unknown, most, rarest, proper float64
	for _, w := range q.Words {
		if w.Earlier {
			continue
		}
		df := 0
		for _, d := range w.Dims {
			df = max(df, seen.df[d])
		}
		mass := w.Weight * lexical.IDF(min(df, seen.n), seen.n)
		most += mass
		if w.Extra || w.Weak {
			continue
		}
		proper++
		total += mass
		has := all.Has(w.Dims)
		switch {
		case df == 0:
			unknown += mass
		case mass > rarest:
			rarest = mass
			s.Rarest = 0
			if has {
				s.Rarest = 1
			}
		}
		if has {
			covered += mass
		}
		if title.Has(w.Dims) {
			titled += mass
		}
	}
	if total > 0 {
		s.Coverage, s.Title, s.Unknown = covered/total, titled/total, unknown/total
	}
	if most > 0 {
		s.Score = first.LexicalScore / (most * params.Max())
	}
	s.Length = proper / (proper + 3)
	s.Margin, s.Tail = margins(hits)
	s.Evidence = covered / (covered + halfEvidence)
	for _, h := range hits {
		s.Cosine = max(s.Cosine, h.DenseScore)
		if between(h.LexicalRank) && between(h.DenseRank) {
			s.Agreement += 1. / agreeing
		}
	}
	return s
}

// agreeing is how many of each ranking's first are compared.
const agreeing = 5

func between(rank int) bool { return 0 < rank && rank <= agreeing }

// halfEvidence is the sum of idf that counts half: two rather rare words.
const halfEvidence = 8

// margins compare the best lexical score with the second and with the mean of the next nine.
func margins(hits []knowledge.Hit) (second, rest float64) {
	scores := make([]float64, 0, len(hits))
	for _, h := range hits {
		scores = append(scores, h.LexicalScore)
	}
	slices.SortFunc(scores, func(a, b float64) int { return cmp.Compare(b, a) })
	if scores[0] == 0 {
		return 0, 0
	}
	if len(scores) == 1 {
		return 1, 1
	}
	sum := 0.
	for _, x := range scores[1:min(10, len(scores))] {
		sum += x
	}
	return 1 - scores[1]/scores[0], 1 - sum/9/scores[0]
}
