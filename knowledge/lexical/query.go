package lexical

import (
	"slices"
	"strings"
)

// Query is a question as the index is asked for it: its distinct words, each with
// the terms that may stand for it.
type Query struct {
	Words []Word
	Lang  string // of its Latin words; empty when it does not say
	Order []int  // Words as the message has them in order, without joined and parted forms; Chinese by its characters
}

// Word is one distinct word of a query. A passage that holds any of its Dims has the
// word; its document frequency is the greatest among them.
type Word struct {
	Dims    []int32
	Form    string  // as it is written, folded, where it may be misspelt; else empty
	Weight  float64 // how often it was asked for, times what such a word counts
	Weak    bool    // a stop word or a single character of a pair: it chooses no passages while others do
	Extra   bool    // a joined, parted or single-character form of other words
	Earlier bool    // from the history
	Joined  bool    // two neighbouring words as one, which asks for nothing more
	Guessed bool    // no passage holds it as it is written; Dims are of what it may have meant
	Said    float64 // what it counts as part of the dialogue; 0 but for Earlier
}

// Parse analyzes a query of any length.
func Parse(text string) Query {
	spans := segment(text)
	q := Query{Lang: language(spans)}
	langs := candidates(q.Lang)
	at := map[string]int{}
	for _, u := range units(spans, langs[0]) {
		key := u.form
		if !u.word {
			key = u.term
		}
		i, known := at[key]
		if !known && len(q.Words) == MaxQueryWords {
			break
		}
		if !known {
			i = len(q.Words)
		}
		if u.atom {
			q.Order = append(q.Order, i)
		}
		if known {
			q.Words[i].Weight += q.Words[i].unit()
			continue
		}
		at[key] = i
		w := Word{Dims: []int32{dimension(u.term)}, Weak: u.stop || u.extra && !u.word, Extra: u.extra}
		w.Weight = w.unit()
		if u.word && !u.stop && !u.extra && spellable(u.form) {
			w.Form = foldMarks(u.form)
		}
		if u.word {
			for _, l := range langs[1:] {
				w.add(stem(u.form, l))
			}
			if slices.Contains(langs, "de") {
				w.add(stem(umlauts.Replace(u.form), "de"))
			}
		}
		q.Words = append(q.Words, w)
	}
	for i := 1; i < len(spans) && len(q.Words) < MaxQueryWords; i++ {
		q.join(spans[i-1], spans[i], langs, at)
	}
	return q
}

// join lets two neighbouring words be one, as "strike through" is "strikethrough".
func (q *Query) join(a, b span, langs []string, at map[string]int) {
	if a.kind != kindWord || b.kind != kindWord || len(a.parts)+len(b.parts) != 2 {
		return
	}
	form := a.parts[0] + b.parts[0]
	stop := word(a.parts[0], langs[0]).stop && word(b.parts[0], langs[0]).stop
	if _, known := at[form]; known || stop || !spellable(form) {
		return
	}
	at[form] = len(q.Words)
	q.Words = append(q.Words, Word{Dims: stems(form, langs), Weight: extraWeight, Extra: true, Joined: true})
}

// add lets a passage have the word by another term.
func (w *Word) add(term string) {
	if d := dimension(term); !slices.Contains(w.Dims, d) {
		w.Dims = append(w.Dims, d)
	}
}

// umlauts undoes how German is typed on a keyboard without them. The stem of a word
// that was no such spelling is one more term that nothing holds.
var umlauts = strings.NewReplacer("ae", "ä", "oe", "ö", "ue", "ü")

// unit is what one occurrence of w counts.
func (w Word) unit() float64 {
	switch {
	case w.Extra:
		return extraWeight
	case w.Weak:
		return stopWeight
	}
	return 1
}

// candidates are the languages whose stems a query's words are looked up by: its own
// and English when it says which it is in, all of them when it does not.
func candidates(lang string) []string {
	switch {
	case lang == "en":
		return []string{"en"}
	case !latin[lang]:
		return []string{"en", "es", "fr", "de", "pt", "it", "nl", "sv", "da", "no", "fi", "tr", "ro", "hu", "xx"}
	}
	return []string{lang, "en"}
}
