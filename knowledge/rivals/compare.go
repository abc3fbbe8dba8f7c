package rivals

import (
	"slices"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"
)

const (
	// nearQuestion is from where on two questions are taken for nearly the same: one
	// ordinary word in five may be another.
	nearQuestion = .7
	// nearAnswer is the same of answers, which are longer.
	nearAnswer = .7
	// someAnswer is the least that two answers to questions that are not quite the
	// same share, for them to be about one thing at all.
	someAnswer = .25
	// sameQuestion is from where on that does not matter: what asks the same and
	// answers otherwise is worth a look.
	sameQuestion = .88
	// NearMeaning is the cosine of two passages' vectors, question and answer
	// together, from where on they are taken for nearly the same. Vectors of a
	// translation are as near, so the languages must not differ.
	NearMeaning = .93
)

// Compare judges two entries; ok is false for a pair that nobody need look at.
// idf is what a term counts. Entries in two languages are never a pair: they are
// a translation.
func Compare(a, b *Statement, idf func(dim int32) float64) (n knowledge.Nearness, ok bool) {
	if foreign(a, b) || !slices.Equal(a.numbers, b.numbers) {
		return n, false
	}
	for _, x := range a.questions {
		for _, y := range b.questions {
			n.Similarity = max(n.Similarity, alike(x, y, idf))
		}
	}
	if n.Similarity < nearQuestion {
		return n, false
	}
	answers := alike(a.says().words, b.says().words, idf)
	n.Kind, n.Why = judge(a.says(), b.says(), answers >= nearAnswer, "the questions are nearly the same")
	if n.Kind == knowledge.NearContradiction && answers < someAnswer && n.Similarity < sameQuestion {
		return n, false
	}
	return n, true
}

// CompareMeaning judges two entries whose passages' vectors have the cosine.
func CompareMeaning(a, b *Statement, cosine float64) (n knowledge.Nearness, ok bool) {
	if cosine < NearMeaning || foreign(a, b) || !slices.Equal(a.numbers, b.numbers) {
		return n, false
	}
	n.Similarity = cosine
	n.Kind, n.Why = judge(a.says(), b.says(), true, "question and answer mean nearly the same")
	return n, true
}

func judge(a, b *said, same bool, found string) (knowledge.NearKind, string) {
	switch {
	case differ(a.numbers, b.numbers):
		return knowledge.NearContradiction, found + ", but the answers name different numbers"
	case a.negated != b.negated:
		return knowledge.NearContradiction, found + ", but one answer says no or not and the other does not"
	case !same:
		return knowledge.NearContradiction, found + ", but the answers differ"
	}
	return knowledge.NearDuplicate, found + ", and so are the answers"
}

// foreign reports whether two entries are known to be in different languages.
func foreign(a, b *Statement) bool {
	x, y := language(a.Entry), language(b.Entry)
	return x != "" && y != "" && x != y
}

func language(e knowledge.Entry) string {
	l := e.Lang
	if l == "" {
		l = lexical.Language(e.Question + "\n" + clip(e.Answer))
	}
	for i := range len(l) {
		if l[i] == '-' {
			return l[:i]
		}
	}
	return l
}

// differ reports whether each names a number that the other does not.
func differ(a, b []string) bool {
	lacks := func(x, y []string) bool {
		return slices.ContainsFunc(x, func(n string) bool { return !slices.Contains(y, n) })
	}
	return lacks(a, b) && lacks(b, a)
}
