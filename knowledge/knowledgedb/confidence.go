package knowledgedb

import (
	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"
)

// Signals are knowledge's: what Find knows about how well its first hits fit.
type Signals = knowledge.Signals

const (
	// halfStrength is the BM25F score that counts half.
	halfStrength = 20
	// halfLength is how many words proper count half.
	halfLength = 3
	// wordings is how many of an entry's wordings are compared with the question.
	wordings = 16
)

// measure takes the signals of a ranking. The message's own words count by themselves:
// what the history added says what the talk is about, not what is asked. It counts in
// Strength, so that what was found through the talk is not called unknown, and Own tells
// how far the message agrees.
func measure(q lexical.Query, seen statistics, hits []knowledge.Hit, params lexical.Params) Signals {
	var s Signals
	if len(hits) == 0 {
		return s
	}
	first := hits[0]
	s.Any, s.Exact = true, first.Exact
	own := first.LexicalScore - first.HistoryScore
	all := lexical.Index(fieldsOf(first.Passage), first.Lang, "")
	var most, held, total, covered, proper float64
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
		mass, has := w.Weight*lexical.IDF(min(df, seen.n), seen.n), all.Has(w.Dims)
		most += mass
		if has {
			held += mass
		}
		if w.Extra || w.Weak {
			continue
		}
		proper++
		total += mass
		if w.Guessed { // the guess is as likely as not
			mass /= 2
		}
		if has {
			covered += mass
		}
	}
	if most > 0 {
		s.Score, s.Coverage = min(1, own/(most*params.Max())), held/most
	}
	if total > 0 {
		s.Wording = covered / total * asked(q, first.Passage, all.Lang)
	}
	s.Strength = first.LexicalScore / (first.LexicalScore + halfStrength)
	e := seen.looks[first.ID] // none where only its vector found it
	s.Neighbours, s.Distinct, s.Own = e.neighbours, e.distinct, e.own
	s.Length = proper / (proper + halfLength)
	for _, h := range hits {
		s.Cosine = max(s.Cosine, h.DenseScore)
		if between(h.LexicalRank) && between(h.DenseRank) {
			s.Agreement += 1. / agreeing
		}
	}
	return s
}

// asked is how much of the passage's title, or of another wording of it, the question
// says: of the wording of which that is most.
func asked(q lexical.Query, p knowledge.Passage, lang string) float64 {
	most := 0.
	for i, text := range append([]string{p.Title}, p.Alternatives...) {
		if i == wordings {
			break
		}
		terms := lexical.Index(lexical.Fields{lexical.Title: text}, lang, "")
		said := 0.
		for _, w := range q.Words {
			if !w.Earlier && terms.Has(w.Dims) {
				said++
			}
		}
		if len(terms.Dims) > 0 {
			most = max(most, min(1, said/float64(len(terms.Dims))))
		}
	}
	return most
}

// agreeing is how many of each ranking's first are compared.
const agreeing = 5

func between(rank int) bool { return 0 < rank && rank <= agreeing }
