package crawl

import (
	"context"
	"sync"
	"time"
)

// pace keeps requests to one site apart.
type pace struct {
	now   func() time.Time
	sleep func(context.Context, time.Duration) error

	mu    sync.Mutex // guards the rest
	every time.Duration
	next  time.Time
}

func (p *pace) slower(every time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.every = max(p.every, every)
}

// wait returns when the next request may start.
func (p *pace) wait(ctx context.Context) error {
	p.mu.Lock()
	now := p.now()
	at := p.next
	if at.Before(now) {
		at = now
	}
	p.next = at.Add(p.every)
	p.mu.Unlock()
	if d := at.Sub(now); d > 0 {
		return p.sleep(ctx, d)
	}
	return ctx.Err()
}

// sleep waits unless ctx ends.
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
