package crawl

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

const (
	// maxRedirects is how often one request may be sent elsewhere (RFC 9309,
	// 2.3.1.2, and browsers follow 20).
	maxRedirects = 5
	// maxHeader is how many bytes of header an answer may have.
	maxHeader = 64 << 10
	// dialWithin, headerWithin and requestWithin bound a connection, the wait for
	// an answer's header, and a request with all of its body.
	dialWithin    = 10 * time.Second
	headerWithin  = 20 * time.Second
	requestWithin = 60 * time.Second
)

// ClientOptions are what NewClient lets its caller choose.
type ClientOptions struct {
	// UserAgent is sent with every request that has none.
	UserAgent string
	// Within bounds a request with its redirects and its body; a minute when 0.
	Within time.Duration
	// Resolver looks names up; the system's when nil.
	Resolver *net.Resolver
}

// NewClient returns a client for addresses that strangers have a say in. It
// speaks http and https only, to ports 80 and 443 and to those allowed, and
// judges each connection by the address it is dialled to, after the name was
// resolved: a redirect, a second lookup with another answer, or an IPv4
// address in IPv6's clothes lead nowhere inside the network unless allow says
// so. Errors of what it refuses wrap ErrRefused.
//
// It keeps no cookies, takes no password from an address, follows at most 5
// redirects and knows no proxy. Response bodies are unpacked as they are read:
// the reader bounds them.
func NewClient(allow Allow, o ClientOptions) *http.Client {
	if o.Within <= 0 {
		o.Within = requestWithin
	}
	transport := &http.Transport{
		Proxy:                  nil, // one would resolve the names itself
		DialContext:            dial(allow, o.Resolver),
		TLSHandshakeTimeout:    dialWithin,
		ResponseHeaderTimeout:  min(headerWithin, o.Within),
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConns:           8,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        30 * time.Second,
		// A map that is there and empty keeps to HTTP/1.1, whose limits are these.
		TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
	return &http.Client{
		Transport: &guarded{next: transport, agent: o.UserAgent},
		Timeout:   o.Within,
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("more than %d redirects", maxRedirects)
			}
			return nil
		},
	}
}

// dial returns a DialContext that judges every address a name resolves to,
// right before the connection is made.
func dial(allow Allow, resolver *net.Resolver) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, fmt.Errorf("dial: %w", err)
		}
		if host, err = hostName(host); err != nil {
			return nil, fmt.Errorf("dial: %w", err)
		}
		d := net.Dialer{
			Timeout:  dialWithin,
			Resolver: resolver,
			Control: func(_, to string, _ syscall.RawConn) error {
				addr, err := netip.ParseAddrPort(to)
				if err != nil {
					return refuse("%s leads to no address of the internet", host)
				}
				return allow.check(host, addr)
			},
		}
		return d.DialContext(ctx, network, address)
	}
}

// guarded judges the URL of every request, redirects included.
type guarded struct {
	next  http.RoundTripper
	agent string
}

func (g *guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := checkURL(r.URL); err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	r = r.Clone(r.Context())
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", g.agent)
	}
	r.Header.Del("Referer")
	return g.next.RoundTrip(r)
}

// CloseIdleConnections makes http.Client's method of that name reach through.
func (g *guarded) CloseIdleConnections() {
	if c, ok := g.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// checkURL refuses what can be told to be wrong without a connection.
func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return refuse("the address does not begin with http:// or https://")
	case u.Hostname() == "":
		return refuse("the address names no host")
	case u.User != nil:
		return refuse("the address holds a user name or a password")
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return refuse("the address has no valid port")
		}
	}
	return nil
}

// CheckURL tells at once what NewClient would refuse of an address that needs
// no lookup: another scheme, a password, an address inside the network.
func (l Allow) CheckURL(u *url.URL) error {
	if err := checkURL(u); err != nil {
		return err
	}
	host, err := hostName(u.Hostname())
	if err != nil {
		return refuse("the address names no valid host")
	}
	addr, err := netip.ParseAddr(host)
	if host == "localhost" {
		addr, err = netip.AddrFrom4([4]byte{127, 0, 0, 1}), nil
	}
	if err != nil {
		return nil // a name: the dialler will see where it leads
	}
	return l.check(host, netip.AddrPortFrom(addr, portOf(u)))
}

func portOf(u *url.URL) uint16 {
	if n, err := strconv.ParseUint(u.Port(), 10, 16); err == nil {
		return uint16(n)
	}
	if u.Scheme == "https" {
		return 443
	}
	return 80
}
