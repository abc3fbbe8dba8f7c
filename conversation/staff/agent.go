package staff

import (
	"strings"
	"unicode"
)

// maxAgentRunes bounds what a session says of its browser.
const maxAgentRunes = 60

// browsers and systems as their User-Agent headers name them, in the order in which
// they must be looked for: most also carry the names of those they follow.
var (
	browsers = []struct{ mark, name string }{
		{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"},
		{"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Version/", "Safari"},
	}
	systems = []struct{ mark, name string }{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"}, {"Windows", "Windows"},
		{"Macintosh", "macOS"}, {"Linux", "Linux"},
	}
)

// ShortAgent says in a few words which browser a User-Agent header names, such as
// "Firefox 132, Linux"; of one it does not know, how the header begins. It is what the browser says of itself and
// proves nothing.
func ShortAgent(header string) string {
	var parts []string
	for _, b := range browsers {
		if _, rest, ok := strings.Cut(header, b.mark); ok && strings.HasPrefix(header, "Mozilla/") {
			major := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
			if len(major) > 4 {
				major = ""
			}
			parts = append(parts, strings.TrimSpace(b.name+" "+major))
			break
		}
	}
	if parts == nil {
		return cut(strings.TrimSpace(printable(header)), maxAgentRunes)
	}
	for _, s := range systems {
		if strings.Contains(header, s.mark) {
			parts = append(parts, s.name)
			break
		}
	}
	return strings.Join(parts, ", ")
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
}

func cut(s string, most int) string {
	n := 0
	for i := range s {
		if n == most {
			return s[:i]
		}
		n++
	}
	return s
}
