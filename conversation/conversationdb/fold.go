package conversationdb

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	// maxTermRunes cuts what is no word, such as an address in base64.
	maxTermRunes = 40
	// maxQueryTerms bounds what one search asks for.
	maxQueryTerms = 16
	// From so many characters on the beginning of a word finds it: the last word may
	// still be being typed.
	minPrefix     = 3
	minLastPrefix = 2
	// excerptBefore and excerptAfter are how much of a message is shown around what was
	// found, in characters.
	excerptBefore = 50
	excerptAfter  = 110
)

// unmarked are letters with a mark that Unicode does not take apart.
var unmarked = map[rune]string{'ß': "ss", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'æ': "ae", 'œ': "oe", 'ı': "i", 'ħ': "h", 'ŧ': "t"}

// foldRune is a character as the search compares it: lower case, in its usual width,
// without accents and vowel marks. A mark by itself is nothing.
func foldRune(r rune) string {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return string(r)
	}
	if unicode.Is(unicode.Hangul, r) {
		return norm.NFKC.String(string(r)) // taken apart it would be letters
	}
	var b strings.Builder
	for _, d := range norm.NFKD.String(string(unicode.ToLower(r))) {
		switch s, ok := unmarked[d]; {
		case unicode.Is(unicode.Mn, d):
		case ok:
			b.WriteString(s)
		default:
			b.WriteRune(unicode.ToLower(d))
		}
	}
	return b.String()
}

// unspaced reports whether words of r's script are not written apart, so that any
// two neighbours count as one.
func unspaced(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// runs calls do with each run of letters and digits of the folded text, those of
// unspaced scripts apart.
func runs(text string, do func(run []rune, unspaced bool)) {
	var (
		run   []rune
		dense bool
	)
	flush := func() {
		if len(run) > 0 {
			do(run, dense)
		}
		run = run[:0]
	}
	for _, r := range text {
		if unicode.Is(unicode.Mn, r) {
			continue // it belongs to the letter before it
		}
		for _, f := range foldRune(r) {
			if !unicode.IsLetter(f) && !unicode.IsDigit(f) && !unicode.Is(unicode.Mc, f) {
				flush()
				continue
			}
			if u := unspaced(f); u != dense {
				flush()
				dense = u
			}
			run = append(run, f)
		}
	}
	flush()
}

// termsOf is a text as a tsvector: its words, and of unspaced scripts all pairs of
// neighbours with the last character of each run.
func termsOf(texts ...string) string {
	seen := map[string]bool{}
	for _, text := range texts {
		runs(text, func(run []rune, dense bool) {
			if !dense {
				seen[string(run[:min(len(run), maxTermRunes)])] = true
				return
			}
			for i := range run {
				seen[string(run[i:min(i+2, len(run))])] = true
			}
		})
	}
	terms := make([]string, 0, len(seen))
	for t := range seen {
		terms = append(terms, "'"+t+"'") // letters and digits: nothing to escape
	}
	slices.Sort(terms)
	return strings.Join(terms, " ")
}

// queryOf is what was typed as a tsquery, all of whose terms must be in one text; it
// is empty when there is nothing to look for.
func queryOf(text string) string {
	var terms []string
	add := func(t string) {
		if len(terms) < maxQueryTerms && !slices.Contains(terms, t) {
			terms = append(terms, t)
		}
	}
	last := ""
	runs(text, func(run []rune, dense bool) {
		if !dense {
			t := "'" + string(run[:min(len(run), maxTermRunes)]) + "'"
			last = ""
			if len(run) >= minLastPrefix {
				last = t
			}
			if len(run) >= minPrefix {
				t += ":*"
			}
			add(t)
			return
		}
		last = ""
		if len(run) == 1 {
			add("'" + string(run) + "':*")
			return
		}
		for i := range len(run) - 1 {
			add("'" + string(run[i:i+2]) + "'")
		}
	})
	if i := slices.Index(terms, last); i >= 0 {
		terms[i] += ":*"
	}
	return strings.Join(terms, " & ")
}

// excerpt is the part of a text around the first of the query's words in it, on one
// line.
func excerpt(text, query string) string {
	original := []rune(text)
	var (
		folded strings.Builder
		from   []int // for each byte of folded, the character it came from
	)
	for i, r := range original {
		f := foldRune(r)
		folded.WriteString(f)
		for range len(f) {
			from = append(from, i)
		}
	}
	at := 0
	found := false
	runs(query, func(run []rune, _ bool) {
		if i := strings.Index(folded.String(), string(run)); i >= 0 && !found {
			at, found = from[i], true
		}
	})
	start, end := max(0, at-excerptBefore), min(len(original), at+excerptAfter)
	out := strings.Join(strings.Fields(string(original[start:end])), " ")
	if start > 0 {
		out = "…" + out
	}
	if end < len(original) {
		out += "…"
	}
	return out
}
