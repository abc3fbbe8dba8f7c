package crawl

import (
	"context"
	"net"
	"net/netip"
	"net/url"
)

// CheckResolved is CheckURL that also asks where a name leads now, so that whoever
// types an address learns at once that it is refused. A name that leads nowhere yet is
// no error, and no promise is made: what counts is the connection that NewClient's
// client judges. A nil resolver is the system's.
func (l Allow) CheckResolved(ctx context.Context, u *url.URL, resolver *net.Resolver) error {
	if err := l.CheckURL(u); err != nil {
		return err
	}
	host, err := hostName(u.Hostname())
	if err != nil {
		return refuse("the address names no valid host")
	}
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	addrs, err := resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil
	}
	for _, a := range addrs {
		if err := l.check(host, netip.AddrPortFrom(a, portOf(u))); err != nil {
			return err
		}
	}
	return nil
}

// Explain is err in words for an admin: the refusal of the guard inside it, if there is
// one.
func Explain(err error) string { return explained(err) }
