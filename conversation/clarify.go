package conversation

import (
	"strings"
	"unicode/utf8"

	"frontdesk/knowledge"
)

// When a question is asked back instead of guessing, and with what. The shares are of
// the best hit's score; docs/BENCHMARKS.md says how often they fire and how often the
// right answer is then among the options.
const (
	closeShare = .90 // a second entry this near: which is meant is not known
	// Sections of documents overlap far more than entries do, and are quoted
	// together: only those that cannot be told apart are asked about.
	closeSection = .97
	optionShare  = .75 // others worth offering once it is asked
	// closeCosine is how far apart two hits may be by meaning where vectors are there.
	closeCosine     = .05
	maxAlternatives = MaxOptions - 1 // beside "something else"
)

// clarify asks which of several close entries is meant. It does not where the answer
// is certain or rests on too little, where there is one answer only, and never twice
// in a row. With a model, sections of documents are left to it: it reads them together.
func (a *answering) clarify(r knowledge.Result) (Outcome, bool) {
	if r.Confidence < a.s.judge(r).Answer || a.asked() {
		return Outcome{}, false
	}
	alternatives := ambiguous(r.Hits, a.model() == nil)
	if alternatives == nil {
		return Outcome{}, false
	}
	options := make([]Option, 0, MaxOptions)
	for _, h := range alternatives {
		options = append(options, Option{Text: label(h), Value: h.ID})
	}
	options = append(options, Option{Text: a.texts.Else})
	a.trace.Kind, a.trace.Decision = KindClarify, DecisionClarify
	a.note(r, 0, nil)
	for i := range a.trace.Passages {
		for _, h := range alternatives {
			if a.trace.Passages[i].Passage == h.ID {
				a.trace.Passages[i].Fate = FateOffered
			}
		}
	}
	out := a.say(a.texts.Which, nil, a.t.Misses)
	out.Messages[0].Options = options
	return out, true
}

// asked reports whether our last words were such a question, or what followed one.
func (a *answering) asked() bool {
	for i := len(a.history) - 1; i >= 0; i-- {
		if m := a.history[i]; m.Author == AuthorBot {
			return len(m.Options) > 0 || m.Text == a.texts.Rephrase
		}
	}
	return false
}

// ambiguous returns the entries among which the first is no clear choice, the best
// first, or nil. Hits of the same title, or with the same text, are one.
func ambiguous(hits []knowledge.Hit, sections bool) []knowledge.Hit {
	if len(hits) < 2 || hits[0].Exact || label(hits[0]) == "" {
		return nil
	}
	top := hits[0]
	out := []knowledge.Hit{top}
	for _, h := range hits[1:] {
		title := label(h)
		if title == "" || !sections && !h.IsEntry || known(out, h, title) {
			continue
		}
		share := lexicalShare(h, top)
		if len(out) == 1 {
			// The runner-up decides whether there is anything to ask.
			enough := closeShare
			if !h.IsEntry || !top.IsEntry {
				enough = closeSection
			}
			if share < enough || top.DenseScore > 0 && top.DenseScore-h.DenseScore > closeCosine {
				return nil
			}
		}
		if share >= optionShare {
			out = append(out, h)
		}
		if len(out) == maxAlternatives {
			break
		}
	}
	if len(out) < 2 || !sections && !top.IsEntry {
		return nil
	}
	return out
}

func known(list []knowledge.Hit, h knowledge.Hit, title string) bool {
	for _, k := range list {
		if foldWords(label(k)) == foldWords(title) || strings.TrimSpace(k.Text) == strings.TrimSpace(h.Text) {
			return true
		}
	}
	return false
}

// label names a hit on a button: an entry by its question, a section by its heading.
// A long name is cut; one without a word is none.
func label(h knowledge.Hit) string {
	title := h.Title
	if !h.IsEntry && h.Heading != "" {
		title = h.Heading
	}
	title = strings.Join(strings.Fields(title), " ")
	if foldWords(title) == "" {
		return ""
	}
	if utf8.RuneCountInString(title) > maxOptionRunes {
		title = strings.TrimSpace(string([]rune(title)[:maxOptionRunes-1])) + ellipsis
	}
	return title
}
