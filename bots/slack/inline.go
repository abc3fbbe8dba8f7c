package slack

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxDepth bounds emphasis within emphasis.
	maxDepth = 6
	// maxLink bounds an address: longer ones are shown as text. Slack's own limit
	// is a section's 3,000 characters, which escaping may use up.
	maxLink = 1000
	// maxLabel and maxSpan bound what is kept in one piece, in bytes, and maxPiece
	// what that becomes by escaping: well below any limit it has to fit.
	maxLabel = 200
	maxSpan  = 200
	maxPiece = 1500
)

var (
	linkAt  = regexp.MustCompile(`^!?\[([^\[\]\n]{0,500})\]\(\s*<?([^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)>?(?:\s+["'(][^\n]{0,300}?["')])?\s*\)`)
	autoAt  = regexp.MustCompile(`^<((?:https?://|mailto:)[^\s<>]+)>`)
	bareAt  = regexp.MustCompile(`^https?://[^\s<>"|\x60]+`)
	styles  = strings.NewReplacer("**", "", "__", "", "~~", "", "`", "")
	nothing = "\u200b" // lets Slack see the end of a word before a mark
)

// marks are Markdown's, the longer before the shorter, with Slack's own.
var marks = []struct{ md, slack string }{{"**", "*"}, {"__", "*"}, {"~~", "~"}, {"*", "_"}, {"_", "_"}}

// inline converts what stands within a line.
func inline(s string) []string { return span(shout.ReplaceAllString(s, "@\u2060$1"), 0) }

func span(s string, depth int) []string {
	var out []string
	before := rune(' ')
	for s != "" {
		tokens, n := next(s, before, depth)
		out = append(out, tokens...)
		before, _ = utf8.DecodeLastRuneInString(s[:n])
		s = s[n:]
	}
	return out
}

// next converts what s begins with, and tells how much of it that was.
func next(s string, before rune, depth int) (tokens []string, n int) {
	switch c := s[0]; {
	case c == '\\' && len(s) > 1 && s[1] < utf8.RuneSelf && unicode.In(rune(s[1]), unicode.Punct, unicode.Symbol):
		return []string{letter(rune(s[1]))}, 2
	case c == '`':
		if tokens, n := codeSpan(s); n > 0 {
			return tokens, n
		}
	case c == '[', c == '!':
		if m := linkAt.FindStringSubmatch(s); m != nil {
			return link(m[1], m[2]), len(m[0])
		}
	case c == '<':
		if m := autoAt.FindStringSubmatch(s); m != nil {
			return link("", m[1]), len(m[0])
		}
	case c == 'h' && !unicode.IsLetter(before):
		if m := bareAt.FindString(s); m != "" {
			m = trimURL(m)
			return link("", m), len(m)
		}
	case c == '*' || c == '_' || c == '~':
		if tokens, n := emphasis(s, before, depth); n > 0 {
			return tokens, n
		}
	}
	r, n := utf8.DecodeRuneInString(s)
	return []string{letter(r)}, n
}

// codeSpan converts `code`. Slack has no way to show a backtick in one.
func codeSpan(s string) ([]string, int) {
	open := len(s) - len(strings.TrimLeft(s, "`"))
	end := strings.Index(s[open:], s[:open])
	if end <= 0 {
		return nil, 0
	}
	code, n := strings.TrimSpace(strings.ReplaceAll(s[open:open+end], "`", "'")), 2*open+end
	if code == "" {
		return nil, 0
	}
	inner := letters(code)
	if n > maxSpan {
		return append(append([]string{"`"}, inner...), "`"), n
	}
	return []string{"`" + strings.Join(inner, "") + "`"}, n
}

// emphasis converts **bold**, *italic* and ~~struck~~ text.
func emphasis(s string, before rune, depth int) ([]string, int) {
	for _, m := range marks {
		if !strings.HasPrefix(s, m.md) || depth >= maxDepth {
			continue
		}
		inWord := unicode.IsLetter(before) || unicode.IsDigit(before)
		if m.md[0] == '_' && inWord {
			continue
		}
		end := closing(s, m.md)
		if end < 0 {
			continue
		}
		n := end + len(m.md)
		after, _ := utf8.DecodeRuneInString(s[n:])
		wordAfter := unicode.IsLetter(after) || unicode.IsDigit(after)
		if m.md[0] == '_' && wordAfter {
			continue
		}
		var out []string
		if inWord {
			out = append(out, nothing)
		}
		out = append(out, m.slack)
		out = append(out, span(s[len(m.md):end], depth+1)...)
		out = append(out, m.slack)
		if wordAfter {
			out = append(out, nothing)
		}
		return out, n
	}
	return nil, 0
}

// closing finds where the mark that s begins with is closed, or -1. Marks next
// to white space mark nothing.
func closing(s, mark string) int {
	from := len(mark)
	if from >= len(s) || s[from] == ' ' || s[from] == '\t' || s[from] == mark[0] {
		return -1
	}
	for i := from; ; {
		j := strings.Index(s[i:], mark)
		if j < 0 {
			return -1
		}
		j += i
		end := j + len(mark)
		single := len(mark) == 1 && (end < len(s) && s[end] == mark[0] || s[j-1] == mark[0])
		if s[j-1] != ' ' && s[j-1] != '\t' && s[j-1] != '\\' && !single {
			return j
		}
		i = end
		for len(mark) == 1 && i < len(s) && s[i] == mark[0] {
			i++
		}
	}
}

// link writes a link, or its words where the address is none that may be one.
func link(label, address string) []string {
	label = strings.TrimSpace(styles.Replace(label))
	safe, ok := safeURL(address)
	if len(safe)+5*len(label) > maxPiece {
		ok = false
	}
	switch {
	case !ok && label == "":
		return letters(address)
	case !ok:
		return letters(label)
	case label == "" || label == address || len(label) > maxLabel:
		one := []string{"<" + safe + ">"}
		if len(label) > maxLabel {
			return append(append(letters(label), " "), one...)
		}
		return one
	}
	return []string{"<" + safe + "|" + strings.ReplaceAll(escape(label), "|", "∣") + ">"}
}

// safeURL makes an address fit for a link. Only the web's and mail's are.
func safeURL(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxLink {
		return "", false
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		if u.Host == "" {
			return "", false
		}
	case "mailto":
		if u.Opaque == "" {
			return "", false
		}
	default:
		return "", false
	}
	for _, r := range address {
		if unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError {
			return "", false
		}
	}
	address = strings.NewReplacer("&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C", "`", "%60").Replace(address)
	return strings.ToLower(u.Scheme) + address[len(u.Scheme):], true
}

// trimURL leaves out what ends the sentence rather than the address.
func trimURL(s string) string {
	for {
		t := strings.TrimRight(s, ".,;:!?'*_~]}，。；：！？」”’）")
		if strings.HasSuffix(t, ")") && strings.Count(t, ")") > strings.Count(t, "(") {
			t = t[:len(t)-1]
		}
		if t == s {
			return s
		}
		s = t
	}
}
