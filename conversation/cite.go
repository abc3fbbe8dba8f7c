package conversation

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// citer passes a model's text on as it streams and settles on the way what must
// not reach a customer unchecked: a citation of a passage that was not sent is
// taken out, and an image becomes its words, since fetching it could carry the
// conversation to whoever wrote the address.
type citer struct {
	sources int // passages sent, numbered from 1
	emit    func(string)
	tail    string // bytes of a character that has not arrived whole
	held    string // text that may be the start of a citation or an image
	out     strings.Builder
	cited   []int // in the order of first mention
}

var (
	// citation is what models write for one: [1], [1, 2], [^1], 【1】 or 【1†source】.
	citation = regexp.MustCompile(`^(?:\[\^?(\d{1,3}(?:\s*[,;]\s*\^?\d{1,3})*)\]|【(\d{1,3})(?:[:†][^】]{0,60})?】)`)
	image    = regexp.MustCompile(`^!\[([^\]\n]*)\]\(([^)\n]*)\)`)
	digits   = regexp.MustCompile(`\d+`)
)

// How much of an unfinished bracket is held back before it is let go as plain
// text, in bytes.
const (
	maxHeldCitation = 80
	maxHeldImage    = 1900
)

// write takes the next piece of the model's text.
func (c *citer) write(delta string) {
	c.tail += delta
	n := whole(c.tail)
	c.held += c.tail[:n]
	c.tail = c.tail[n:]
	c.drain(false)
}

// close lets go of what is held and returns the whole text.
func (c *citer) close() string {
	c.held += strings.ToValidUTF8(c.tail, "\uFFFD")
	c.drain(true)
	return strings.TrimSpace(c.out.String())
}

func (c *citer) drain(end bool) {
	for c.held != "" {
		i := strings.IndexAny(c.held, "[!【")
		if i < 0 {
			c.pass(len(c.held))
			return
		}
		c.pass(i)
		n, done := c.settle(end)
		if !done {
			return
		}
		c.pass(n)
	}
}

// whole is how much of s can be read without splitting a character.
func whole(s string) int {
	for k := 1; k < utf8.UTFMax && k <= len(s); k++ {
		if i := len(s) - k; utf8.RuneStart(s[i]) {
			if !utf8.FullRuneInString(s[i:]) {
				return i
			}
			break
		}
	}
	return len(s)
}

// settle looks at the bracket or exclamation mark at the start of held. It
// returns how many bytes to pass on as they are, or done = false to wait.
func (c *citer) settle(end bool) (pass int, done bool) {
	if m := image.FindStringSubmatch(c.held); m != nil {
		c.held = m[1] + c.held[len(m[0]):]
		return 0, true
	}
	if m := citation.FindStringSubmatch(c.held); m != nil {
		rest := c.held[len(m[0]):]
		if rest == "" && !end {
			return 0, false // it may yet be a link: [1](…)
		}
		if strings.HasPrefix(rest, "(") {
			return 1, true
		}
		c.held = rest
		for _, d := range digits.FindAllString(m[1]+m[2], -1) {
			c.cite(d)
		}
		return 0, true
	}
	mark, limit := 1, maxHeldCitation
	switch c.held[0] {
	case '[':
	case '!':
		limit = maxHeldImage
		if len(c.held) > 1 && c.held[1] != '[' {
			return 1, true
		}
	default:
		mark = len("【")
	}
	if !end && len(c.held) < limit && open(c.held) {
		return 0, false
	}
	return mark, true
}

// open reports whether held could still become a citation or an image.
func open(held string) bool {
	if held[0] == '!' {
		close := strings.IndexByte(held, ']')
		if strings.Contains(held, "\n") {
			return false
		}
		return close < 0 || close == len(held)-1 || held[close+1] == '('
	}
	inner := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(held, "["), "【"), "^")
	for i, r := range inner {
		switch {
		case r >= '0' && r <= '9', r == ',', r == ';', r == ' ', r == '^':
		case i > 0 && (r == '†' || r == ':') && strings.HasPrefix(held, "【"):
			return !strings.Contains(inner, "】")
		default:
			return false
		}
	}
	return true
}

func (c *citer) cite(d string) {
	n, err := strconv.Atoi(d)
	if err != nil || n < 1 || n > c.sources {
		return
	}
	if !slices.Contains(c.cited, n) {
		c.cited = append(c.cited, n)
	}
	c.say("[" + strconv.Itoa(n) + "]")
}

func (c *citer) pass(n int) {
	if n <= 0 {
		return
	}
	s := c.held[:n]
	c.held = c.held[n:]
	c.say(s)
}

func (c *citer) say(s string) {
	if c.out.Len() == 0 {
		if s = strings.TrimLeft(s, " \n\t\r"); s == "" {
			return
		}
	}
	c.out.WriteString(s)
	c.emit(s)
}
