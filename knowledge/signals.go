package knowledge

import (
	"math"
	"slices"
)

// Signals are what a search knows about how well its first hits fit the question,
// each 0..1.
type Signals struct {
	Score      float64 // the first hit's BM25F score by the message's own words against the greatest these could reach
	Strength   float64 // its whole score, what the dialogue added included, saturating: a long question of rare words can say more
	Length     float64 // how much the question says: saturating in its words proper
	Coverage   float64 // share of the question's words, by idf and with its stop words, that the first hit holds
	Wording    float64 // share of its words proper that it holds, times the share of the entry's own wording that is asked
	Neighbours float64 // how much oftener than the next hits do it holds words that stand side by side in the question
	Distinct   float64 // how far the second look singles it out: 1 when nothing else comes near
	Own        float64 // its score by the message's own words against the best such: low where the dialogue put it first

	Cosine    float64 // of the nearest by vectors; 0 without
	Agreement float64 // how far the word ranking and the vector ranking list the same first; 0 without vectors

	Exact bool // the first hit is an entry whose question this is, word for word
	Any   bool // something was found
}

// LexicalFeatures and DenseFeatures name the numbers that a calibration weighs, in the
// order of its coefficients. Score and Coverage of a question of a word or two say
// little, so they count by its length; the odds tell the low scores apart.
var (
	LexicalFeatures = []string{"score*length", "strength", "score_odds", "coverage*length", "wording", "neighbours", "distinct", "own"}
	DenseFeatures   = []string{"cosine", "agreement"}
)

// Lexical are the numbers named by LexicalFeatures.
func (s Signals) Lexical() []float64 {
	return []float64{s.Score * s.Length, s.Strength, odds(s.Score), s.Coverage * s.Length, s.Wording, s.Neighbours, s.Distinct, s.Own}
}

// odds is the logarithm of p's odds, p kept off 0 and 1, brought to about -1..1.
func odds(p float64) float64 {
	p = min(max(p, .01), .99)
	return math.Log(p/(1-p)) / 5
}

// Dense are the numbers named by DenseFeatures; nil without vectors.
func (s Signals) Dense() []float64 {
	if s.Cosine == 0 {
		return nil
	}
	return []float64{s.Cosine, s.Agreement}
}

// Logistic is a function of features that yields a likelihood.
type Logistic struct {
	Features     []string  `json:"features"`
	Intercept    float64   `json:"intercept"`
	Coefficients []float64 `json:"coefficients"`
}

// At is the likelihood, 0..1, for x, which has as many numbers as there are features.
func (l Logistic) At(x []float64) float64 {
	z := l.Intercept
	for i, c := range l.Coefficients {
		z += c * x[i]
	}
	return 1 / (1 + math.Exp(-z))
}

// fits reports whether l weighs exactly the named features, by finite numbers.
func (l Logistic) fits(features []string) bool {
	sound := func(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
	return slices.Equal(l.Features, features) && len(l.Coefficients) == len(features) && sound(l.Intercept) &&
		!slices.ContainsFunc(l.Coefficients, func(x float64) bool { return !sound(x) })
}
