// Package webhook calls webhooks over HTTP, behind the same guard that pages are read
// through: an address inside the network is refused when it is dialled.
package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"frontdesk/conversation"
	"frontdesk/knowledge/crawl"
)

const (
	// callWithin bounds a call with its answer; the engine's own bound is as long.
	callWithin = 10 * time.Second
	// lookWithin bounds the look-up of a name that somebody typed.
	lookWithin = 3 * time.Second
	// maxDrain is how much of an answer is read, in bytes, to use the connection again.
	maxDrain = 4 << 10
)

// Poster implements conversation.WebhookPoster.
type Poster struct {
	allow    crawl.Allow
	client   *http.Client
	resolver *net.Resolver
	now      func() time.Time
}

// New returns a poster that calls addresses outside and those that allow names. A nil
// resolver is the system's.
func New(allow crawl.Allow, userAgent string, resolver *net.Resolver) *Poster {
	client := crawl.NewClient(allow, crawl.ClientOptions{UserAgent: userAgent, Within: callWithin, Resolver: resolver})
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Poster{allow: allow, client: client, resolver: resolver, now: time.Now}
}

// Check implements conversation.WebhookPoster.
func (p *Poster) Check(ctx context.Context, u *url.URL) error {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	if err := p.allow.CheckResolved(ctx, u, p.resolver); err != nil {
		return errors.New(crawl.Explain(err))
	}
	return nil
}

// Post implements conversation.WebhookPoster.
func (p *Poster) Post(ctx context.Context, address string, header map[string]string, body []byte) (conversation.WebhookAnswer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return conversation.WebhookAnswer{}, errors.New("the address cannot be called")
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	res, err := p.client.Do(req)
	if err != nil {
		return conversation.WebhookAnswer{}, errors.New(explain(err))
	}
	defer res.Body.Close()
	io.CopyN(io.Discard, res.Body, maxDrain) // what is left is not wanted, and an error says nothing new
	return conversation.WebhookAnswer{Status: res.StatusCode, RetryAfter: retryAfter(res.Header.Get("Retry-After"), p.now())}, nil
}

// explain says what went wrong without the address, whose query may hold a key.
func explain(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var timeout net.Error
	var dns *net.DNSError
	switch {
	case errors.Is(err, crawl.ErrRefused):
		return crawl.Explain(err)
	case errors.As(err, &dns) && dns.IsNotFound:
		return "its name is not known"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("no answer within %d seconds", int(callWithin.Seconds()))
	}
	return err.Error()
}

// retryAfter reads the header of that name, seconds or a date (RFC 9110, 10.2.3); 0 when
// it says nothing that can be used.
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
