package lexical

import (
	"cmp"
	"slices"
	"unicode"
	"unicode/utf8"
)

const (
	// leastSpellable is how many letters a word has at least that may be misspelt: in a
	// shorter one every other word is a letter away.
	leastSpellable = 5
	// mostSpellable bounds the work on one word; no language's are longer.
	mostSpellable = 32
	// twoMistakes is from how many letters on a word may have two mistakes.
	twoMistakes = 9
	// leastCompound is how many letters two words have that were written as one.
	leastCompound = 8
	// leastHalf is how many letters each of two such words has.
	leastHalf = 3
	// maxRespellings is how many known words one misspelt may stand for.
	maxRespellings = 3
	// maxUnknown is how many words of a question are looked up as misspelt.
	maxUnknown = 8
	// muchUnknown is the share of a question's words, by idf, from which on not knowing
	// them makes its results poor.
	muchUnknown = .2
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

// Guess is a word of a query that no passage holds, and where to look for what it may be.
type Guess struct {
	Word    int      // in Query.Words
	Form    string   // as it is written, folded
	Swapped []string // with two neighbouring letters the other way round, which few trigrams survive
	Halves  []Half   // as two words
}

// Half is a way to part a word in two, each with the terms that may stand for it.
type Half struct{ Left, Right []int32 }

// Guesses are the words of the message that no passage holds (none of their terms is in
// df), where these are so much of it that its results are poor. Else there are none.
func (q Query) Guesses(df map[int32]int, n int) []Guess {
	var out []Guess
	unknown, total := 0., 0.
	for i, w := range q.Words {
		if w.Earlier || w.Weak || w.Extra {
			continue
		}
		most := 0
		for _, d := range w.Dims {
			most = max(most, df[d])
		}
		total += IDF(min(most, n), n)
		if most > 0 || w.Form == "" {
			continue
		}
		unknown += IDF(0, n)
		if len(out) < maxUnknown {
			out = append(out, Guess{i, w.Form, swapped(w.Form), halves(w.Form, candidates(q.Lang))})
		}
	}
	if unknown < muchUnknown*total {
		return nil
	}
	return out
}

func swapped(form string) []string {
	rs := []rune(form)
	var out []string
	for i := 1; i < len(rs); i++ {
		if rs[i] != rs[i-1] {
			other := slices.Clone(rs)
			other[i], other[i-1] = other[i-1], other[i]
			out = append(out, string(other))
		}
	}
	return out
}

func halves(form string, langs []string) []Half {
	rs := []rune(form)
	if len(rs) < leastCompound {
		return nil
	}
	var out []Half
	for i := leastHalf; i <= len(rs)-leastHalf; i++ {
		out = append(out, Half{stems(string(rs[:i]), langs), stems(string(rs[i:]), langs)})
	}
	return out
}

func stems(form string, langs []string) []int32 {
	var w Word
	for _, l := range langs {
		w.add(stem(form, wordLanguage(form, l)))
	}
	return w.Dims
}

// Respell makes the guessed word stand for the likeliest of known, the words of the
// passages, or for two words in one, whose terms are held as has tells. It reports whether
// it found any.
func (q *Query) Respell(g Guess, known []Form, has func(dim int32) bool) bool {
	best := mistakes(g.Form) + 1
	var dims []int32
	for _, k := range known {
		if d := distance(g.Form, k.Word, best); d > 0 && d <= best && d <= mistakes(g.Form) {
			if d < best {
				best, dims = d, dims[:0]
			}
			if !slices.Contains(dims, k.Dim) && len(dims) < maxRespellings {
				dims = append(dims, k.Dim)
			}
		}
	}
	w := &q.Words[g.Word]
	if len(dims) > 0 {
		w.Dims, w.Weight, w.Guessed = append(w.Dims, dims...), w.Weight*respeltWeight, true
		return true
	}
	half := slices.MaxFunc(append(g.Halves, Half{}), func(a, b Half) int { return cmp.Compare(held(a, has), held(b, has)) })
	if held(half, has) == 0 {
		return false
	}
	second := Word{Dims: half.Right, Weight: w.Weight, Guessed: true}
	w.Dims, w.Guessed = half.Left, true
	q.Words = append(q.Words, second)
	if at := slices.Index(q.Order, g.Word); at >= 0 {
		q.Order = slices.Insert(q.Order, at+1, len(q.Words)-1)
	}
	return true
}

// held is 1 when passages hold both halves.
func held(h Half, has func(int32) bool) int {
	if slices.ContainsFunc(h.Left, has) && slices.ContainsFunc(h.Right, has) {
		return 1
	}
	return 0
}

// mistakes is how many a word may have.
func mistakes(form string) int {
	if utf8.RuneCountInString(form) >= twoMistakes {
		return 2
	}
	return 1
}

// distance counts what letters were left out, put in, taken for another or swapped with
// their neighbour to get from one word to the other; above most it is some number above.
// A word whose first letter is another counts one more: that is seldom mistyped.
func distance(from, to string, most int) int {
	a, b := []rune(from), []rune(to)
	if d := len(a) - len(b); d > most || -d > most {
		return most + 1
	}
	older, old, now := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range old {
		old[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(old[j]+1, now[j-1]+1, old[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], older[j-2]+1)
			}
		}
		older, old, now = old, now, older
	}
	d := old[len(b)]
	if len(a) > 1 && len(b) > 1 && a[0] != b[0] && !(a[0] == b[1] && a[1] == b[0]) {
		d++
	}
	return d
}
