package widget

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// clock is a time that only the test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newClock() *clock { return &clock{time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)} }

// from posts as an address, with forwarding headers.
func from(t testing.TB, h http.Handler, address, path, token string, body any, forwarded ...string) *httptest.ResponseRecorder {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/widget/v1/"+path, strings.NewReader(string(b)))
	r.RemoteAddr = address
	r.Header.Set("Content-Type", "application/json")
	for _, f := range forwarded {
		r.Header.Add("X-Forwarded-For", f)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestVisitorMayWriteSoMuchAMinute(t *testing.T) {
	c := newClock()
	h, _ := newTestHandler(t, func(cfg *Config) { cfg.RateLimit, cfg.Now = 6, c.now })
	s, other := openSession(t, h), openSession(t, h)
	for i := range 6 {
		if w := call(t, h, "messages", s.Token, message(randomUUID(), "x")); w.Code != http.StatusAccepted {
			t.Fatalf("message %d = %d %s, want 202", i+1, w.Code, w.Body)
		}
	}
	w := call(t, h, "messages", s.Token, message(randomUUID(), "x"))
	wantProblem(t, "message 7", w, http.StatusTooManyRequests)
	if got := w.Header().Get("Retry-After"); got != "10" {
		t.Errorf("Retry-After %q, want 10 (60 s / 6)", got)
	}
	if w := call(t, h, "messages", other.Token, message(randomUUID(), "x")); w.Code != http.StatusAccepted {
		t.Errorf("another visitor = %d, want 202", w.Code)
	}
	if w := call(t, h, "handoff", s.Token, `{}`); w.Code != http.StatusOK {
		t.Errorf("asking for a person after too many messages = %d, want 200", w.Code)
	}
	c.at = c.at.Add(10 * time.Second)
	if w := call(t, h, "messages", s.Token, message(randomUUID(), "x")); w.Code != http.StatusAccepted {
		t.Errorf("after the wait = %d, want 202", w.Code)
	}
}

func TestForgedForwardingHeaderDoesNotEscapeTheLimit(t *testing.T) {
	c := newClock()
	h, _ := newTestHandler(t, func(cfg *Config) { cfg.RateLimit, cfg.Now = 1, c.now })
	refused := 0
	for i := range 20 {
		w := from(t, h, "203.0.113.7:1234", "sessions", "", map[string]any{}, fmt.Sprintf("198.51.100.%d", i))
		if w.Code == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 10 {
		t.Errorf("%d of 20 sessions refused, want all past the first 10", refused)
	}
}

func TestNoLimitWhenSwitchedOff(t *testing.T) {
	h, _ := newTestHandler(t, nil)
	s := openSession(t, h)
	for range 500 {
		if w := call(t, h, "messages", s.Token, message(randomUUID(), "x")); w.Code != http.StatusAccepted {
			t.Fatalf("message = %d, want 202", w.Code)
		}
	}
}

func TestClientAddress(t *testing.T) {
	proxies := addresses{trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	for _, c := range []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"direct", "203.0.113.7:99", nil, "203.0.113.7/32"},
		{"direct with a forged header", "203.0.113.7:99", []string{"198.51.100.1"}, "203.0.113.7/32"},
		{"behind a proxy", "10.0.0.1:99", []string{"198.51.100.1"}, "198.51.100.1/32"},
		{"forged before the proxy's own entry", "10.0.0.1:99", []string{"1.1.1.1, 198.51.100.1"}, "198.51.100.1/32"},
		{"two proxies", "10.0.0.1:99", []string{"1.1.1.1, 198.51.100.1, 10.0.0.2"}, "198.51.100.1/32"},
		{"two headers", "10.0.0.1:99", []string{"1.1.1.1", "198.51.100.1"}, "198.51.100.1/32"},
		{"garbage", "10.0.0.1:99", []string{"198.51.100.1, <script>"}, "10.0.0.1/32"},
		{"garbage behind a proxy's entry", "10.0.0.1:99", []string{"x, 10.0.0.2"}, "10.0.0.2/32"},
		{"empty", "10.0.0.1:99", nil, "10.0.0.1/32"},
		{"with ports", "10.0.0.1:99", []string{"198.51.100.1:555"}, "198.51.100.1/32"},
		{"IPv6 by network", "[2001:db8:1:2:3:4:5:6]:99", nil, "2001:db8:1:2::/64"},
		{"IPv6 with zone", "[fe80::1%eth0]:99", nil, "fe80::/64"},
		{"IPv6 proxy, bracketed entry", "[fd00::1]:99", []string{"[2001:db8::1]:80"}, "2001:db8::/64"},
		{"IPv4 in IPv6", "[::ffff:203.0.113.7]:99", nil, "203.0.113.7/32"},
		{"IPv4 proxy in IPv6", "[::ffff:10.0.0.1]:99", []string{"::ffff:198.51.100.1"}, "198.51.100.1/32"},
		{"unix socket", "@", []string{"198.51.100.1"}, "invalid Prefix"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		r.Header["X-Forwarded-For"] = c.forwarded
		if got := netip.Prefix(proxies.of(r)).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestLimiterForgetsTheQuietest(t *testing.T) {
	c := newClock()
	l := newLimiter[int](1)
	for k := range maxBuckets + 100 {
		if err := l.take(k, c.at); err != nil {
			t.Fatalf("take(%d) = %v, want nil", k, err)
		}
	}
	if len(l.buckets) != maxBuckets || l.order.Len() != maxBuckets {
		t.Errorf("%d buckets, want %d", len(l.buckets), maxBuckets)
	}
	var limit *limitError
	if err := l.take(maxBuckets+99, c.at); !errors.As(err, &limit) || limit.wait != time.Minute {
		t.Errorf("take of the latest = %v, want a minute's wait", err)
	}
}
