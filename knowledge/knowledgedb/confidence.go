package knowledgedb

import (
	"cmp"
	"math"
	"slices"

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
	Evidence float64 // how much by idf the held words say; saturating
	Tail     float64 // how far the first stands above the rest of the first ten
	Cosine   float64 // of the best by vectors; 0 without
	Exact    float64 // 1 when the question is an entry's own
	Any      float64 // 1 when something was found
}

// features is how many numbers Vector has.
const features = 9

// Vector is the lexical signals as the logistic function takes them.
func (s Signals) Vector() []float64 {
	return []float64{s.Coverage, s.Title, s.Score, s.Margin, s.Unknown, s.Rarest, s.Length, s.Evidence, s.Tail}
}

// intercept and coefficients were fitted by TestFitConfidence (-tags fit); docs/BENCHMARKS.md
// says on what and how well they tell apart.
const intercept = -7.41

var coefficients = [features]float64{1.96, .71, 4.83, -.36, -1.21, -.39, 4.18, 4.63, 1.58}

// What a cosine says differs by model. These hold for OpenAI's text-embedding-3, where
// a question and its answer stand at .5 to .7 and strangers below .3; they are read off
// its published behaviour and not fitted.
const (
	cosineMiddle = .5
	cosineSlope  = 14
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
	lexical := 1 / (1 + math.Exp(-z))
	if s.Cosine == 0 {
		return lexical
	}
	// Either ranking alone may have found what answers.
	dense := 1 / (1 + math.Exp(-cosineSlope*(s.Cosine-cosineMiddle)))
	return 1 - (1-lexical)*(1-dense)
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
		if df == 0 && w.Extra { // another way to write what is there, that no passage does
			continue
		}
		mass := w.Weight * lexical.IDF(min(df, seen.n), seen.n)
		most += mass
		if w.Extra || w.Weak {
			continue
		}
		proper++
		total += mass
		has := all.Has(w.Dims)
		if w.Guessed { // the guess is as likely as not
			unknown += mass / 2
			if has {
				covered += mass / 2
			}
			if title.Has(w.Dims) {
				titled += mass / 2
			}
			continue
		}
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
		s.Score = (first.LexicalScore - first.HistoryScore) / (most * params.Max())
	}
	s.Length = proper / (proper + 3)
	s.Margin, s.Tail = margins(hits)
	s.Evidence = covered / (covered + halfEvidence)
	for _, h := range hits {
		s.Cosine = max(s.Cosine, h.DenseScore)
	}
	return s
}

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
