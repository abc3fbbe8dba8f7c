package conversation

import (
	"context"
	"errors"
	"time"
)

const (
	// gapLease is how long another replica waits for one that died over gaps. A
	// pass that takes longer only shares its work.
	gapLease = 2 * time.Minute
	// publishPoll is how often a gap that waits for its document is looked at.
	publishPoll = 500 * time.Millisecond
	// passWithin bounds one look.
	passWithin = 90 * time.Second
)

// Run finds, groups and asks again until ctx ends.
func (g *Gaps) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-g.wake:
		}
		next := g.cfg.Poll
		limited, cancel := context.WithTimeout(ctx, passWithin)
		more, publishing, err := g.Pass(limited)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			g.Log.Error("gaps not worked on", "err", err)
		case more:
			next = 0
		case publishing:
			next = min(next, publishPoll)
		}
		timer.Reset(next)
	}
}

// Pass does what there is to do now, unless another replica is at it. more says
// that a batch was full, publishing that a gap waits for its document.
func (g *Gaps) Pass(ctx context.Context) (more, publishing bool, err error) {
	work, publishing, err := g.Store.GapWork(ctx, g.cfg.Settle, g.model())
	if err != nil || !work {
		return false, publishing, err
	}
	token, err := g.Store.LeaseGaps(ctx, gapLease)
	if err != nil || token == "" {
		return false, publishing, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
		defer cancel()
		err = errors.Join(err, g.Store.EndGapLease(ctx, token))
	}()
	for _, step := range []func(context.Context) (bool, error){g.read, g.embed, g.group, g.retry} {
		// What stops one step, or one question in it, is not to stop the rest.
		again, failed := step(ctx)
		more, err = more || again, errors.Join(err, failed)
	}
	return more, publishing, err
}

// stir has Run look at once.
func (g *Gaps) stir() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}
