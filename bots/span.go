package bots

import (
	"regexp"
	"strings"
)

// Kinds of what a cut may hurt, the least first.
const (
	free  = iota
	block // a list item, emphasis or a block of code that fits into one message
	whole // a link, an address, inline code, a fence's own line
	kinds
)

// spans is what of a text is to stay in one piece.
type spans struct {
	// strength says for every byte what a cut right before it would hurt.
	strength []uint8
	fences   []fence
}

// fence is a block of code that does not fit into one message.
type fence struct {
	start, end  int    // of its content
	open, close string // the lines that begin and end it
}

// fenceAt returns the over-long block of code that pos is inside of.
func (s *spans) fenceAt(pos int) *fence {
	for i := range s.fences {
		if f := &s.fences[i]; f.start <= pos && pos <= f.end {
			return f
		}
	}
	return nil
}

// protect marks text[start:end].
func (s *spans) protect(start, end int, kind uint8) {
	for i := max(start+1, 0); i < end && i < len(s.strength); i++ {
		s.strength[i] = max(s.strength[i], kind)
	}
}

var (
	fenceLine = regexp.MustCompile("^([ \t]*(?:[-*+] |[0-9]{1,9}[.)] )?[ \t]*)(```+|~~~+)([^`\n]*)$")
	itemLine  = regexp.MustCompile(`^([ \t]*)(?:[-*+•]|[0-9]{1,9}[.)])[ \t]`)
	// atomic is what is never cut: a link with its address, an address, and what
	// stands in angle brackets.
	atomic = regexp.MustCompile(`!?\[[^\[\]\n]*\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+"[^"\n]*")?\)|(?:https?://|mailto:|tel:)[^\s<>，。！？、；：）」』】]+|<[^<>\n]+>`)
	strong = regexp.MustCompile(`\*\*[^*\n]+\*\*|__[^_\n]+__|~~[^~\n]+~~|\*[^*\s][^*\n]*\*|_[^_\s][^_\n]*_`)
)

// findSpans reads text line by line for its blocks, then what lies between the
// blocks of code for what is inside a line.
func findSpans(text string, limit int, unit Unit) *spans {
	s := &spans{strength: make([]uint8, len(text)+1)}
	fits := func(start, end int) bool { return unit.Size(text[start:end]) <= limit }
	var (
		items []item
		code  *openBlock
		prose int // where the text outside code began
		blank bool
	)
	closeItems := func(indent, end int) {
		for len(items) > 0 && items[len(items)-1].indent >= indent {
			it := items[len(items)-1]
			items = items[:len(items)-1]
			if last := it.start + len(strings.TrimRight(text[it.start:end], " \t\n")); fits(it.start, last) {
				s.protect(it.start, last, block)
			}
		}
	}
	for at := 0; at < len(text); {
		end := len(text)
		if n := strings.IndexByte(text[at:], '\n'); n >= 0 {
			end = at + n
		}
		line := text[at:end]
		switch m := fenceLine.FindStringSubmatch(line); {
		case code != nil:
			if m != nil && m[2][0] == code.mark[0] && len(m[2]) >= len(code.mark) && strings.TrimSpace(m[1]+m[3]) == "" {
				s.fence(text, code, at, end, limit, unit)
				code, prose = nil, end
			}
		case strings.TrimSpace(line) == "":
			blank = true
		default:
			indent := len(line) - len(strings.TrimLeft(line, " \t"))
			marker := itemLine.MatchString(line)
			if marker || blank {
				closeItems(indent, at)
			}
			if marker {
				items = append(items, item{at, indent})
			}
			blank = false
			if m != nil {
				s.inline(text, prose, at)
				code = &openBlock{start: at, content: min(end+1, len(text)), indent: indentOf(m[1]), mark: m[2], info: strings.TrimSpace(m[3])}
			}
		}
		at = end + 1
	}
	if code != nil {
		s.fence(text, code, len(text), len(text), limit, unit)
	} else {
		s.inline(text, prose, len(text))
	}
	closeItems(0, len(text))
	return s
}

type item struct{ start, indent int }

// openBlock is a block of code whose end has not come yet.
type openBlock struct {
	start, content     int
	indent, mark, info string
}

// fence protects a block of code whose closing line is text[closing:end], or says
// how to reopen it when it is too long.
func (s *spans) fence(text string, b *openBlock, closing, end, limit int, unit Unit) {
	if unit.Size(text[b.start:end]) <= limit {
		s.protect(b.start, end, block)
	}
	// Cut here, a block without content would be left.
	s.protect(b.start, min(b.content+1, len(text)), whole)
	if closing < end {
		s.protect(closing-2, end, whole)
	}
	const maxInfo = 30 // the name of a language is shorter
	if len(b.info) > maxInfo {
		b.info = ""
	}
	f := fence{b.content, closing, b.indent + b.mark + b.info, b.indent + b.mark}
	if unit.Size(f.open+f.close)+2 <= limit/2 {
		s.fences = append(s.fences, f)
	}
}

// inline protects links, code and emphasis in text[start:end].
func (s *spans) inline(text string, start, end int) {
	t := text[start:end]
	for _, m := range atomic.FindAllStringIndex(t, -1) {
		s.protect(start+m[0], start+m[1], whole)
	}
	for _, m := range strong.FindAllStringIndex(t, -1) {
		s.protect(start+m[0], start+m[1], block)
	}
	for at := strings.IndexByte(t, '`'); at >= 0 && at < len(t); {
		n := run(t[at:])
		close := closing(t[at+n:], n)
		if close >= 0 {
			s.protect(start+at, start+at+n+close+n, whole)
			n += close + n
		}
		next := strings.IndexByte(t[at+n:], '`')
		if next < 0 {
			return
		}
		at += n + next
	}
}

// closing finds the run of exactly n backticks that ends inline code, in the
// same paragraph; -1 when there is none.
func closing(s string, n int) int {
	if i := strings.Index(s, "\n\n"); i >= 0 {
		s = s[:i]
	}
	for at := 0; ; {
		i := strings.IndexByte(s[at:], '`')
		if i < 0 {
			return -1
		}
		at += i
		k := run(s[at:])
		if k == n {
			return at
		}
		at += k
	}
}

// run is how many backticks s starts with.
func run(s string) int { return len(s) - len(strings.TrimLeft(s, "`")) }

// indentOf is the white space a line of a block in a list item starts with.
func indentOf(prefix string) string {
	if strings.TrimSpace(prefix) != "" {
		return ""
	}
	return prefix
}
