package crawl

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxLinks is how many links of one page are followed; a long index has some
// hundreds.
const maxLinks = 2000

// markup is what a page says to those who crawl.
type markup struct {
	links     []*url.URL
	canonical *url.URL // nil when it names none
	noindex   bool
	nofollow  bool
}

// readMarkup reads a page's markup without building its tree: memory is
// bounded by the links that are kept. at is the page's address.
func readMarkup(at *url.URL, header http.Header, body []byte) markup {
	var m markup
	for _, v := range header.Values("X-Robots-Tag") {
		m.directives(robotsTag(v))
	}
	base, based := at, false
	raw := []string{}
	z := html.NewTokenizer(bytes.NewReader(body))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		name, more := z.TagName()
		tag := atom.Lookup(name)
		if !more || tag != atom.A && tag != atom.Area && tag != atom.Base && tag != atom.Link && tag != atom.Meta {
			continue
		}
		attrs := attributes(z)
		href := attrs["href"]
		switch tag {
		case atom.Base:
			if u, err := at.Parse(strings.TrimSpace(href)); err == nil && href != "" && !based {
				base, based = u, true
			}
		case atom.Link:
			if hasWord(attrs["rel"], "canonical") && href != "" && m.canonical == nil {
				m.canonical, _ = at.Parse(strings.TrimSpace(href)) // one that cannot be read is none
			}
		case atom.Meta:
			switch {
			case strings.EqualFold(attrs["name"], "robots"), strings.EqualFold(attrs["name"], agent):
				m.directives(attrs["content"])
			case strings.EqualFold(attrs["http-equiv"], "refresh"):
				if _, to, ok := strings.Cut(attrs["content"], "="); ok && len(raw) < maxLinks {
					raw = append(raw, strings.Trim(strings.TrimSpace(to), `"'`))
				}
			}
		default:
			if href != "" && len(raw) < maxLinks && !hasWord(attrs["rel"], "nofollow") {
				raw = append(raw, href)
			}
		}
	}
	if m.nofollow {
		return m
	}
	for _, href := range raw {
		if u, err := base.Parse(strings.TrimSpace(href)); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
			m.links = append(m.links, u)
		}
	}
	return m
}

// attributes reads the few attributes that count, the first of each name.
func attributes(z *html.Tokenizer) map[string]string {
	out := map[string]string{}
	for more := true; more; {
		var k, v []byte
		k, v, more = z.TagAttr()
		switch name := string(k); name {
		case "href", "rel", "name", "content", "http-equiv":
			if _, twice := out[name]; !twice && len(v) <= 2*maxAddress {
				out[name] = string(v)
			}
		}
	}
	return out
}

func hasWord(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}

// robotsTag is the directives of an X-Robots-Tag header that are meant for us:
// those for everybody, and those behind our own name.
func robotsTag(value string) string {
	name, rest, ok := strings.Cut(value, ":")
	if !ok || strings.ContainsAny(name, ", ") {
		return value
	}
	switch name = strings.ToLower(strings.TrimSpace(name)); name {
	case agent:
		return rest
	case "unavailable_after", "max-snippet", "max-image-preview", "max-video-preview":
		return value
	}
	return ""
}

func (m *markup) directives(list string) {
	for d := range strings.SplitSeq(list, ",") {
		switch strings.ToLower(strings.TrimSpace(d)) {
		case "noindex":
			m.noindex = true
		case "nofollow":
			m.nofollow = true
		case "none":
			m.noindex, m.nofollow = true, true
		}
	}
}
