package main

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// maxForwarded bounds the hops of X-Forwarded-For that are looked at.
const maxForwarded = 20

// proxies says where requests really come from. Forwarding headers are believed
// only from the networks it names: anybody else can write what they like there.
type proxies struct {
	trusted []netip.Prefix
	public  *url.URL // nil when not configured
}

// clientIP returns the address of the browser or program that made the request.
func (p proxies) clientIP(r *http.Request) string {
	at := peer(r)
	if !p.trusts(at) {
		return at.String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= max(0, len(hops)-maxForwarded); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break // what stands further left was not written by a proxy of ours
		}
		at = hop.Unmap().WithZone("")
		if !p.trusts(at) {
			break
		}
	}
	return at.String()
}

// secure reports whether the browser speaks TLS, here or to a proxy in front.
func (p proxies) secure(r *http.Request) bool {
	switch {
	case r.TLS != nil:
		return true
	case p.trusts(peer(r)) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https"):
		return true
	}
	return p.public != nil && p.public.Scheme == "https" && strings.EqualFold(r.Host, p.public.Host)
}

// local reports whether the request was made on this machine, and not by a
// proxy on this machine for somebody else.
func (p proxies) local(r *http.Request) bool {
	for _, h := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"} {
		if r.Header.Get(h) != "" {
			return false
		}
	}
	return peer(r).IsLoopback()
}

func (p proxies) trusts(a netip.Addr) bool {
	for _, n := range p.trusted {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// peer is the other end of the connection; the zero address when it has none.
func peer(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}
