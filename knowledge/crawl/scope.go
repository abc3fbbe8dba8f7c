package crawl

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"frontdesk/knowledge"
)

const (
	// maxSegments and maxParams are more parts than the address of a page has.
	maxSegments, maxParams = 24, 12
	// maxRepeats is how often one part of a path may stand in it: a relative
	// link that misses its base grows by a part at each step.
	maxRepeats = 3
)

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
