package crawl

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// maxAddress is how many bytes an address may have: browsers and servers
	// agree on some 2,000.
	maxAddress = 2000
)

// tracking are parameters that say where a visitor comes from, or which visit
// it is, and change nothing of the page.
var tracking = regexp.MustCompile(`^(?i:utm_[a-z_]+|hsa_[a-z_]+|pk_[a-z_]+|mtm_[a-z_]+|_hs[a-z]+|gclid|gclsrc|dclid|gbraid|wbraid|fbclid|msclkid|yclid|twclid|ttclid|li_fat_id|igshid|mc_cid|mc_eid|_ga|_gl|mkt_tok|vero_id|phpsessid|jsessionid|aspsessionid[a-z]*|cfid|cftoken)$`)

// pathSession is a visit's number as servlets put it behind a path.
var pathSession = regexp.MustCompile(`(?i);jsessionid=[^/;?]*`)

// indexName is the page that a directory shows by itself.
var indexName = regexp.MustCompile(`(?i)/(?:index\.(?:html?|xhtml|php|aspx?|jsp)|default\.aspx?)$`)

// normalize gives an address the one spelling under which its page is known:
// scheme and host in lower case, no port that goes without saying, no
// fragment, no tracking, parameters in order, no index.html, percent escapes
// where they are needed and nowhere else. It refuses what is no web address.
func normalize(u *url.URL) (*url.URL, error) {
	n := *u
	n.Scheme = strings.ToLower(n.Scheme)
	if err := checkURL(&n); err != nil {
		return nil, err
	}
	host, err := hostName(n.Hostname())
	if err != nil || host == "" || strings.ContainsAny(host, " /\\?#@%<>\"") || strings.Contains(host, "..") {
		return nil, refuse("the address names no valid host")
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if p := n.Port(); p != "" && !(n.Scheme == "http" && p == "80" || n.Scheme == "https" && p == "443") {
		host += ":" + p
	}
	n.Host, n.Opaque, n.Fragment, n.RawFragment, n.ForceQuery = host, "", "", "", false
	path := n.EscapedPath()
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	path = escapes(pathSession.ReplaceAllString(path, ""), false)
	path = dotless(path)
	if at := indexName.FindStringIndex(path); at != nil {
		path = path[:at[0]+1]
	}
	n.RawPath = path
	if n.Path, err = url.PathUnescape(path); err != nil {
		return nil, refuse("the address has a damaged path")
	}
	n.RawQuery = query(n.RawQuery)
	s := n.String()
	if len(s) > maxAddress || !utf8.ValidString(s) {
		return nil, refuse("the address has more than %d bytes", maxAddress)
	}
	again, err := url.Parse(s)
	if err != nil {
		return nil, refuse("the address is not one")
	}
	return again, nil
}

// query puts parameters in order, without those that only track.
func query(raw string) string {
	if raw == "" {
		return ""
	}
	var kept []string
	for p := range strings.SplitSeq(raw, "&") {
		key, _, _ := strings.Cut(p, "=")
		if name, err := url.QueryUnescape(key); p == "" || err == nil && tracking.MatchString(name) {
			continue
		}
		kept = append(kept, escapes(p, true))
	}
	slices.SortStableFunc(kept, func(a, b string) int {
		ka, _, _ := strings.Cut(a, "=")
		kb, _, _ := strings.Cut(b, "=")
		return strings.Compare(ka, kb)
	})
	return strings.Join(kept, "&")
}

const upperHex = "0123456789ABCDEF"

// escapes undoes percent escapes of characters that need none (RFC 3986,
// 6.2.2), writes the others in capitals and escapes what must be.
func escapes(s string, query bool) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
			if unreserved(c) {
				b.WriteByte(c)
				continue
			}
		case c == '%' || c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}#", c) >= 0 || !query && c == '?':
		default:
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
	}
	return b.String()
}

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}

// dotless resolves . and .. in a path that begins with a slash (RFC 3986, 5.2.4).
func dotless(path string) string {
	if !strings.Contains(path, "/.") {
		return path
	}
	parts := strings.Split(path[1:], "/")
	var out []string
	for i, p := range parts {
		last := i == len(parts)-1
		switch p {
		case ".":
		case "..":
			out = out[:max(len(out)-1, 0)]
		default:
			out = append(out, p)
			continue
		}
		if last {
			out = append(out, "")
		}
	}
	return "/" + strings.Join(out, "/")
}
