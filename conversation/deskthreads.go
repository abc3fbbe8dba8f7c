package conversation

import (
	"context"
	"errors"
	"sync"
	"time"
)

// threads works on one batch of threads and reports whether there were any.
func (d *Desks) threads(ctx context.Context, channels []string) bool {
	var ready []string // the others' threads would only be claimed and given back
	for _, c := range channels {
		if _, ok := d.posters[c].Place(); ok {
			ready = append(ready, c)
		}
	}
	if ready == nil {
		return false
	}
	// Not cut by a stop: what was claimed unheard would wait for its lease to end.
	claim, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	ts, err := d.store.ClaimDeskThreads(claim, ready, deskBatch, deskLease)
	if err != nil {
		if ctx.Err() == nil {
			d.e.log.Warn("desk threads not read", "err", err)
		}
		return false
	}
	var wg sync.WaitGroup
	for _, t := range ts {
		wg.Go(func() { d.serve(ctx, t) })
	}
	wg.Wait()
	return len(ts) > 0
}

// serve brings a thread up to date, or gives it back to be tried again. A thread is
// never given up: what stands in its way is for a person to mend, and shown.
func (d *Desks) serve(ctx context.Context, t DeskThread) {
	err := d.bring(ctx, &t)
	if errors.Is(err, ErrSuperseded) {
		return // somebody else has the lease
	}
	retry, why := time.Duration(-1), ""
	switch {
	case errors.Is(err, ErrNotFound):
		err = nil // the conversation was deleted, and its row with it
	case ctx.Err() != nil && err != nil:
		retry = 0 // for whoever serves next
	case errors.Is(err, errDeskNotReady):
		retry, t.Attempt = deskReady, 0
	case paced(err) > 0:
		// Many threads share a place's limits: waiting for one's turn is no failure.
		retry, t.Attempt, err = paced(err)+backoff(d.e.cfg.Backoff, 1), 0, nil
	case err != nil:
		if retry = again(err, d.e.cfg.Backoff, t.Attempt); retry < 0 {
			retry = maxBackoff
		}
		why = err.Error()
		d.e.log.Warn("desk thread behind", "conversation", t.Conversation, "channel", t.Channel, "attempt", t.Attempt, "retry", retry, "err", err)
	}
	if ctx.Err() == nil {
		d.fault(t.Channel, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := d.store.ReleaseDeskThread(ctx, t, why, retry); err != nil {
		d.e.log.Error("desk thread not released; its lease will end", "conversation", t.Conversation, "err", err)
	}
}

// paced is how long a platform asks to wait where that is part of its usual limits,
// and else 0.
func paced(err error) time.Duration {
	var known *SendError
	if errors.As(err, &known) && !known.Permanent && known.RetryAfter < deskPaced {
		return known.RetryAfter
	}
	return 0
}

// bring does all there is to do for a thread, in the order staff are to see it, and
// notes every step once it is done. A crash between the two repeats that step where
// the platform cannot tell.
func (d *Desks) bring(ctx context.Context, t *DeskThread) error {
	p := d.posters[t.Channel]
	at, ready := p.Place()
	if !ready {
		return errDeskNotReady
	}
	c, err := d.readCase(ctx, t.Conversation)
	if err != nil {
		return err
	}
	t.Link = c.Link
	if t.Thread != "" && t.DeskPlace != at {
		t.Thread, t.Root = "", "" // the desk has moved
	}
	for opened := false; ; opened = true {
		if t.Thread == "" {
			if err := d.open(ctx, p, t, at, c); err != nil {
				return err
			}
		}
		err := d.catchUp(ctx, p, t, c)
		if !errors.Is(err, ErrDeskGone) || opened {
			return err
		}
		d.e.log.Info("desk thread gone; opening another", "conversation", t.Conversation, "channel", t.Channel)
		t.Thread, t.Root = "", ""
		if err := d.save(ctx, t); err != nil {
			return err
		}
	}
}

// open makes the thread.
func (d *Desks) open(ctx context.Context, p DeskPoster, t *DeskThread, at DeskPlace, c DeskCase) error {
	if err := d.rewind(ctx, t, c); err != nil {
		return err
	}
	call, cancel := d.call(ctx)
	defer cancel()
	var err error
	if t.Thread, t.Root, err = p.Open(call, c); err != nil {
		t.Thread, t.Root = "", ""
		return err
	}
	t.DeskPlace, t.Shown = at, c.shows()
	return d.save(ctx, t)
}

// catchUp makes a thread show the present state and every message once.
func (d *Desks) catchUp(ctx context.Context, p DeskPoster, t *DeskThread, c DeskCase) error {
	step := func(do func(context.Context) error, done func()) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		call, cancel := d.call(ctx)
		defer cancel()
		if err := do(call); err != nil {
			return err
		}
		done()
		return d.save(ctx, t)
	}
	if now := c.shows(); now != t.Shown {
		err := step(func(ctx context.Context) error { return p.Show(ctx, *t, c) }, func() { t.Shown = now })
		if err != nil {
			return err
		}
	}
	for {
		ms, err := d.page(ctx, t)
		if err != nil {
			return err
		}
		for _, m := range ms {
			if err := d.unread(m); err != nil {
				return err
			}
			post := func(ctx context.Context) error { return p.Post(ctx, *t, m) }
			if t.wrote(m) {
				post = func(context.Context) error { return nil }
			}
			if err := step(post, func() { t.Posted = m.Seq }); err != nil {
				return err
			}
		}
		if len(ms) < deskPage {
			break
		}
	}
	store, cancel := context.WithTimeout(ctx, storeTimeout)
	failed, err := d.store.Undelivered(store, t.Conversation, t.Failed)
	cancel()
	if err != nil {
		return err
	}
	for _, u := range failed {
		err := step(func(ctx context.Context) error { return p.Tell(ctx, *t, sayUndelivered(u)) }, func() { t.Failed = u.Seq })
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *Desks) readCase(ctx context.Context, id string) (DeskCase, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	c, err := d.store.DeskCase(ctx, id)
	c.Link = d.cfg.Link(id)
	return c, err
}

func (d *Desks) page(ctx context.Context, t *DeskThread) ([]Message, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return d.e.d.Store.Messages(ctx, t.Conversation, t.Posted, deskPage, true)
}

// call bounds one call to a platform, which may finish where ctx has ended.
func (d *Desks) call(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), sendTimeout)
}

// save notes a step. What fails after it fails for the first time.
func (d *Desks) save(ctx context.Context, t *DeskThread) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	t.Attempt = 1
	return d.store.SaveDeskThread(ctx, *t, deskLease)
}

// DeskMessageID is the external id in the log of what staff wrote on a desk.
func DeskMessageID(channel, externalID string) string { return "desk:" + channel + ":" + externalID }

// wrote reports whether a message was written on the thread's own desk, where staff
// see it already.
func (t *DeskThread) wrote(m Message) bool {
	prefix := DeskMessageID(t.Channel, "")
	return m.Author == AuthorStaff && len(m.ExternalID) > len(prefix) && m.ExternalID[:len(prefix)] == prefix
}
