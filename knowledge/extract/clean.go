package extract

import (
	"fmt"
	"strings"
	"unicode"

	"frontdesk/knowledge"
)

// clean ends lines with \n and drops what no reader sees: control characters,
// byte order marks, soft hyphens, overrides of the reading direction and the
// invisible tag characters instructions to a model can be hidden in. Joiners
// stay, because Persian, the Indic scripts and emoji need them.
func clean(s string) (string, error) {
	if len(s) > MaxText {
		return "", fmt.Errorf("%w: the text has more than %d MB", knowledge.ErrTooLarge, MaxText>>20)
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r == '\u00a0' || r == '\u202f':
			return ' '
		case unicode.IsControl(r), r == '\u00ad', r == '\ufeff', r >= 0xfff9 && r <= 0xfffb, r == '\ufffe', r == '\uffff',
			r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r >= 0xe0000 && r <= 0xe007f:
			return -1
		}
		return r
	}, s)
	return s, nil
}

// squeeze makes one line of s, with single spaces.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// clip returns at most n bytes of s, cut between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}
