// Package crawl takes in pages from the web: one page, the pages a sitemap
// lists, or a site by its links, and looks at them again now and then.
//
// Addresses come from people and from strangers' pages, so every connection
// is judged when it is dialled, by the address it really goes to (NewClient).
package crawl

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// Variable is the setting that allows addresses inside the network.
const Variable = "CRAWL_ALLOW"

// Allow is a list of hosts and networks that may be reached although they are
// inside the network, or on other ports than 80 and 443. The zero value allows
// none.
type Allow struct{ entries []entry }

type entry struct {
	host string       // exact, or beginning with a dot: all under it
	net  netip.Prefix // valid when the entry is an address or a network
	port string       // empty: 80 and 443; "*": every
}

// ParseAllow reads entries of the forms wiki.example, *.corp.example, 10.0.0.5,
// 10.0.0.0/8 and [fd00::1], each with an optional :port or :* (every port).
// Without one, ports 80 and 443 are meant.
func ParseAllow(list []string) (Allow, error) {
	var out Allow
	for _, s := range list {
		s = strings.TrimSpace(s)
		if s == "" {
			continue
		}
		e, ok := parseEntry(s)
		if !ok {
			return Allow{}, fmt.Errorf("%q is no host, address or network, such as wiki.example:8080 or 10.0.0.0/8", s)
		}
		out.entries = append(out.entries, e)
	}
	return out, nil
}

func parseEntry(s string) (entry, bool) {
	if p, ok := parseNet(s); ok { // before a colon could be taken for a port's
		return entry{net: p}, true
	}
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') && i > 0 {
		host, port = s[:i], s[i+1:]
		if n, err := strconv.ParseUint(port, 10, 16); port != "*" && (err != nil || n == 0) {
			return entry{}, false
		}
	}
	if p, ok := parseNet(strings.Trim(host, "[]")); ok {
		return entry{net: p, port: port}, true
	}
	under := strings.HasPrefix(host, "*.")
	name, err := hostName(strings.TrimPrefix(host, "*."))
	if err != nil || name == "" || strings.ContainsAny(name, "*/:[] ") {
		return entry{}, false
	}
	if under {
		name = "." + name
	}
	return entry{host: name, port: port}, true
}

func parseNet(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	if a := p.Addr(); a.Is4In6() {
		if p.Bits() < 96 {
			return netip.Prefix{}, false
		}
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}

// hostName is the one spelling of a host: lower case, punycode, no final dot.
func hostName(s string) (string, error) {
	s = strings.ToLower(strings.TrimRight(s, "."))
	if isASCII(s) {
		return s, nil // names with underscores and the like resolve, too
	}
	return idna.Lookup.ToASCII(s)
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

// named reports whether the entry is for the host by its name.
func (e entry) named(host string) bool {
	return e.host != "" && (e.host == host || e.host[0] == '.' && strings.HasSuffix(host, e.host))
}

func (e entry) covers(addrs ...netip.Addr) bool {
	return e.net.IsValid() && slices.ContainsFunc(addrs, e.net.Contains)
}

func (e entry) opens(port uint16) bool {
	return e.port == "*" || e.port == strconv.Itoa(int(port))
}
