package slack

import (
	"io"
	"log"
	"net/http"
	"time"

	"github.com/slack-go/slack"
)

const (
	// callTimeout bounds one call to Slack, below the courier's own patience so
	// that its outcome is still recorded.
	callTimeout = 15 * time.Second
	// maxAnswerBytes bounds what one call may answer.
	maxAnswerBytes = 8 << 20
)

func newClient(c Config) *slack.Client {
	next := c.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	quiet := log.New(io.Discard, "", 0)
	return slack.New(c.BotToken,
		slack.OptionAppLevelToken(c.AppToken),
		slack.OptionAPIURL(c.APIURL),
		slack.OptionHTTPClient(&http.Client{
			Timeout: callTimeout, Transport: &transport{next: next, token: c.BotToken},
			// Slack redirects no method; wherever else it led, the token would go along.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}),
		slack.OptionLog(quiet),
	)
}

// newDownloads is the client that files are fetched with: their addresses are looked
// at one by one before the token goes there.
func newDownloads(c Config) *http.Client {
	return &http.Client{
		Transport:     c.Transport, // nil: the default one
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// transport puts the token where every server looks for it, since the library
// writes it into most bodies and into few headers, and bounds the answers.
type transport struct {
	next  http.RoundTripper
	token string
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Authorization") == "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+t.token)
	}
	resp, err := t.next.RoundTrip(r)
	if err == nil {
		resp.Body = limited{io.LimitReader(resp.Body, maxAnswerBytes), resp.Body}
	}
	return resp, err
}

type limited struct {
	io.Reader
	io.Closer
}
