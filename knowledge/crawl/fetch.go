package crawl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"frontdesk/knowledge"
)

const (
	// maxPage is how many bytes a page may have unpacked: as many as a document.
	maxPage = 20 << 20
	// maxValidator bounds what is kept of an ETag or a date.
	maxValidator = 500
	// maxWait is how long a server's Retry-After is waited for while the rest of
	// the site waits, too, and maxWaits how often for one page.
	maxWait  = time.Minute
	maxWaits = 2
)

// accepted is what pages and the files they lead to may be; extraction has the
// last word on whether it can read them.
const accepted = "text/html,application/xhtml+xml,text/markdown,text/plain;q=0.9,application/pdf;q=0.8"

// wanted are the media types worth loading.
var wanted = map[string]bool{
	"text/html": true, "application/xhtml+xml": true, "text/plain": true, "text/markdown": true, "text/x-markdown": true,
	"application/pdf": true, "application/vnd.oasis.opendocument.text": true,
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   true,
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": true,
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         true,
}

// answer is what a server said to one request.
type answer struct {
	status    int
	header    http.Header
	mediaType string // without parameters; empty when it is not said or makes no sense
	body      []byte // of a 200 of a wanted type
}

// get asks for an address once and follows no redirect: where one leads is
// another page with its own rules. A body that is not wanted is not read.
func (c *Crawler) get(ctx context.Context, u *url.URL, p knowledge.Page) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Accept", accepted)
	if p.State == knowledge.PageReady && p.Kept {
		if p.ETag != "" {
			req.Header.Set("If-None-Match", p.ETag)
		}
		if p.LastModified != "" {
			req.Header.Set("If-Modified-Since", p.LastModified)
		}
	}
	res, err := c.once.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	a.mediaType, _, _ = mime.ParseMediaType(res.Header.Get("Content-Type")) // empty when it cannot be read
	if a.status != http.StatusOK || a.mediaType != "" && !wanted[a.mediaType] {
		return a, nil
	}
	a.body, err = readAll(res.Body, maxPage)
	return a, err
}

// readAll reads at most so many bytes, unpacked.
func readAll(r io.Reader, most int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > most {
		return nil, fmt.Errorf("%w: the page has more than %d MB", knowledge.ErrTooLarge, most>>20)
	}
	return body, nil
}

// patiently is get, but waits where the server asks for that.
func (c *Crawler) patiently(ctx context.Context, u *url.URL, p knowledge.Page) (answer, error) {
	for n := 0; ; n++ {
		a, err := c.get(ctx, u, p)
		wait, asked := c.retryAfter(a)
		if err != nil || n == maxWaits || !asked || wait > maxWait {
			return a, err
		}
		if err := c.sleep(ctx, wait); err != nil {
			return answer{}, err
		}
	}
}

// retryAfter is how long a server that is too busy wants to be left alone.
func (c *Crawler) retryAfter(a answer) (time.Duration, bool) {
	if a.status != http.StatusTooManyRequests && a.status != http.StatusServiceUnavailable {
		return 0, false
	}
	value := a.header.Get("Retry-After")
	if s, err := strconv.Atoi(value); err == nil && s >= 0 && s < 1<<30 {
		return time.Duration(s) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(c.now()), 0), true
	}
	return 0, false
}

// robotsOf asks a site for its robots.txt. One that is not there allows all
// (RFC 9309, 2.3.1.3); while the server is out of order nothing is allowed
// (2.3.1.4), which is an error here.
func (c *Crawler) robotsOf(ctx context.Context, origin string) (robots, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, origin+"/robots.txt", nil)
	if err != nil {
		return nothing, err
	}
	res, err := c.client.Do(req)
	if err != nil {
		return nothing, fmt.Errorf("its robots.txt cannot be asked for: %w", err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests:
		return nothing, fmt.Errorf("its robots.txt cannot be read (%s), so it is not known what may be", statusText(res.StatusCode))
	case res.StatusCode != http.StatusOK:
		return robots{}, nil
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxRobots))
	if err != nil {
		return nothing, fmt.Errorf("its robots.txt breaks off: %w", err)
	}
	return parseRobots(body), nil
}

// validator is a header to send back later; one that is too long is none.
func validator(h http.Header, name string) string {
	v := h.Get(name)
	if len(v) > maxValidator || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) {
		return ""
	}
	return v
}

func statusText(code int) string {
	return strings.TrimSpace(strconv.Itoa(code) + " " + http.StatusText(code))
}

// wordsOf says why a request failed, without the request's own address around it.
func wordsOf(err error) string {
	var r *refusal
	var timeout net.Error
	var dns *net.DNSError
	var outer *url.Error
	switch {
	case errors.As(err, &r):
		return knowledge.Words(r)
	case errors.Is(err, knowledge.ErrTooLarge):
		return knowledge.Words(err)
	case errors.As(err, &dns) && dns.IsNotFound:
		return "There is no host called " + dns.Name
	case errors.As(err, &timeout) && timeout.Timeout():
		return "The server did not answer in time"
	case errors.As(err, &outer):
		return knowledge.Words(outer.Err)
	}
	return knowledge.Words(err)
}
