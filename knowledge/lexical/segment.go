package lexical

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// kind is how a run of text is cut into terms.
type kind uint8

const (
	kindWord    kind = iota // letters and digits parted by spaces or punctuation
	kindBigram              // Chinese, Japanese, Korean, Yi: overlapping pairs of characters
	kindCluster             // Thai, Lao, Khmer, Burmese, Javanese and their like: overlapping pairs of base plus marks
)

// span is one run of text of a kind. A kindWord span is a compound: its parts were
// joined by single marks (hyphen, apostrophe, full stop …), joins[i] standing
// between parts[i] and parts[i+1].
type span struct {
	kind  kind
	parts []string
	joins []rune
}

// segment cuts text into spans, in order. Text is folded for width and
// compatibility (NFKC) and lower-cased on the way; invalid UTF-8 parts words.
func segment(text string) []span {
	rs := []rune(strings.ToLower(norm.NFKC.String(strings.ToValidUTF8(text, " "))))
	for i, r := range rs {
		rs[i] = asciiDigit(r)
	}
	var spans []span
	for i := 0; i < len(rs); {
		k, ok := classify(rs[i])
		if !ok {
			i++
			continue
		}
		if k != kindWord {
			var b strings.Builder
			for j := i; i < len(rs) && (sameRun(rs[i], k) || i > j && (unicode.IsMark(rs[i]) || unicode.Is(unicode.Cf, rs[i]))); i++ {
				if !unicode.Is(unicode.Cf, rs[i]) { // a space of no width tells where a line may be broken
					b.WriteRune(rs[i])
				}
			}
			spans = append(spans, span{kind: k, parts: []string{b.String()}})
			continue
		}
		var s span
		s, i = compound(rs, i)
		if len(s.parts) > 0 {
			spans = append(spans, s)
		}
	}
	return spans
}

// asciiDigit folds a decimal digit of any script. Unicode lists them in runs of ten from nought.
func asciiDigit(r rune) rune {
	if r < 0x80 || !unicode.IsDigit(r) {
		return r
	}
	for _, t := range unicode.Nd.R16 {
		if lo := rune(t.Lo); lo <= r && r <= rune(t.Hi) {
			return '0' + (r-lo)%10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if lo := rune(t.Lo); lo <= r && r <= rune(t.Hi) {
			return '0' + (r-lo)%10
		}
	}
	return r
}

// compound reads the word at rs[i] and what is joined to it, and returns where it ends.
func compound(rs []rune, i int) (span, int) {
	s := span{kind: kindWord}
	for {
		var b strings.Builder
		n := 0
		for ; i < len(rs); i++ {
			if unicode.Is(unicode.Cf, rs[i]) { // soft hyphens and joiners are invisible
				continue
			}
			if k, ok := classify(rs[i]); !ok && !(n > 0 && unicode.IsMark(rs[i])) || ok && k != kindWord {
				break
			}
			if n < maxWord {
				b.WriteRune(rs[i])
			}
			n++
		}
		if n > 0 {
			s.parts = append(s.parts, b.String())
		}
		if i+1 >= len(rs) || n == 0 || len(s.parts) == maxParts {
			return s, i
		}
		join := joiner(rs[i])
		if k, ok := classify(rs[i+1]); join == 0 || !ok || k != kindWord {
			return s, i
		}
		if join == ',' && !(unicode.IsDigit(rs[i-1]) && unicode.IsDigit(rs[i+1])) {
			return s, i
		}
		s.joins = append(s.joins, join)
		i++
	}
}

// maxParts ends a compound: a longer chain is a path or a list, not a name.
const maxParts = 6

// joiner returns the mark as one of ' - . _ & , or 0 when r parts words.
func joiner(r rune) rune {
	switch r {
	case '\'', '’', 'ʼ', '`', '´':
		return '\''
	case '-', '‐', '‑':
		return '-'
	case '.', '_', '&', ',':
		return r
	}
	return 0
}

// classify says which kind of run r begins; ok is false for what is in no word.
func classify(r rune) (k kind, ok bool) {
	switch {
	case r < 0x80:
		return kindWord, r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z'
	case sameRun(r, kindBigram):
		return kindBigram, true
	case sameRun(r, kindCluster):
		return kindCluster, true
	}
	return kindWord, unicode.IsLetter(r) || unicode.IsDigit(r)
}

// sameRun reports whether r belongs to the scripts of k, which is not kindWord.
func sameRun(r rune, k kind) bool {
	if r < 0x0e00 {
		return false
	}
	if k == kindBigram {
		return r == 'ー' || unicode.IsLetter(r) &&
			unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo, unicode.Yi)
	}
	return (unicode.IsLetter(r) || unicode.IsMark(r)) &&
		unicode.In(r, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Javanese, unicode.Balinese,
			unicode.Tai_Le, unicode.New_Tai_Lue, unicode.Tai_Tham, unicode.Tai_Viet, unicode.Cham)
}

// clusters parts s into units that a reader sees as one character: for kindBigram
// its runes, for kindCluster each base with its marks.
func clusters(s string, k kind) []string {
	var out []string
	for _, r := range s {
		if len(out) > 0 && unicode.IsMark(r) && (k == kindCluster || !unicode.IsLetter(r)) {
			out[len(out)-1] += string(r)
			continue
		}
		out = append(out, string(r))
	}
	return out
}
