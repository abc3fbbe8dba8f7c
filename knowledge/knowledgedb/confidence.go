package knowledgedb

import (
	"math"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"
)

// Signals are what Find knows about how well its first hits fit the question, each
// about 0..1.
type Signals struct {
	Coverage float64 // share of the question's words, by idf, that the best of the first hits holds
	Title    float64 // the same, of words in its question and alternatives
	Score    float64 // its BM25F score against the greatest the question could reach
	Margin   float64 // how far the first stands above the second
	Unknown  float64 // share of the question's words, by idf, that no passage holds
	Rarest   float64 // 1 when it holds the rarest word that any passage holds
	Length   float64 // how much the question says: saturating in its words proper
	Cosine   float64 // of the best by vectors; 0 without
	Agree    float64 // 1 when both rankings have the same first
	Exact    float64 // 1 when the question is an entry's own
	Any      float64 // 1 when something was found
}

// features is how many numbers Vector has.
const features = 9

// Vector is the signals as the logistic function takes them.
func (s Signals) Vector() []float64 {
	return []float64{s.Coverage, s.Title, s.Score, s.Margin, s.Unknown, s.Rarest, s.Length, s.Cosine, s.Agree}
}

// coefficients and intercept were fitted by TestFitConfidence; see docs/BENCHMARKS.md.
var (
	intercept    = -3.
	coefficients = [features]float64{4, 1, 2, 0, -2, 0, 0, 0, 0}
)

// exactConfidence is given to a question that is an entry's own, word for word.
const exactConfidence = .99

// Confidence is the likelihood, 0..1, that the first hits answer the question.
func (s Signals) Confidence() float64 {
	if s.Any == 0 {
		return 0
	}
	if s.Exact > 0 {
		return exactConfidence
	}
	z := intercept
	for i, x := range s.Vector() {
		z += coefficients[i] * x
	}
	return 1 / (1 + math.Exp(-z))
}

// measure takes the signals of a ranking. Only the message's own words count: what the
// history added says what the talk is about, not what is asked.
func measure(q lexical.Query, seen statistics, hits []knowledge.Hit, params lexical.Params) Signals {
	var s Signals
	if len(hits) == 0 {
		return s
	}
	s.Any = 1
	first := hits[0]
	if first.Exact {
		s.Exact = 1
	}
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
	s.Margin = margin(hits)
	for _, h := range hits {
		s.Cosine = max(s.Cosine, h.DenseScore)
	}
	if first.LexicalRank == 1 && first.DenseRank == 1 {
		s.Agree = 1
	}
	return s
}

// margin compares the two best lexical scores.
func margin(hits []knowledge.Hit) float64 {
	var first, second float64
	for _, h := range hits {
		switch {
		case h.LexicalScore > first:
			first, second = h.LexicalScore, first
		case h.LexicalScore > second:
			second = h.LexicalScore
		}
	}
	if first == 0 {
		return 0
	}
	return (first - second) / first
}
