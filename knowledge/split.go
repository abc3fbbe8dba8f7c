package knowledge

import "strings"

const (
	// slack is kept free for what sums miss: the tokens of a joined text may
	// be a few more than those of its parts.
	slack = 12
	// gramBytes is how long a unit is that has nothing to be cut at. No
	// byte-level encoding makes more tokens than bytes of it.
	gramBytes = 192
	// maxFrame is how many tokens of a table's header or a listing's fences
	// are worth repeating in every piece.
	maxFrame = 150
	// uncountable is from how many bytes on a text is taken to exceed
	// MaxTokens without counting it: prose has 3 to 5 bytes a token.
	uncountable = 64 * MaxTokens
)

// piece is a part of a longer text. Only core is the text's own, once and in
// order; lead and trail are repeated to make the piece readable alone.
type piece struct {
	lead, core, trail string
	sep               string // what parts core from the piece before
}

func (p piece) String() string { return p.lead + p.core + p.trail }

// unit is what is not cut, or only when it alone exceeds a piece.
type unit struct {
	text   string
	sep    string // what parts it from the unit before
	tokens int
	prose  bool          // a sentence: may be repeated as overlap
	parts  func() []unit // smaller units of the same text; nil when there are none
	framed *frame        // set when parts need a frame to be read
}

// frame is what every part of a table or listing repeats.
type frame struct{ head, tail string }

// split cuts text into pieces of at most MaxTokens that aim at TargetTokens.
// A text of at most MaxTokens is one piece.
func split(text string, count func(string) int) []piece {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	if fits(text, MaxTokens, count) {
		return []piece{{core: text}}
	}
	p := packer{count: count}
	for _, u := range blocksOf(text, count) {
		p.place(u)
	}
	p.close()
	return p.joinTail()
}

func fits(text string, limit int, count func(string) int) bool {
	return len(text) <= limit || len(text) < uncountable && count(text) <= limit
}

// measured counts a unit's tokens.
func measured(u unit, count func(string) int) unit {
	if u.tokens = MaxTokens + 1; len(u.text) < uncountable {
		u.tokens = count(u.text)
	}
	return u
}

// packer fills pieces with units.
type packer struct {
	count func(string) int
	out   []piece
	now   []unit
	size  int    // estimated tokens of the piece being filled, with all it repeats
	lead  string // overlap with the piece before
	frame frame
	base  int // tokens of frame
}

// place adds u: whole where it fits, in parts where it must.
func (p *packer) place(u unit) {
	cost, empty := u.tokens+1, len(p.now) == 0
	const most = MaxTokens - slack
	switch {
	case !empty && p.size+cost <= TargetTokens, empty && p.base+cost <= most:
		p.put(u)
	case p.size >= TargetTokens/2 && p.base+cost <= most-OverlapTokens:
		p.cut(u)
		p.put(u)
	case !empty && p.size+cost <= most:
		p.put(u)
	case u.framed != nil:
		p.close()
		p.framed(u)
	case u.parts != nil:
		for i, part := range u.parts() {
			if i == 0 {
				part.sep = u.sep
			}
			p.place(part)
		}
	default:
		p.cut(u)
		p.put(u)
	}
}

func (p *packer) put(u unit) {
	if len(p.now) == 0 {
		p.size = p.base
		if p.lead != "" {
			p.size += p.count(p.lead)
		}
	}
	p.size += u.tokens + 1
	p.now = append(p.now, u)
}

// cut ends a piece before u and lets the next repeat the last sentences when
// the text runs on.
func (p *packer) cut(u unit) {
	lead, size := "", 0
	for i := len(p.now) - 1; i > 0 && u.prose && p.now[i].prose; i-- {
		if size += p.now[i].tokens + 1; size > OverlapTokens {
			break
		}
		sep := u.sep
		if i+1 < len(p.now) {
			sep = p.now[i+1].sep
		}
		lead = p.now[i].text + sep + lead
	}
	p.close()
	p.lead = lead
}

// close writes the piece being filled. Its tokens are counted as a whole; what
// is too much after all goes into a next piece.
func (p *packer) close() {
	for len(p.now) > 0 {
		n := len(p.now)
		made := p.render(n)
		for !fits(made.String(), MaxTokens, p.count) {
			switch {
			case p.lead != "":
				p.lead = ""
			case n > 1:
				n--
			default: // one unit and its frame; units are small enough alone
				p.frame, p.base = frame{}, 0
			}
			next := p.render(n)
			if next == made {
				break
			}
			made = next
		}
		p.out = append(p.out, made)
		p.now, p.lead = p.now[n:], ""
	}
	p.now, p.size, p.lead = nil, p.base, ""
}

// render makes a piece of the first n units of now.
func (p *packer) render(n int) piece {
	var b strings.Builder
	for i, u := range p.now[:n] {
		if i > 0 {
			b.WriteString(u.sep)
		}
		b.WriteString(u.text)
	}
	return piece{lead: p.frame.head + p.lead, core: b.String(), trail: p.frame.tail, sep: p.now[0].sep}
}

// framed writes a table or listing that does not fit one piece. Its own head
// and tail stay its own text in the first and last piece.
func (p *packer) framed(u unit) {
	sub := packer{count: p.count, frame: *u.framed}
	if sub.base = p.count(u.framed.head + u.framed.tail); sub.base > maxFrame {
		sub.base, sub.frame = 0, frame{}
	}
	for _, part := range u.parts() {
		sub.place(part)
	}
	sub.close()
	if len(sub.out) == 0 {
		return
	}
	if first := &sub.out[0]; first.lead == u.framed.head {
		first.lead, first.core = "", u.framed.head+first.core
	} else {
		sub.out = append(p.plain(u.framed.head), sub.out...)
	}
	if last := &sub.out[len(sub.out)-1]; last.trail == u.framed.tail {
		last.trail, last.core = "", last.core+u.framed.tail
	} else {
		sub.out = append(sub.out, p.plain(u.framed.tail)...)
	}
	sub.out[0].sep = u.sep
	p.out = append(p.out, sub.out...)
}

// plain cuts text without regard to what it is.
func (p *packer) plain(text string) []piece {
	sub := packer{count: p.count}
	for _, g := range grams(strings.TrimSpace(text), p.count) {
		sub.place(g)
	}
	sub.close()
	return sub.out
}

// joinTail gives a last piece that says little to the one before it.
func (p *packer) joinTail() []piece {
	n := len(p.out)
	if n < 2 {
		return p.out
	}
	a, b := p.out[n-2], p.out[n-1]
	if a.trail != "" || b.trail != "" || len(b.core) > tinyTokens*16 || p.count(b.core) > tinyTokens {
		return p.out
	}
	a.core += b.sep + b.core
	if !fits(a.String(), MaxTokens, p.count) {
		return p.out
	}
	return append(p.out[:n-2], a)
}
