package widget

import (
	"net/http"
	"net/netip"
	"strings"
)

// addressKey is the part of a client's address that limits count by.
type addressKey netip.Prefix

// ipv6Bits is the network that one subscriber commonly has to itself (RFC 6177
// gives at least this), so its addresses count as one.
const ipv6Bits = 64

// addresses finds out who is calling.
type addresses struct{ trusted []netip.Prefix }

// of returns the client's address: the socket's, or when that is a trusted
// proxy the rightmost in X-Forwarded-For that is not one. Entries left of it
// are the client's own words. A header that cannot be read counts as absent
// from there on. The zero key stands for an unknown address.
func (a addresses) of(r *http.Request) addressKey {
	client := parseAddress(r.RemoteAddr)
	if !a.isTrusted(client) {
		return key(client)
	}
	entries := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(entries) - 1; i >= 0; i-- {
		next := parseAddress(strings.TrimSpace(entries[i]))
		if !next.IsValid() {
			break
		}
		client = next
		if !a.isTrusted(client) {
			break
		}
	}
	return key(client)
}

func (a addresses) isTrusted(addr netip.Addr) bool {
	for _, p := range a.trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// parseAddress reads an address with or without a port.
func parseAddress(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

func key(addr netip.Addr) addressKey {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = ipv6Bits
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return addressKey{}
	}
	return addressKey(p)
}
