package lexical

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// foldMarks strips accents where customers leave them out (Latin and Greek) and
// spells letters of the same sound alike. Marks that make another letter (Cyrillic
// й, every Indic vowel sign) stay.
func foldMarks(s string) string {
	if isASCII(s) {
		return s
	}
	var b strings.Builder
	base := rune(0)
	for _, r := range norm.NFD.String(s) {
		if unicode.Is(unicode.Mn, r) {
			if base == 0 || unicode.In(base, unicode.Latin, unicode.Greek) {
				continue
			}
			if r == '\u0308' && (base == 'е') { // ё is written е as often as not
				continue
			}
			if arabicMark(r) || unicode.Is(unicode.Hebrew, r) {
				continue
			}
			b.WriteRune(r)
			continue
		}
		if base = r; !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			base = 0 // a mark on nothing is dropped
		}
		if to, ok := spelling[r]; ok {
			b.WriteString(to)
			continue
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String())
}

// spelling folds letters that no decomposition parts.
var spelling = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i", 'ς': "σ",
	// Arabic and Persian: one letter, several code points or habits of typing.
	'أ': "ا", 'إ': "ا", 'آ': "ا", 'ٱ': "ا", 'ى': "ي", 'ی': "ي", 'ک': "ك", 'ة': "ه", 'ـ': "",
}

// arabicMark reports a vowel sign, hamza mark or maddah: written in few texts.
func arabicMark(r rune) bool { return r >= 0x064b && r <= 0x0655 || r == 0x0670 }

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// Key folds a question for comparison: two questions with the same key are the same
// but for case, width, accents, punctuation and spacing. Signs that carry meaning
// (C++ and C#, 5 % and 5 $) stay. It is empty when the text holds no letter or digit.
func Key(question string) string {
	rs := []rune(foldMarks(strings.ToLower(norm.NFKC.String(strings.ToValidUTF8(question, " ")))))
	var b strings.Builder
	gap, wordy := false, false
	var last rune
	for i, r := range rs {
		letter := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
		switch {
		case letter || r == '+' || r == '#' || r == '%' || unicode.Is(unicode.Sc, r):
			// Between Chinese characters a space says nothing.
			if gap && b.Len() > 0 && !(sameRun(r, kindBigram) && sameRun(last, kindBigram)) {
				b.WriteByte(' ')
			}
			b.WriteRune(r)
			gap, last, wordy = false, r, wordy || letter && !unicode.IsMark(r)
		case unicode.Is(unicode.Cf, r):
		case !gap && i+1 < len(rs) && joiner(r) != 0 && unicode.IsLetter(rs[i+1]): // e-mail is email
		default:
			gap = true
		}
	}
	if !wordy {
		return ""
	}
	return b.String()
}

// KeyHash is Key as a number for an index; 0 when Key is empty. Who finds by it
// compares the keys themselves.
func KeyHash(question string) int64 {
	k := Key(question)
	if k == "" {
		return 0
	}
	return hash64(k)
}
