package crawl

import (
	"errors"
	"fmt"
	"net/netip"

	"frontdesk/knowledge"
)

// ErrRefused is wrapped by the errors of connections and requests that the
// guard refuses; the text says what to set to allow them.
var ErrRefused = fmt.Errorf("%w: refused by the address guard", knowledge.ErrAddress)

// refusal is an ErrRefused in words for an admin.
type refusal struct{ why string }

func (r *refusal) Error() string { return r.why }
func (r *refusal) Unwrap() error { return ErrRefused }

func refuse(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...)} }

// explained is err as an admin reads it: the refusal inside it, if there is one.
func explained(err error) string {
	var r *refusal
	if errors.As(err, &r) {
		return knowledge.Words(r)
	}
	return knowledge.Words(err)
}

// reach is where an address leads.
type reach int

const (
	public reach = iota
	inside       // private, loopback, shared: an allowed name may lead there
	linked       // link-local and metadata services: only by address or network
	never        // no host's: unspecified, multicast, broadcast
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// The ranges are those of IANA's special-purpose address registries
// (iana.org/assignments/iana-ipv4-special-registry and -ipv6-), where they are
// not globally reachable, and of the clouds' metadata services.
var (
	neverRanges = prefixes("0.0.0.0/32", "224.0.0.0/4", "255.255.255.255/32", "::/128", "ff00::/8")
	// 168.63.129.16 is Azure's host, which lies in a public range; 100.100.100.200
	// is Alibaba's, 192.0.0.192 Oracle's, fd00:ec2::/32 and fd20:ce::254 Amazon's and Google's.
	linkedRanges = prefixes("169.254.0.0/16", "fe80::/10", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32",
		"fd00:ec2::/32", "fd20:ce::254/128")
	insideRanges = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
		"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		// 2001::/23 holds Teredo and ORCHID, 2002::/16 is 6to4: ways around a
		// guard today, and no web server's address.
		"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
	// unicast is all of IPv6 that is given out to be reached (RFC 4291, 2.4).
	unicast = netip.MustParsePrefix("2000::/3")
	// nat64 is how an IPv6-only network writes IPv4 addresses (RFC 6052, 2.1).
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

// spellings are the address in its simplest form and the IPv4 addresses that
// it carries, when it is a form of one.
func spellings(a netip.Addr) []netip.Addr {
	a = a.WithZone("").Unmap()
	out := []netip.Addr{a}
	if a.Is4() {
		return out
	}
	b := a.As16()
	v4 := func(at int) netip.Addr { return netip.AddrFrom4([4]byte(b[at : at+4])) }
	switch {
	case nat64.Contains(a):
		out = append(out, v4(12))
	case b[0] == 0x20 && b[1] == 0x02: // 6to4
		out = append(out, v4(2))
	case b[0] == 0x20 && b[1] == 0x01 && b[2] == 0 && b[3] == 0: // Teredo: server, and client turned over
		out = append(out, v4(4), netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]}))
	case b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe: // ISATAP
		out = append(out, v4(12))
	case [12]byte(b[:12]) == [12]byte{} && a != netip.IPv6Loopback() && a != netip.IPv6Unspecified(): // IPv4-compatible
		out = append(out, v4(12))
	}
	return out
}

// reachOf judges an address by the worst of its spellings.
func reachOf(a netip.Addr) reach {
	worst := public
	for i, s := range spellings(a) {
		r := public
		switch {
		case contains(neverRanges, s):
			r = never
		case contains(linkedRanges, s):
			r = linked
		case contains(insideRanges, s):
			r = inside
		case i == 0 && s.Is6() && !unicast.Contains(s) && !nat64.Contains(s):
			r = inside
		}
		worst = max(worst, r)
	}
	return worst
}

func contains(ranges []netip.Prefix, a netip.Addr) bool {
	for _, p := range ranges {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// check judges a connection to an address for the sake of a host, which is a
// name or an address as it stands in the URL.
func (l Allow) check(host string, to netip.AddrPort) error {
	r := reachOf(to.Addr())
	if r == never {
		return refuse("%s leads to %s, which is no host's address", host, to.Addr())
	}
	addrs := spellings(to.Addr())
	allowed, open := r == public, to.Port() == 80 || to.Port() == 443
	for _, e := range l.entries {
		if e.covers(addrs...) || e.named(host) && r != linked {
			allowed = true
			open = open || e.opens(to.Port())
		}
	}
	switch {
	case !allowed && r == linked:
		return refuse("%s leads to %s, a link-local or metadata address; if that is meant, add %[2]s to %s", host, to.Addr(), Variable)
	case !allowed:
		return refuse("%s leads to %s, which is inside the network; if that is meant, add %s to %s", host, to.Addr(), named(host, to), Variable)
	case !open:
		return refuse("port %d of %s is neither 80 nor 443; if it is meant, add %s to %s", to.Port(), host, named(host, to), Variable)
	}
	return nil
}

// named is the entry that would allow a connection.
func named(host string, to netip.AddrPort) string {
	if a, err := netip.ParseAddr(host); err == nil && a.Is6() {
		host = "[" + host + "]"
	}
	if to.Port() == 80 || to.Port() == 443 {
		return host
	}
	return fmt.Sprintf("%s:%d", host, to.Port())
}
