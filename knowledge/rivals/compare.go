package rivals

import (
	"slices"
	"strings"

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
// idf is what a term counts. Entries said to be of two languages, which is told
// of short ones by guess, are a pair only where their answers share words: a
// translation's do not.
func Compare(a, b *Statement, idf func(dim int32) float64) (n knowledge.Nearness, ok bool) {
	if !slices.Equal(a.numbers, b.numbers) {
		return n, false
	}
	for _, x := range a.questions {
		for _, y := range b.questions {
			n.Similarity = max(n.Similarity, alike(x, y, idf))
		}
	}
	if n.Similarity < nearQuestion {
		return knowledge.Nearness{}, false
	}
	answers := alike(a.says().words, b.says().words, idf)
	n.Kind, n.Why = judge(a.says(), b.says(), answers >= nearAnswer, "the questions are nearly the same")
	if n.Kind == knowledge.NearContradiction && answers < someAnswer && (n.Similarity < sameQuestion || foreign(a.Entry.Lang, b.Entry.Lang)) {
		return knowledge.Nearness{}, false
	}
	return n, true
}

// CompareMeaning judges two entries whose passages' vectors have the cosine. Two
// of different languages are no pair: they are a translation.
func CompareMeaning(a, b *Statement, cosine float64) (n knowledge.Nearness, ok bool) {
	if cosine < NearMeaning || foreign(language(a.Entry), language(b.Entry)) || !slices.Equal(a.numbers, b.numbers) {
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

// foreign reports whether two language tags are known to be of different languages.
func foreign(a, b string) bool {
	a, _, _ = strings.Cut(a, "-")
	b, _, _ = strings.Cut(b, "-")
	return a != "" && b != "" && a != b
}

func language(e knowledge.Entry) string {
	if e.Lang != "" {
		return e.Lang
	}
	return lexical.Language(e.Question + "\n" + clip(e.Answer))
}

// differ reports whether each names a number that the other does not.
func differ(a, b []string) bool {
	lacks := func(x, y []string) bool {
		return slices.ContainsFunc(x, func(n string) bool { return !slices.Contains(y, n) })
	}
	return lacks(a, b) && lacks(b, a)
}
