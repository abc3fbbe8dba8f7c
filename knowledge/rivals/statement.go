// Package rivals tells whether two FAQ entries nearly repeat or seem to
// contradict each other, by their words alone: the same words asked for, and
// then the same, other, differently numbered or negated words in the answers.
package rivals

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"
)

const (
	// maxWordings is how many of an entry's questions are compared: each with each
	// of the other's.
	maxWordings = 8
	// maxAnswer is how much of an answer is compared, in bytes.
	maxAnswer = 6000
	// weak is what a word counts that says how a sentence is built.
	weak = .2
)

// bag is the distinct words of a text, by dimension, and what each counts.
type bag []counted

type counted struct {
	dim    int32
	weight float64
}

// Statement is an entry made ready to be compared.
type Statement struct {
	Entry     knowledge.Entry
	questions []bag
	numbers   []string // in the question
	answer    *said    // made when first needed
}

// said is an answer made ready to be compared.
type said struct {
	words   bag
	numbers []string
	negated bool
}

// New makes an entry ready. The result is not safe for concurrent use.
func New(e knowledge.Entry) *Statement {
	s := &Statement{Entry: e, numbers: numbers(e.Question)}
	for _, q := range append([]string{e.Question}, e.Alternatives[:min(len(e.Alternatives), maxWordings-1)]...) {
		if b := wordsOf(q); len(b) > 0 {
			s.questions = append(s.questions, b)
		}
	}
	return s
}

// Dims are the terms whose idf Compare asks for.
func (s *Statement) Dims() []int32 {
	var out []int32
	for _, b := range append(slices.Clone(s.questions), s.says().words) {
		for _, c := range b {
			out = append(out, c.dim)
		}
	}
	return out
}

func (s *Statement) says() *said {
	if s.answer == nil {
		text := clip(s.Entry.Answer)
		// Numbers are compared by themselves, whatever digits they are written in.
		s.answer = &said{words: wordsOf(strings.Map(noDigit, text)), numbers: numbers(text), negated: negated(text)}
	}
	return s.answer
}

func noDigit(r rune) rune {
	if unicode.IsDigit(r) {
		return ' '
	}
	return r
}

func clip(s string) string {
	if len(s) <= maxAnswer {
		return s
	}
	n := maxAnswer
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// asking are words that sentence structure shares and a question turns on.
var asking = func() map[int32]bool {
	out := map[int32]bool{}
	for w := range strings.FieldsSeq("when where who why much many long often cuando donde quien cuanto cuanta quand ou qui pourquoi combien " +
		"wann wo wer warum wieviel quando onde quem quanto dove chi когда где кто почему сколько متى أين من لماذا كم") {
		for _, x := range lexical.Parse(w).Words {
			out[x.Dims[0]] = true
		}
	}
	return out
}()

func wordsOf(text string) bag {
	q := lexical.Parse(text)
	out := make(bag, 0, len(q.Words))
	for _, w := range q.Words {
		switch {
		case w.Extra: // a form beside the words proper
		case w.Weak && !asking[w.Dims[0]]:
			out = append(out, counted{w.Dims[0], weak})
		default:
			out = append(out, counted{w.Dims[0], 1})
		}
	}
	slices.SortFunc(out, func(a, b counted) int { return cmp.Compare(a.dim, b.dim) })
	return slices.CompactFunc(out, func(a, b counted) bool { return a.dim == b.dim })
}

// alike is the share of two texts' words that both have, each counting by how
// rare it is. The 1 beside idf keeps a few entries about one thing apart, all of
// whose words are common among them.
func alike(a, b bag, idf func(int32) float64) float64 {
	var both, all float64
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].dim < b[0].dim:
			all += a[0].weight * (1 + idf(a[0].dim))
			a = a[1:]
		case len(a) == 0 || b[0].dim < a[0].dim:
			all += b[0].weight * (1 + idf(b[0].dim))
			b = b[1:]
		default:
			w := min(a[0].weight, b[0].weight) * (1 + idf(a[0].dim))
			both, all = both+w, all+w
			a, b = a[1:], b[1:]
		}
	}
	if all == 0 {
		return 1 // neither has a word: what numbers they have is looked at elsewhere
	}
	return both / all
}
