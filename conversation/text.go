package conversation

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes a customer's text fit to store: invalid UTF-8 becomes U+FFFD,
// control characters go except tabs and line breaks, white space at the ends is
// cut. It returns ErrEmpty when nothing visible is left, ErrTooLong past
// MaxTextRunes.
func Clean(text string) (string, error) {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\r\n", "\n"), "\uFFFD")
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r' || r == '\u2028' || r == '\u2029':
			return '\n'
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, text))
	if utf8.RuneCountInString(text) > MaxTextRunes {
		return "", ErrTooLong
	}
	if !strings.ContainsFunc(text, visible) {
		return "", ErrEmpty
	}
	return text, nil
}

// visible reports whether r shows on a page; format characters such as a
// zero-width space alone do not make a message.
func visible(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Variation_Selector, r)
}

// cleanName bounds a name from outside to one short line.
func cleanName(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Bidi_Control, r)
	}), " ")
	const maxNameRunes = 120
	if rs := []rune(s); len(rs) > maxNameRunes {
		s = string(rs[:maxNameRunes])
	}
	return s
}
