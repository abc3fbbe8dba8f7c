// Package moderate judges texts by a list of phrases, for installations that
// send no text to anybody for that.
package moderate

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"frontdesk/conversation"
)

// Bounds of a list.
const (
	maxLines = 10_000
	maxLine  = 1_000 // bytes
)

// List flags texts that hold one of its phrases. It implements
// conversation.Moderator. It is safe for concurrent use.
type List struct {
	phrases  []phrase
	patterns []pattern
}

var _ conversation.Moderator = (*List)(nil)

type phrase struct {
	text string // folded
	line int
}

type pattern struct {
	re   *regexp.Regexp
	line int
}

// Parse reads a list: a phrase or a /regular expression/ (RE2) a line. Phrases
// match as whole words in any case; in scripts that set no spaces between words,
// anywhere. Expressions match as written, in any case. Empty lines and those that
// begin with # are skipped.
func Parse(r io.Reader) (*List, error) {
	l := &List{}
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxLine)
	for n := 1; in.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(in.Text(), "\ufeff"))
		switch {
		case n > maxLines:
			return nil, fmt.Errorf("more than %d lines", maxLines)
		case !utf8.ValidString(line):
			return nil, fmt.Errorf("line %d is not UTF-8", n)
		case line == "" || strings.HasPrefix(line, "#"):
		case len(line) > 2 && line[0] == '/' && line[len(line)-1] == '/':
			re, err := regexp.Compile("(?i)" + line[1:len(line)-1])
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			if re.MatchString("") {
				return nil, fmt.Errorf("line %d matches every text", n)
			}
			l.patterns = append(l.patterns, pattern{re, n})
		default:
			if f := fold(line); f != "" {
				l.phrases = append(l.phrases, phrase{f, n})
			}
		}
	}
	if err := in.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return nil, fmt.Errorf("a line is longer than %d bytes", maxLine)
		}
		return nil, err
	}
	if len(l.phrases)+len(l.patterns) == 0 {
		return nil, errors.New("the list is empty")
	}
	return l, nil
}

// Moderate implements conversation.Moderator. It names the line that matched, not
// its words, which staff may not want to read.
func (l *List) Moderate(_ context.Context, text string) (string, error) {
	folded := fold(text)
	for _, p := range l.phrases {
		if holds(folded, p.text) {
			return fmt.Sprintf("line %d of the list", p.line), nil
		}
	}
	for _, p := range l.patterns {
		if p.re.MatchString(text) {
			return fmt.Sprintf("line %d of the list", p.line), nil
		}
	}
	return "", nil
}

// holds reports whether text has the phrase as whole words.
func holds(text, phrase string) bool {
	first, _ := utf8.DecodeRuneInString(phrase)
	last, _ := utf8.DecodeLastRuneInString(phrase)
	for from := 0; ; {
		i := strings.Index(text[from:], phrase)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(phrase)
		before, _ := utf8.DecodeLastRuneInString(text[:start])
		after, _ := utf8.DecodeRuneInString(text[end:])
		if !joins(before, first) && !joins(last, after) {
			return true
		}
		_, size := utf8.DecodeRuneInString(text[start:])
		from = start + size
	}
}

// joins reports whether two neighbours are of one word.
func joins(a, b rune) bool {
	return wordly(a) && wordly(b) && !unicode.In(a, unspaced...) && !unicode.In(b, unspaced...)
}

func wordly(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar}

// fold lowers text, makes one space of any run of white space, and leaves out
// what cannot be seen, by which a word could be hidden from the list.
func fold(s string) string {
	var b strings.Builder
	space := false
	for _, r := range strings.ToLower(s) {
		switch {
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r):
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}
