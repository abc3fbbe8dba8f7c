package slack

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// sent is how far one delivery has come.
type sent struct {
	parts  map[int]string // message ids by part
	unsure bool           // the last call may have been carried out without our hearing of it
	draft  *draft         // to become the first part
}

// maxKept bounds the deliveries and channels that are remembered. Past it some
// are forgotten, which costs a look at a thread or a little politeness.
const maxKept = 10_000

// progress remembers deliveries between their tries.
type progress struct {
	mu sync.Mutex // guards m
	m  map[string]*sent
}

func (p *progress) get(key string) *sent {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.m[key]
}

func (p *progress) keep(key string, s *sent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.m == nil {
		p.m = map[string]*sent{}
	}
	if len(p.m) >= maxKept {
		for old := range p.m {
			delete(p.m, old)
			break
		}
	}
	p.m[key] = s
}

func (p *progress) forget(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.m, key)
}

// Slack takes about one post a second in a channel, and a few more in a burst.
// https://docs.slack.dev/apis/web-api/rate-limits
const (
	postEvery = time.Second
	postBurst = 4
)

// pace keeps posts within Slack's limit, per channel.
type pace struct {
	every time.Duration

	mu sync.Mutex // guards m
	m  map[string]*rate.Limiter
}

func (p *pace) wait(ctx context.Context, channel string) error {
	p.mu.Lock()
	if p.m == nil || len(p.m) >= maxKept {
		p.m = map[string]*rate.Limiter{}
	}
	l := p.m[channel]
	if l == nil {
		l = rate.NewLimiter(rate.Every(p.every), postBurst)
		p.m[channel] = l
	}
	p.mu.Unlock()
	if l.Wait(ctx) != nil {
		return context.DeadlineExceeded // Wait has an error of its own for a deadline too near
	}
	return nil
}

// switches remember which of Slack's optional methods do not work here.
type switches struct {
	mu  sync.Mutex // guards off
	off map[string]time.Time
	now func() time.Time
}

// Optional methods, and how long one that is not there is left alone: a
// workspace may be given it.
const (
	optStatus  = "status"
	optStream  = "stream"
	optDraft   = "draft" // posting a message and changing it as it grows
	optPrompts = "prompts"
	optTitle   = "title"

	offFor = time.Hour
)

func (s *switches) on(method string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now().After(s.off[method])
}

// heard notes what a call's outcome says about its method.
func (s *switches) heard(method string, err error) {
	pause := wait(err)
	if is(err, unsupported) {
		pause = offFor
	}
	if pause == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.off == nil {
		s.off = map[string]time.Time{}
	}
	s.off[method] = s.now().Add(pause)
}
