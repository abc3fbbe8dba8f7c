package bots

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Unit is how much of a channel's limit one character takes.
type Unit func(r rune) int

// UTF16 counts as Telegram does: two for what lies outside the basic plane.
func UTF16(r rune) int { return max(1, utf16.RuneLen(r)) }

// Runes counts characters.
func Runes(rune) int { return 1 }

// Bytes counts bytes of UTF-8.
func Bytes(r rune) int { return max(1, utf8.RuneLen(r)) }

// Size is what s takes of a limit.
func (u Unit) Size(s string) int {
	n := 0
	for _, r := range s {
		n += u(r)
	}
	return n
}

// MinLimit is the least limit Split works to; a smaller one counts as this.
const MinLimit = 16

// Split cuts a Markdown text into messages of at most limit units each. It cuts
// between paragraphs where it can, else between lines, sentences and words. It
// never cuts a link, an address, inline code or a character as a reader sees it
// unless that alone is over the limit, and a list item, emphasis or a block of
// code only where it does not fit into one message; the block is then closed and
// opened again. The white space at a cut is dropped, nothing else is. A blank
// text gives no message.
func Split(text string, limit int, unit Unit) []string {
	var out []string
	for _, p := range split(text, limit, unit) {
		out = append(out, p.head+p.body+p.tail)
	}
	return out
}

// part is one message: body is a piece of the text, head and tail are the lines
// that open and close a block of code again, and gap is the white space between
// this body and the next.
type part struct{ head, body, tail, gap string }

// How good a place to cut is, best first.
const (
	atParagraph = iota
	atLine
	atSentence
	atWord
	atGrapheme // between characters of a script that needs no spaces
	atLetter   // inside a word
	atRune     // inside a character, or in white space
	places
)

// leastFill is which share of the limit, in sixteenths, a message must fill for a
// cut at such a place to be taken; a shorter one looks torn.
var leastFill = [places]int{8, 5, 4, 2}

type splitter struct {
	text  string
	limit int
	unit  Unit
	spans *spans
}

func split(text string, limit int, unit Unit) []part {
	s := &splitter{text: strings.TrimSpace(text), limit: max(limit, MinLimit), unit: unit}
	if s.text == "" {
		return nil
	}
	if unit.Size(s.text) <= s.limit {
		return []part{{body: s.text}}
	}
	s.spans = findSpans(s.text, s.limit, unit)
	var parts []part
	for at, head := 0, ""; at < len(s.text); {
		p := part{head: head}
		end, next := s.cut(at, head)
		p.body, p.gap = s.text[at:end], s.text[end:next]
		head = ""
		if next < len(s.text) {
			if f := s.spans.fenceAt(end); f != nil {
				p.tail, head = "\n"+f.close, f.open+"\n"
			}
		}
		parts = append(parts, p)
		at = next
	}
	return parts
}

// cut returns where the message that starts at a byte ends, and where the next
// one starts.
func (s *splitter) cut(from int, head string) (end, next int) {
	var best [kinds][places]struct{ pos, size int }
	size := s.unit.Size(head)
	first := 0 // end of the first character, should nothing else be there
	for i, r := range s.text[from:] {
		pos := from + i
		if i > 0 {
			if first == 0 {
				first = pos
			}
			room := s.limit
			if f := s.spans.fenceAt(pos); f != nil {
				room -= s.unit.Size(f.close) + 1
			}
			if size <= room {
				b := &best[s.spans.strength[pos]][s.place(pos)]
				b.pos, b.size = pos, size
			}
		}
		if size += s.unit(r); size > s.limit {
			return s.choose(best, first)
		}
	}
	return len(s.text), len(s.text)
}

func (s *splitter) choose(best [kinds][places]struct{ pos, size int }, first int) (end, next int) {
	take := func(kind, from, to int, filled bool) bool {
		for place := from; place <= to && end == 0; place++ {
			if b := best[kind][place]; b.pos > 0 && (!filled || b.size*16 >= leastFill[place]*s.limit) {
				end = b.pos
			}
		}
		return end > 0
	}
	for kind := range kinds {
		if take(kind, atParagraph, atGrapheme, true) || take(kind, atParagraph, atLetter, false) {
			return end, s.skip(end)
		}
	}
	for kind := range kinds {
		if take(kind, atRune, atRune, false) {
			return end, s.skip(end)
		}
	}
	return first, first
}

// skip passes the white space that a cut drops.
func (s *splitter) skip(pos int) int {
	if s.spans.fenceAt(pos) != nil {
		if s.text[pos] == '\n' {
			pos++
		}
		return pos
	}
	return pos + spaceLen(s.text[pos:])
}

// place says what kind of place to cut pos is.
func (s *splitter) place(pos int) int {
	prev, _ := utf8.DecodeLastRuneInString(s.text[:pos])
	next, _ := utf8.DecodeRuneInString(s.text[pos:])
	if s.spans.fenceAt(pos) != nil {
		switch {
		case next == '\n':
			return atLine
		case unicode.IsSpace(next) && !unicode.IsSpace(prev):
			return atWord
		case !boundary(s.text, pos):
			return atRune
		}
		return between(prev, next)
	}
	switch {
	case unicode.IsSpace(prev):
		return atRune // the run's start is the place
	case unicode.IsSpace(next):
		run := s.text[pos : pos+spaceLen(s.text[pos:])]
		switch strings.Count(run, "\n") {
		case 0:
			if strings.ContainsRune(".!?…؟", prev) || fullStop(prev) {
				return atSentence
			}
			return atWord
		case 1:
			return atLine
		}
		return atParagraph
	case !boundary(s.text, pos):
		return atRune
	case fullStop(prev) && !fullStop(next):
		return atSentence
	case strings.ContainsRune("，、；：", prev):
		return atWord
	}
	return between(prev, next)
}

// between says what a cut from one character to the next tears.
func between(a, b rune) int {
	if spaced(a) && spaced(b) {
		return atLetter
	}
	return atGrapheme
}

// spaced tells the letters of scripts that put spaces between words.
func spaced(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)) &&
		!unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// fullStop tells the marks that end a sentence in scripts without spaces.
func fullStop(r rune) bool { return strings.ContainsRune("。！？", r) }

func spaceLen(s string) int {
	return len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace))
}
