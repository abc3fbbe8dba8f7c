package openai

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/openai/openai-go/v3/option"

	"frontdesk/conversation"
)

const (
	maxAttempts = 3                      // requests for one call to one model
	maxWait     = 5 * time.Second        // spent between attempts of one call, in all: someone is waiting
	firstWait   = 300 * time.Millisecond // before the second attempt when the server names no time
)

// waiter waits for d or until ctx ends, and then returns its error.
type waiter func(ctx context.Context, d time.Duration) error

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// server is one endpoint with everything that is true of all calls to it.
type server struct {
	Config
	scrub   func(string) string
	breaker breaker
}

func newServer(cfg Config) *server {
	return &server{Config: cfg, scrub: scrubber(cfg.APIKey)}
}

// options configures the SDK: one attempt per request, nothing from the environment, the guard.
func (s *server) options() []option.RequestOption {
	g := &guard{firstByte: s.FirstByteTimeout, idle: s.IdleTimeout, scrub: s.scrub, now: s.now}
	opts := []option.RequestOption{
		option.WithBaseURL(s.BaseURL),
		option.WithHTTPClient(s.HTTPClient),
		option.WithMaxRetries(0),
		option.WithMiddleware(g.do),
	}
	if s.APIKey != "" {
		opts = append(opts, option.WithAPIKey(s.APIKey))
	}
	return opts
}

// attempt does one request. shown reports whether something of the answer has reached the caller,
// after which it is never repeated.
type attempt func(ctx context.Context) (shown bool, err error)

// do runs one call within the total time and past the circuit breaker. It returns nil, a
// *conversation.ModelError, or the caller's own error when that context ended.
func (s *server) do(caller context.Context, call func(ctx context.Context) error) error {
	if err := caller.Err(); err != nil {
		return err
	}
	if wait, ok := s.breaker.allow(s.now()); !ok {
		return &conversation.ModelError{Kind: conversation.ErrUnavailable, RetryAfter: wait,
			Err: errors.New("not asked: the server failed repeatedly and is given a pause")}
	}
	end := unknown // also when call panics
	defer func() { s.breaker.report(s.now(), end) }()
	ctx, cancel := context.WithTimeoutCause(caller, s.Timeout, errTotal)
	defer cancel()
	err := call(ctx)
	if err == nil {
		end = succeeded
		return nil
	}
	if caller.Err() != nil {
		return caller.Err()
	}
	failure := modelError(err, s.scrub)
	switch failure.Kind {
	case conversation.ErrUnavailable, conversation.ErrTimeout, conversation.ErrCut:
		end = failed
	default:
		end = succeeded
	}
	return failure
}

// repeat makes attempts while another is likely to help and the customer can bear the wait. It counts
// them in attempts.
func (s *server) repeat(ctx context.Context, attempts *int, try attempt) error {
	var waited time.Duration
	pause := firstWait
	for n := 1; ; n++ {
		*attempts++
		shown, err := try(ctx)
		if err == nil {
			return nil
		}
		failure := modelError(because(ctx, err), s.scrub)
		if shown {
			// Whatever broke it: what the customer has seen is not all there was to be.
			return &conversation.ModelError{Kind: conversation.ErrCut, RetryAfter: failure.RetryAfter, Err: failure.Err}
		}
		if ctx.Err() != nil || n == maxAttempts || !worthRepeating(failure.Kind) {
			return failure
		}
		wait := failure.RetryAfter
		if wait == 0 {
			wait = pause + rand.N(pause/2) // spread, so that calls that failed together do not return together
			pause *= 2
		}
		if waited += wait; waited > maxWait {
			return failure
		}
		s.Logger.WarnContext(ctx, "model call failed, trying again", "kind", failure.Kind, "attempt", n, "wait", wait, "error", failure.Err)
		if err := s.wait(ctx, wait); err != nil {
			return failure
		}
	}
}

// worthRepeating reports whether the same request may succeed a moment later. A timeout may too, but
// has used up the customer's patience already; a spent quota does not come back.
func worthRepeating(kind conversation.ErrorKind) bool {
	switch kind {
	case conversation.ErrRateLimited, conversation.ErrUnavailable, conversation.ErrCut:
		return true
	}
	return false
}
