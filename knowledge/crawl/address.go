package crawl

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"frontdesk/knowledge"
)

const (
	// maxAddress is how many bytes an address may have: browsers and servers
	// agree on some 2,000.
	maxAddress = 2000
	// maxSegments and maxParams are more parts than the address of a page has.
	maxSegments, maxParams = 24, 12
	// maxRepeats is how often one part of a path may stand in it: a relative
	// link that misses its base grows by a part at each step.
	maxRepeats = 3
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

// scope is which addresses belong to a site.
type scope struct {
	origin *url.URL // scheme and host
	prefix string
}

func newScope(origin, prefix string) (scope, error) {
	u, err := url.Parse(origin)
	if err != nil {
		return scope{}, fmt.Errorf("read origin: %w", err)
	}
	return scope{origin: u, prefix: prefix}, nil
}

func originOf(u *url.URL) string { return u.Scheme + "://" + u.Host }

// sameHost holds for one host under http and https, with www. and without,
// each at its scheme's own port: people and pages write them for each other.
func sameHost(a, b *url.URL) bool {
	if a.Port() != b.Port() || a.Port() != "" && a.Scheme != b.Scheme {
		return false
	}
	return strings.TrimPrefix(a.Hostname(), "www.") == strings.TrimPrefix(b.Hostname(), "www.")
}

// own returns the address, normalised and under the site's own origin, when it
// belongs to the site.
func (s scope) own(u *url.URL) (*url.URL, bool) {
	n, err := normalize(u)
	if err != nil || !sameHost(n, s.origin) {
		return nil, false
	}
	n.Scheme, n.Host = s.origin.Scheme, s.origin.Host
	if !strings.HasPrefix(n.EscapedPath(), s.prefix) || endless(n) || len(n.String()) > maxAddress {
		return nil, false
	}
	return n, true
}

// endless reports an address as no page has one, but a link that grows at each step does.
func endless(u *url.URL) bool {
	parts := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	if len(parts) > maxSegments || strings.Count(u.RawQuery, "&") >= maxParams {
		return true
	}
	seen := map[string]int{}
	for _, p := range parts {
		if seen[p]++; p != "" && seen[p] > maxRepeats {
			return true
		}
	}
	return false
}

// maxGroup is how many addresses of one group are taken (see group): eight
// years of months.
const maxGroup = 100

// views are parameters that lead through one set of pages in endless ways.
var views = regexp.MustCompile(`(?i)(?:^|&)(?:(?:start|end|min|max)?_?(?:date|day|week|month|year|time)|cal[a-z_]*|page|paged|p|start|offset|from|to|sort[a-z_]*|order[a-z_]*|dir|filter[^=]*|view|q|s|search|replytocom)=`)

// dated is a path that ends in a date: an archive or a day of a calendar.
var dated = regexp.MustCompile(`/(?:19|20|21)\d\d(?:[-/]\d\d?){0,2}(?:[-/](?:day|week|month|list))?/?$`)

var digits = regexp.MustCompile(`\d+`)

// group names the set of addresses of which there may be no end, and is empty
// for an ordinary one.
func group(u *url.URL) string {
	path := u.EscapedPath()
	if views.MatchString(u.RawQuery) {
		var keys []string
		for p := range strings.SplitSeq(u.RawQuery, "&") {
			key, _, _ := strings.Cut(p, "=")
			keys = append(keys, key)
		}
		return digits.ReplaceAllString(path+"?"+strings.Join(keys, "&"), "#")
	}
	if dated.MatchString(path) {
		return dated.ReplaceAllString(path, "/#")
	}
	return ""
}

// link is how a page is stored that is depth links and hops redirects away.
func link(u *url.URL, depth, hops int) knowledge.PageLink {
	return knowledge.PageLink{URL: u.String(), Depth: depth, Hops: hops, Group: group(u)}
}
