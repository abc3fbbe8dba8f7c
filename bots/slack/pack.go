package slack

import "strings"

// Slack's limits, counted here in UTF-16 units, which is never less than Slack
// counts. https://docs.slack.dev/reference/block-kit/blocks and
// https://docs.slack.dev/reference/methods/chat.postMessage
const (
	maxSection     = 3000  // text of one section block
	maxFallback    = 4000  // text of a message, as recommended
	maxMessage     = 12000 // of all blocks of a message together, with some room for what stands below the text
	maxSections    = 40    // of 50 blocks
	maxContext     = 2000  // text of the block that lists sources
	maxSourceLines = 10
)

// splitAt is where a Markdown text is cut, at places that suit its reader; it
// leaves room for what the conversion may add to maxSection, which the packing
// below enforces.
const splitAt = 2700

// escaped counts a character as Slack will be given it.
func escaped(r rune) int { return units(letter(r)) }

// sections packs lines into texts of at most limit units. It cuts between
// lines, between words where one line is longer, and never within a token; a
// code block that goes on in the next text is closed and opened again.
func sections(lines []line, limit int) []string {
	p := packer{limit: limit}
	for _, l := range lines {
		p.line(l)
	}
	p.flush()
	return p.out
}

const codeFence = "```"

// packer fills one text after the other.
type packer struct {
	limit int
	out   []string
	cur   strings.Builder
	size  int
	code  bool // a code block is open in cur
}

// line adds l, on a line of its own.
func (p *packer) line(l line) {
	if l.code != p.code {
		p.toggle(l.code)
	}
	need := 0
	for _, t := range l.tokens {
		need += units(t)
	}
	if p.size > 0 && p.size+1+need+p.reserve() > p.limit {
		p.flush()
	}
	if p.code && p.size == 0 {
		p.write(codeFence)
	}
	if p.size > 0 {
		p.write("\n")
	}
	if p.size+need+p.reserve() <= p.limit {
		p.write(l.String())
		return
	}
	p.long(l.tokens)
}

// long writes a line that no text can hold whole.
func (p *packer) long(tokens []string) {
	for len(tokens) > 0 {
		room := p.limit - p.size - p.reserve()
		n, width, space := 0, 0, 0
		for n < len(tokens) && width+units(tokens[n]) <= room {
			width += units(tokens[n])
			n++
			if tokens[n-1] == " " {
				space = n
			}
		}
		if n < len(tokens) && space > 0 {
			n = space
		}
		if n == 0 { // only a text with something in it can be too full for a token
			p.flush()
			if p.code {
				p.write(codeFence + "\n")
			}
			continue
		}
		p.write(strings.Join(tokens[:n], ""))
		if tokens = tokens[n:]; len(tokens) > 0 {
			p.flush()
			if p.code {
				p.write(codeFence + "\n")
			}
		}
	}
}

// toggle begins or ends a code block.
func (p *packer) toggle(code bool) {
	if p.code && p.size > 0 {
		p.write("\n" + codeFence)
	}
	p.code = code
	if code && p.size > 0 {
		if p.size+2*len("\n"+codeFence) >= p.limit {
			p.code = false
			p.flush()
			p.code = true
			return
		}
		p.write("\n" + codeFence)
	}
}

// reserve is what closing an open code block takes.
func (p *packer) reserve() int {
	if p.code {
		return len("\n" + codeFence)
	}
	return 0
}

func (p *packer) write(s string) {
	p.cur.WriteString(s)
	p.size += units(s)
}

// flush ends the current text.
func (p *packer) flush() {
	if p.size == 0 {
		return
	}
	if p.code {
		p.write("\n" + codeFence)
	}
	if s := strings.TrimSpace(p.cur.String()); s != "" && s != codeFence+"\n"+codeFence {
		p.out = append(p.out, s)
	}
	p.cur.Reset()
	p.size = 0
}

// units is a text's length in UTF-16.
func units(s string) int {
	n := 0
	for _, r := range s {
		if n++; r > 0xFFFF {
			n++
		}
	}
	return n
}
