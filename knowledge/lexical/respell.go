package lexical

import "unicode"

const (
	// leastSpellable is how many letters a word has at least that may be misspelt: in a
	// shorter one every other word is a letter away.
	leastSpellable = 5
	// mostSpellable bounds the work on one word; no language's are longer.
	mostSpellable = 32
	// twoMistakes is from how many letters on a word may have two.
	twoMistakes = 8
	// leastHalf is how many letters each half of a word has that was written as one.
	leastHalf = 3
	// maxRespellings is how many known words one misspelt may stand for.
	maxRespellings = 3
	// respeltWeight is of a word that was misspelt: the guess may be wrong.
	respeltWeight = .7
)

// spellable reports whether a word can be told to be misspelt: letters alone, and enough
// of them. What has digits is a name, which says what it says.
func spellable(form string) bool {
	n := 0
	for _, r := range form {
		if !unicode.IsLetter(r) && !unicode.IsMark(r) {
			return false
		}
		n++
	}
	return n >= leastSpellable && n <= mostSpellable
}
