// Package openai speaks to OpenAI and to every server that speaks like it: it streams completions
// (conversation.Model) and makes embeddings (knowledge.Embedder).
//
// The official SDK writes the requests and reads the answers. Between it and the network stands one
// guard (guard.go, events.go), because compatible servers differ and the SDK takes several of their
// faults for success. Retrying, falling back and giving up are done here (server.go, breaker.go) and
// not by the SDK: a customer is waiting, and once a word of the answer has been shown nothing may be
// said again.
//
// No error, log line or record of this package holds an API key or a customer's words.
package openai

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"frontdesk/conversation"
)

// OfficialURL is used when Config.BaseURL is empty.
const OfficialURL = "https://api.openai.com/v1/"

// Defaults of Config.
const (
	DefaultTimeout          = 60 * time.Second
	DefaultFirstByteTimeout = 15 * time.Second // a local model that loads takes 10 s or more
	DefaultIdleTimeout      = 15 * time.Second
)

// ErrNoKey is returned by New and NewEmbedder when there is neither a key nor another server than
// OpenAI's, which has no use for calls without one.
var ErrNoKey = errors.New("no API key")

// Config says which server to speak to and how patiently.
type Config struct {
	APIKey  string   // may be empty when BaseURL is set: local servers ask for none
	BaseURL string   // ends in /v1 as a rule; OfficialURL when empty
	Models  []string // tried in this order when one is gone; at least one for New
	Detail  string   // that pictures are sent in; DetailLow when empty

	Timeout          time.Duration // for a call in all, retries included
	FirstByteTimeout time.Duration // until the server's first byte
	IdleTimeout      time.Duration // between two bytes after that

	// Current names the models of this moment, when they can change; Models when it is
	// nil or names none.
	Current func() []string

	Facts   map[string]Fact // overrides and additions to the built-in table, by model name
	Observe func(Call)      // told of each finished call, if set; must return quickly

	HTTPClient *http.Client // when nil, one like the default with more idle connections
	Logger     *slog.Logger // discards when nil

	// Tests replace time. Nil means the real thing.
	now  func() time.Time
	wait waiter
}

// String leaves out the key, so that a printed Config gives nothing away.
func (c Config) String() string {
	return fmt.Sprintf("%v at %s", c.Models, cmp.Or(c.BaseURL, OfficialURL))
}

// GoString is String, for %#v.
func (c Config) GoString() string { return c.String() }

// Call is what Config.Observe is told.
type Call struct {
	Model    string        // that answered, or the last one tried
	Attempts int           // requests sent
	First    time.Duration // until the first piece of text; 0 when there was none
	Total    time.Duration
	Kind     conversation.ErrorKind // "" for success, or Canceled
	Usage    conversation.Usage
}

// Canceled is the Kind of a Call whose caller's context ended, as it does when staff take over.
const Canceled conversation.ErrorKind = "canceled"

func (c Config) withDefaults() (Config, error) {
	c.APIKey = strings.TrimSpace(c.APIKey)
	if c.BaseURL == "" && c.APIKey == "" {
		return c, ErrNoKey
	}
	c.BaseURL = cmp.Or(c.BaseURL, OfficialURL)
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return c, errors.New("the model server's base URL is not an absolute http or https URL")
	}
	c.Detail = cmp.Or(c.Detail, DetailLow)
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	c.FirstByteTimeout = cmp.Or(c.FirstByteTimeout, DefaultFirstByteTimeout)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, DefaultIdleTimeout)
	if c.HTTPClient == nil {
		c.HTTPClient = &http.Client{Transport: transport()}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Observe == nil {
		c.Observe = func(Call) {}
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.wait == nil {
		c.wait = sleep
	}
	return c, nil
}

// idleConns keeps one connection for each of the answers that usually stream at once; the default
// of two would open a new one for nearly every call to a server that speaks HTTP/1.1.
const idleConns = 64

func transport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = idleConns
	return t
}

// official reports whether the server is OpenAI's own or Azure's, where parameters have their newest
// names. Elsewhere the oldest are the safest.
func (c Config) official() bool {
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return false
	}
	host := u.Hostname()
	for _, domain := range [...]string{"openai.com", "openai.azure.com"} {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}

// models are those to try where a request names none, in order.
func (c Config) models() []string {
	if c.Current != nil {
		if list := c.Current(); len(list) > 0 {
			return list
		}
	}
	return c.Models
}

// cost is what a use of a model costs in millionths of a US dollar; false when its
// prices are not known.
func (c Config) cost(model string, input, cached, output int) (int64, bool) {
	f, ok := c.fact(model)
	if !ok {
		return 0, false
	}
	return f.Cost(input, cached, output), true
}

// fact looks a model up in the overrides and then in the built-in table.
func (c Config) fact(model string) (Fact, bool) {
	if f, ok := c.Facts[model]; ok {
		return f, true
	}
	return Facts(model)
}
