package slack

import (
	"regexp"
	"strings"
)

// line is one line in Slack's own markup. Its tokens may be parted from each
// other but not within: a link, a code span, an escaped character.
type line struct {
	tokens []string
	code   bool // inside a code block, whose fences the packer draws
}

func (l line) String() string { return strings.Join(l.tokens, "") }

var (
	fence     = regexp.MustCompile("^\\s{0,3}(```+|~~~+)")
	heading   = regexp.MustCompile(`^\s{0,3}#{1,6}\s+(.*?)\s*#*$`)
	rule      = regexp.MustCompile(`^\s{0,3}(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,})$`)
	bullet    = regexp.MustCompile(`^(\s*)[-*+]\s+(?:\[([ xX])\]\s+)?(.*)$`)
	quoted    = regexp.MustCompile(`^\s{0,3}>\s?(.*)$`)
	tableRule = regexp.MustCompile(`^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$`)
)

// markdown turns Markdown, as models and staff write it, into Slack's markup.
// Whatever the text holds, the result calls nobody: every angle bracket in it
// that is not escaped belongs to a link to the web or a mail address.
func markdown(text string) []line {
	var (
		lines  []line
		inCode string // the fence that opened the block
	)
	for raw := range strings.Lines(text) {
		raw = strings.TrimRight(raw, "\r\n")
		if m := fence.FindStringSubmatch(raw); m != nil {
			if inCode == "" {
				inCode = m[1]
				continue
			}
			if m[1][0] == inCode[0] && len(m[1]) >= len(inCode) && strings.Trim(raw, " \t"+inCode[:1]) == "" {
				inCode = ""
				continue
			}
		}
		if inCode != "" {
			// A fence of the other kind inside would end the block for Slack.
			lines = append(lines, line{tokens: letters(strings.ReplaceAll(raw, "```", "'''")), code: true})
			continue
		}
		if l, ok := outsideCode(raw); ok {
			lines = append(lines, l)
		}
	}
	return lines
}

// outsideCode converts one line that is not code. It reports false for a line
// that Slack has no use for.
func outsideCode(raw string) (line, bool) {
	if tableRule.MatchString(raw) && strings.Contains(raw, "|") {
		return line{}, false
	}
	if rule.MatchString(raw) {
		return line{tokens: []string{"───"}}, true
	}
	if m := heading.FindStringSubmatch(raw); m != nil {
		inner := inline(strings.NewReplacer("**", "", "__", "").Replace(m[1]))
		if len(inner) == 0 {
			return line{}, false
		}
		return line{tokens: append(append([]string{"*"}, inner...), "*")}, true
	}
	if m := bullet.FindStringSubmatch(raw); m != nil {
		mark := "• "
		switch m[2] {
		case " ":
			mark = "☐ "
		case "x", "X":
			mark = "☑ "
		}
		return line{tokens: append([]string{m[1] + mark}, inline(m[3])...)}, true
	}
	if m := quoted.FindStringSubmatch(raw); m != nil {
		return line{tokens: append([]string{"> "}, inline(m[1])...)}, true
	}
	if row := strings.TrimSpace(raw); strings.HasPrefix(row, "|") && strings.HasSuffix(row, "|") && len(row) > 2 {
		return line{tokens: inline(strings.Trim(row, "| "))}, true
	}
	return line{tokens: inline(raw)}, true
}

// shout is what Slack may take for a call to many even without its markup.
var shout = regexp.MustCompile(`(?i)@(channel|here|everyone)`)

// letters escapes a text and parts it into characters.
func letters(text string) []string {
	text = shout.ReplaceAllString(text, "@\u2060$1")
	out := make([]string, 0, len(text))
	for _, r := range text {
		out = append(out, letter(r))
	}
	return out
}

func letter(r rune) string {
	switch r {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	}
	return string(r)
}

// escape makes a text that is not Markdown safe to show.
func escape(text string) string { return strings.Join(letters(text), "") }
