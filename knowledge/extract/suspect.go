package extract

import (
	"fmt"
	"unicode"

	"frontdesk/knowledge"
)

// maxWarnings is how many warnings one document gets: an admin reads a few.
const maxWarnings = 20

// quoted is how many bytes of a suspicious text a warning shows.
const quoted = 120

// hiddenEnough is how many letters nobody can see make a warning: fewer are
// the anchors and spacers that layout programs leave behind.
const hiddenEnough = 20

// smuggledRun is how many invisible characters in a row carry a message and
// not the joining of letters: emoji have five, one language's subdivision flag
// six tags after a flag sign.
const smuggledRun = 8

// suspicions gathers what in a document looks as if it were meant for a model
// and not for its readers. It only tells; the text stays data.
type suspicions struct {
	list   []string
	seen   map[string]bool
	looked int // bytes compared with the patterns of instructions
}

// add tells something once; quote may be empty.
func (s *suspicions) add(where, what, quote string) {
	if quote = squeeze(quote); quote != "" {
		cut := clip(quote, quoted)
		if len(cut) < len(quote) {
			cut += "…"
		}
		what += ": “" + cut + "”"
	}
	if where != "" {
		what = where + ": " + what
	}
	if len(s.list) >= maxWarnings || s.seen[what] {
		return
	}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	s.seen[what] = true
	s.list = append(s.list, what)
}

// hidden tells of text that readers do not see, when there is enough of it.
func (s *suspicions) hidden(where, how, text string) {
	if legible(text) >= hiddenEnough {
		s.add(where, how, text)
	}
}

// smuggled tells of runs of characters that no reader sees and models read.
// It must look before clean drops them.
func (s *suspicions) smuggled(where, text string) {
	run, tags, flag := 0, 0, false
	for _, r := range text {
		switch {
		case r >= 0xe0000 && r <= 0xe007f:
			if !flag {
				tags++
			}
			run++
		case r >= 0x200b && r <= 0x200f, r >= 0x2060 && r <= 0x2064, r == 0xfeff, r == 0x180e,
			r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef:
			run++
		case r == 0x1f3f4: // a black flag begins the flags of subdivisions
			run, flag = 0, true
			continue
		default:
			run, flag = 0, false
		}
		if run == smuggledRun || tags == 4 {
			s.add(where, "it holds runs of invisible characters, in which text can be hidden", "")
			return
		}
	}
}

// instructions tells of instructions to a model in the text itself.
func (s *suspicions) instructions(t knowledge.Text) {
	const what = "it reads like an instruction to an assistant and not like information for customers"
	for _, sec := range t.Sections {
		if found := s.instruction(sec.Body); found != "" {
			s.add(place(sec), what, found)
		}
		for _, h := range sec.Heading {
			if found := s.instruction(h); found != "" {
				s.add(place(sec), what, found)
			}
		}
	}
	for _, e := range t.Entries {
		for _, part := range append([]string{e.Question, e.Answer}, e.Alternatives...) {
			if found := s.instruction(part); found != "" {
				s.add(fmt.Sprintf("Row %d", e.Row), what, found)
			}
		}
	}
}

// place says where a section stands.
func place(sec knowledge.Section) string {
	if sec.Page > 0 {
		return fmt.Sprintf("Page %d", sec.Page)
	}
	if n := len(sec.Heading); n > 0 {
		return "“" + clip(sec.Heading[n-1], 60) + "”"
	}
	return ""
}

// legible is how many letters of s stand in words: music and symbols are set in
// letters too, one by one.
func legible(s string) int {
	n, run := 0, 0
	for _, r := range s + " " {
		switch {
		case noSpaces(r):
			n += 2 // a sign says as much as two letters
		case unicode.IsLetter(r) || unicode.IsMark(r):
			run++
		default:
			if run >= 3 {
				n += run
			}
			run = 0
		}
	}
	return n
}

func letters(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}
