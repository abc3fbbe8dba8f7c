package knowledge

import (
	"math"
	"slices"
)

// Signals are what a search knows about how well its first hits fit the question,
// each about 0..1.
type Signals struct {
	Coverage float64 // share of the question's words, by idf, that the first hit holds
	Title    float64 // the same, of words in its question and alternatives
	Score    float64 // its BM25F score against the greatest the question could reach
	Margin   float64 // how far the best score stands above the second
	Unknown  float64 // share of the question's words, by idf, that no passage holds
	Rarest   float64 // 1 when the first hit holds the rarest word that any passage holds
	Length   float64 // how much the question says: saturating in its words proper
	Evidence float64 // how much by idf the held words say; saturating
	Tail     float64 // how far the best score stands above the rest of the first ten

	Cosine    float64 // of the nearest by vectors; 0 without
	Agreement float64 // how far the word ranking and the vector ranking list the same first; 0 without vectors

	Exact bool // the first hit is an entry whose question this is, word for word
	Any   bool // something was found
}

// LexicalFeatures and DenseFeatures name the numbers that a calibration weighs, in the
// order of its coefficients.
var (
	LexicalFeatures = []string{"coverage", "title", "score", "margin", "unknown", "rarest", "length", "evidence", "tail"}
	DenseFeatures   = []string{"cosine", "agreement"}
)

// Lexical are the numbers named by LexicalFeatures.
func (s Signals) Lexical() []float64 {
	return []float64{s.Coverage, s.Title, s.Score, s.Margin, s.Unknown, s.Rarest, s.Length, s.Evidence, s.Tail}
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
