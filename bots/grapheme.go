package bots

import (
	"unicode"
	"unicode/utf8"
)

const (
	zeroWidthJoiner    = '\u200D'
	zeroWidthNonJoiner = '\u200C'
)

// boundary reports whether a reader sees one character end and another begin at
// pos of s. It follows the rules of Unicode's annex 29 for extended grapheme
// clusters, and takes an emoji joined to anything else as one. An escaped
// punctuation mark stays with its backslash.
func boundary(s string, pos int) bool {
	if pos <= 0 || pos >= len(s) {
		return true
	}
	next, _ := utf8.DecodeRuneInString(s[pos:])
	prev, _ := utf8.DecodeLastRuneInString(s[:pos])
	if !utf8.RuneStart(s[pos]) && next == utf8.RuneError {
		return !insideRune(s, pos)
	}
	switch {
	case prev == '\r' && next == '\n':
		return false
	case prev == '\\' && next < utf8.RuneSelf && (unicode.IsPunct(next) || unicode.IsSymbol(next)):
		return false
	case extends(next) || prev == zeroWidthJoiner || prepended(prev):
		return false
	case regional(next) && regional(prev):
		return flags(s[:pos])%2 == 0
	}
	return !hangul(prev, next)
}

// insideRune reports whether pos is in the middle of a character's bytes.
func insideRune(s string, pos int) bool {
	for k := 1; k < utf8.UTFMax && pos-k >= 0; k++ {
		if utf8.RuneStart(s[pos-k]) {
			_, n := utf8.DecodeRuneInString(s[pos-k:])
			return n > k
		}
	}
	return false
}

// extends tells what belongs to the character before it: marks, joiners, skin
// tones and the letters of a flag's tag.
func extends(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc) ||
		r == zeroWidthJoiner || r == zeroWidthNonJoiner ||
		r >= 0x1F3FB && r <= 0x1F3FF || r >= 0xE0020 && r <= 0xE007F ||
		r == 0x0E33 || r == 0x0EB3 || r >= 0xFF9E && r <= 0xFF9F
}

// prepended tells the few marks that belong to the character after them.
func prepended(r rune) bool {
	return unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

func regional(r rune) bool { return unicode.Is(unicode.Regional_Indicator, r) }

// flags counts the regional indicators that s ends with: two make a flag.
func flags(s string) int {
	n := 0
	for s != "" {
		r, size := utf8.DecodeLastRuneInString(s)
		if !regional(r) {
			break
		}
		n++
		s = s[:len(s)-size]
	}
	return n
}

// hangul reports whether two jamo belong to one syllable.
func hangul(a, b rune) bool {
	const first, count, trailing = 0xAC00, 11172, 28
	syllable := a >= first && a < first+count
	open := syllable && (a-first)%trailing == 0
	lead := a >= 0x1100 && a <= 0x115F || a >= 0xA960 && a <= 0xA97C
	vowel := a >= 0x1160 && a <= 0x11A7 || a >= 0xD7B0 && a <= 0xD7C6
	tail := a >= 0x11A8 && a <= 0x11FF || a >= 0xD7CB && a <= 0xD7FB
	bLead := b >= 0x1100 && b <= 0x115F || b >= 0xA960 && b <= 0xA97C
	bVowel := b >= 0x1160 && b <= 0x11A7 || b >= 0xD7B0 && b <= 0xD7C6
	bTail := b >= 0x11A8 && b <= 0x11FF || b >= 0xD7CB && b <= 0xD7FB
	bSyllable := b >= first && b < first+count
	switch {
	case lead:
		return bLead || bVowel || bSyllable
	case open || vowel:
		return bVowel || bTail
	case syllable || tail:
		return bTail
	}
	return false
}
