package tokens

import (
	"sync"
	"unicode"
	"unicode/utf8"
)

// class is a set of what the two split patterns ask of a character.
type class uint8

const (
	upper    class = 1 << iota // \p{Lu} \p{Lt}
	lower                      // \p{Ll}
	caseless                   // \p{Lm} \p{Lo}
	mark                       // \p{M}
	number                     // \p{N}
	space                      // \s
	newline                    // \r \n, which are also space
	end                        // there is no character: the text is over

	letter = upper | lower | caseless      // \p{L}
	head   = upper | caseless | mark       // what a capitalised word begins with in o200k_base
	tail   = lower | caseless | mark       // what it goes on with
	plain  = letter | number | space | end // everything a run of symbols stops at
)

// bmp holds the classes of the first 65,536 code points; above them classOf asks the tables.
var bmp = sync.OnceValue(func() *[1 << 16]class {
	t := new([1 << 16]class)
	for _, part := range classes {
		for _, r := range part.table.R16 {
			for c := uint32(r.Lo); c <= uint32(r.Hi); c += uint32(r.Stride) {
				t[c] |= part.class
			}
		}
	}
	for _, n := range newer {
		for c := n.lo; c <= n.hi && c < 1<<16; c++ {
			t[c] = n.class
		}
	}
	return t
})

var classes = [...]struct {
	class class
	table *unicode.RangeTable
}{
	{upper, unicode.Lu}, {upper, unicode.Lt}, {lower, unicode.Ll},
	{caseless, unicode.Lo}, {caseless, unicode.Lm},
	{mark, unicode.M}, {number, unicode.N}, {space, unicode.White_Space},
	{newline, &unicode.RangeTable{R16: []unicode.Range16{{Lo: '\n', Hi: '\r', Stride: '\r' - '\n'}}}},
}

// newer holds what Unicode 16.0 assigned since 15.0: the reference knows 16.0, Go's tables are at
// 15.0. Without it "'s" after such a letter is cut another way. TestReferenceAgreesOnEveryCharacter
// finds what is missing when either moves on.
var newer = [...]struct {
	lo, hi rune
	class  class
}{
	{0x897, 0x897, mark}, {0x1C89, 0x1C89, upper}, {0x1C8A, 0x1C8A, lower}, {0xA7CB, 0xA7CC, upper},
	{0xA7CD, 0xA7CD, lower}, {0xA7DA, 0xA7DA, upper}, {0xA7DB, 0xA7DB, lower}, {0xA7DC, 0xA7DC, upper},
	{0x105C0, 0x105F3, caseless}, {0x10D40, 0x10D49, number}, {0x10D4A, 0x10D4F, caseless},
	{0x10D50, 0x10D65, upper}, {0x10D69, 0x10D6D, mark}, {0x10D6F, 0x10D6F, caseless}, {0x10D70, 0x10D85, lower},
	{0x10EC2, 0x10EC4, caseless}, {0x10EFC, 0x10EFC, mark}, {0x11380, 0x11389, caseless}, {0x1138B, 0x1138B, caseless},
	{0x1138E, 0x1138E, caseless}, {0x11390, 0x113B5, caseless}, {0x113B7, 0x113B7, caseless}, {0x113B8, 0x113C0, mark},
	{0x113C2, 0x113C2, mark}, {0x113C5, 0x113C5, mark}, {0x113C7, 0x113CA, mark}, {0x113CC, 0x113D0, mark},
	{0x113D1, 0x113D1, caseless}, {0x113D2, 0x113D2, mark}, {0x113D3, 0x113D3, caseless}, {0x113E1, 0x113E2, mark},
	{0x116D0, 0x116E3, number}, {0x11BC0, 0x11BE0, caseless}, {0x11BF0, 0x11BF9, number}, {0x11F5A, 0x11F5A, mark},
	{0x13460, 0x143FA, caseless}, {0x16100, 0x1611D, caseless}, {0x1611E, 0x1612F, mark}, {0x16130, 0x16139, number},
	{0x16D40, 0x16D6C, caseless}, {0x16D70, 0x16D79, number}, {0x18CFF, 0x18CFF, caseless}, {0x1CCF0, 0x1CCF9, number},
	{0x1E5D0, 0x1E5ED, caseless}, {0x1E5EE, 0x1E5EF, mark}, {0x1E5F0, 0x1E5F0, caseless}, {0x1E5F1, 0x1E5FA, number},
	{0x2EBF0, 0x2EE5D, caseless},
}

// at returns the class of the character at s[i:] and its length, or end and 0 where s is over.
func at(t *[1 << 16]class, s string, i int) (class, int) {
	if i >= len(s) {
		return end, 0
	}
	if b := s[i]; b < utf8.RuneSelf {
		return t[b], 1
	}
	r, n := utf8.DecodeRuneInString(s[i:])
	if r < 1<<16 {
		return t[r], n
	}
	return astral(r), n
}

// astral returns the class of a character above U+FFFF. Most of those in real text are ideographs
// and emoji, so letters without case are asked for first.
func astral(r rune) class {
	switch {
	case unicode.Is(unicode.Lo, r), unicode.Is(unicode.Lm, r):
		return caseless
	case unicode.Is(unicode.So, r):
		return 0
	case unicode.Is(unicode.Lu, r), unicode.Is(unicode.Lt, r):
		return upper
	case unicode.Is(unicode.Ll, r):
		return lower
	case unicode.Is(unicode.M, r):
		return mark
	case unicode.Is(unicode.N, r):
		return number
	}
	for _, n := range newer {
		if r >= n.lo && r <= n.hi {
			return n.class
		}
	}
	return 0
}
