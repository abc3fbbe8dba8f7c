package slack

import (
	"regexp"
	"strings"
)

// reference is what Slack writes into a message for a link, a person, a channel
// or a group: <…> or <…|label>. Typed angle brackets arrive escaped.
var reference = regexp.MustCompile(`<([^<>|]*)(?:\|([^<>]*))?>`)

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// plain is a message's text as its writer saw it, without the mention of bot.
func plain(text, bot string) string {
	text = reference.ReplaceAllStringFunc(text, func(ref string) string {
		m := reference.FindStringSubmatch(ref)
		target, label := m[1], m[2]
		switch {
		case strings.HasPrefix(target, "@"):
			if bot != "" && target == "@"+bot {
				return ""
			}
			return "@" + strings.TrimPrefix(or(label, target[1:]), "@")
		case strings.HasPrefix(target, "#"):
			return "#" + strings.TrimPrefix(or(label, target[1:]), "#")
		case strings.HasPrefix(target, "!date^"):
			return label
		case strings.HasPrefix(target, "!"):
			name, _, _ := strings.Cut(target[1:], "^")
			return "@" + strings.TrimPrefix(or(label, name), "@")
		case label == "" || label == target || "mailto:"+label == target || "tel:"+label == target:
			return strings.TrimPrefix(strings.TrimPrefix(target, "mailto:"), "tel:")
		case strings.HasSuffix(target, "://"+label), strings.HasSuffix(target, "://"+label+"/"):
			return target
		}
		return label + " (" + target + ")"
	})
	return strings.TrimSpace(unescape.Replace(text))
}

// mentions reports whether the text calls bot by name.
func mentions(text, bot string) bool {
	return bot != "" && (strings.Contains(text, "<@"+bot+">") || strings.Contains(text, "<@"+bot+"|"))
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
