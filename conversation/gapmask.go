package conversation

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What stands in a masked text for what was there.
const (
	maskedMail   = "[e-mail]"
	maskedNumber = "[number]"
	maskedName   = "[name]"
)

const (
	// maskDigits is how many digits make a number one that may name a person or an
	// order: years, prices and periods have fewer.
	maskDigits = 6
	// maskCode is how many make a code of letters and digits one: ORD-2024 has four,
	// WPA2 and A4 have one.
	maskCode = 4
	// maskNameRunes keeps initials and particles from being masked everywhere.
	maskNameRunes = 3
)

var (
	mailPattern = regexp.MustCompile(`[\p{L}\p{N}._%+'-]+(?:@|\s?\[at\]\s?|\s?\(at\)\s?)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+`)
	// A run that may be a telephone, card or order number: digits with what people
	// write between them.
	numberPattern = regexp.MustCompile(`[+(#]?\p{Nd}(?:[\s().,/\\·:–-]{0,3}\p{Nd})+`)
	codePattern   = regexp.MustCompile(`#?[\p{L}\p{Nd}]+(?:[-_/][\p{L}\p{Nd}]+)*`)
	amountPattern = regexp.MustCompile(`^\p{Nd}{1,3}(?:[.,\s]\p{Nd}{3})*(?:[.,]\p{Nd}{1,2})?$`)
)

// maskPersonal replaces what may name a person: e-mail addresses, telephone and
// other long numbers, codes of letters and digits, and the names given. Amounts
// such as 1,299.00 stay. It is meant to mask too much rather than too little.
func maskPersonal(text string, names []string) string {
	text = mailPattern.ReplaceAllString(text, maskedMail)
	text = codePattern.ReplaceAllStringFunc(text, func(s string) string {
		if countDigits(s) >= maskCode && strings.ContainsFunc(s, unicode.IsLetter) {
			return maskedNumber
		}
		return s
	})
	text = numberPattern.ReplaceAllStringFunc(text, func(s string) string {
		if countDigits(s) < maskDigits || amountPattern.MatchString(s) && strings.ContainsAny(s, ".,") {
			return s
		}
		return maskedNumber
	})
	return maskNames(text, names)
}

// maskNames replaces whole names first and then their parts, where they stand as
// words of their own and are written as in the name.
func maskNames(text string, names []string) string {
	var parts []string
	for _, n := range names {
		n = strings.TrimSpace(n)
		parts = append(parts, n)
		parts = append(parts, strings.Fields(n)...)
	}
	slices.SortFunc(parts, func(a, b string) int { return len(b) - len(a) })
	for _, p := range slices.Compact(parts) {
		if utf8.RuneCountInString(p) >= maskNameRunes || unspaced(p) && utf8.RuneCountInString(p) > 1 {
			text = replaceWord(text, p)
		}
	}
	return text
}

// replaceWord masks p where no letter or digit touches it; in scripts without
// spaces wherever it stands.
func replaceWord(text, p string) string {
	var b strings.Builder
	whole := unspaced(p)
	for {
		i := strings.Index(text, p)
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		end := i + len(p)
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[end:])
		b.WriteString(text[:i])
		if whole || !wordRune(before) && !wordRune(after) {
			b.WriteString(maskedName)
		} else {
			b.WriteString(p)
		}
		text = text[end:]
	}
}

func wordRune(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

func unspaced(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}

func countDigits(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n
}
