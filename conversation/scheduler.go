package conversation

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// scheduler knows the turns this process is running and those it is to run next.
type scheduler struct {
	mu      sync.Mutex // guards all below
	running map[string]*run
	backlog []string // conversations to try when a place is free, in order
	queued  map[string]bool
	places  int
	closed  bool
	wg      sync.WaitGroup
}

// run is a turn at work, or about to claim one.
type run struct {
	turn   *Turn // nil while claiming
	epoch  int64 // newest the conversation is known to have reached
	cancel context.CancelCauseFunc
	again  bool // something happened that a new claim must look at
}

// maxBacklog bounds the conversations remembered while every place is taken;
// those past it are found by the poll.
const maxBacklog = 10_000

// errSuperseded is why a running turn is cancelled: the customer wrote again or
// somebody else speaks now.
var errSuperseded = errors.New("superseded")

func (s *scheduler) init(places int) {
	s.running, s.queued, s.places = map[string]*run{}, map[string]bool{}, places
}

// supersede cancels the conversation's running turn if it read an older epoch.
func (s *scheduler) supersede(id string, epoch int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.running[id]; r != nil {
		r.again, r.epoch = true, max(r.epoch, epoch)
		r.check()
	}
}

// start reserves a place for the conversation's turn. It reports false when one
// runs already, when all places are taken (the turn is remembered) or at shutdown.
func (s *scheduler) start(ctx context.Context, id string) (context.Context, *run, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.running[id]; r != nil {
		r.again = true
		return nil, nil, false
	}
	if s.closed {
		return nil, nil, false
	}
	if len(s.running) >= s.places {
		if !s.queued[id] && len(s.backlog) < maxBacklog {
			s.queued[id] = true
			s.backlog = append(s.backlog, id)
		}
		return nil, nil, false
	}
	ctx, cancel := context.WithCancelCause(ctx)
	r := &run{cancel: cancel}
	s.running[id] = r
	s.wg.Add(1)
	return ctx, r, true
}

// claimed notes the turn, from when on supersede and renew see it.
func (s *scheduler) claimed(r *run, t *Turn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.turn = t
	r.check()
}

// check cancels a turn that has read an epoch now past.
func (r *run) check() {
	if r.turn != nil && r.turn.State.Epoch < r.epoch {
		r.cancel(errSuperseded)
	}
}

// lost cancels a turn whose lease is gone. The conversation's next turn, which may
// have begun since the leases were looked at, goes on.
func (s *scheduler) lost(t Turn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.running[t.State.Conversation]; r != nil && r.turn != nil && r.turn.ID == t.ID {
		r.again = true
		r.cancel(errSuperseded)
	}
}

// leased lists the turns that hold a lease.
func (s *scheduler) leased() []Turn {
	s.mu.Lock()
	defer s.mu.Unlock()
	ts := make([]Turn, 0, len(s.running))
	for _, r := range s.running {
		if r.turn != nil {
			ts = append(ts, *r.turn)
		}
	}
	return ts
}

// finish frees the place. again tells that the conversation needs another look,
// next which one has waited for a place, if any.
func (s *scheduler) finish(id string, r *run) (again bool, next string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.cancel(nil)
	delete(s.running, id)
	if len(s.backlog) > 0 && !s.closed {
		next = s.backlog[0]
		s.backlog = s.backlog[1:]
		delete(s.queued, next)
	}
	return r.again && !s.closed, next
}

// free is how many more turns could run beside those of the conversations it
// returns.
func (s *scheduler) free() (int, []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.places - len(s.running), slices.Collect(maps.Keys(s.running))
}

// close starts no more turns.
func (s *scheduler) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.backlog = true, nil
}

// cancelAll ends the running turns, which then hand themselves back.
func (s *scheduler) cancelAll(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.running {
		r.cancel(cause)
	}
}

// Run takes turns, and reads files that no turn will, until ctx ends, then lets what
// is at work finish for up to grace before it hands it back for another replica to
// take. It returns when no turn is running and no file is being read.
func (e *Engine) Run(ctx context.Context, grace time.Duration) {
	poll := time.NewTicker(e.cfg.Poll)
	defer poll.Stop()
	renew := time.NewTicker(e.cfg.Lease / 3)
	defer renew.Stop()
	work := context.WithoutCancel(ctx)
	stop, done, read := ctx.Done(), make(chan struct{}), make(chan struct{})
	var expired <-chan time.Time
	var tidying sync.WaitGroup
	defer tidying.Wait()
	tidying.Go(func() { e.tidy(ctx) })
	e.followSettings(ctx) // the first turn goes by what is stored
	tidying.Go(func() { e.heed(ctx) })
	tidying.Go(func() { e.live(ctx) })
	go func() { e.readAside(ctx); close(read) }()
	e.takeDue(work)
	for {
		select {
		case <-stop:
			stop = nil
			e.sched.close()
			e.end(errShutdown)
			expired = time.After(grace)
			go func() { e.sched.wg.Wait(); <-read; close(done) }()
		case <-expired:
			e.sched.cancelAll(errShutdown)
			e.files.cancel(errShutdown)
		case <-done:
			return
		case <-poll.C:
			if stop != nil {
				e.takeDue(work)
			}
		case <-e.look:
			if stop != nil {
				e.takeDue(work)
			}
		case <-renew.C:
			e.renew(work)
		}
	}
}

// errShutdown is why the turns still at work are cancelled when the grace is over.
var errShutdown = errors.New("shutting down")

// wake looks for the conversation's turn after a delay.
func (e *Engine) wake(id string, in time.Duration) {
	if in > 0 {
		// The turn is in the database: should the process end first, a poll finds it.
		time.AfterFunc(in, func() { e.wake(id, 0) })
		return
	}
	ctx, r, ok := e.sched.start(context.Background(), id)
	if !ok {
		return
	}
	go e.work(ctx, id, r, func() (Turn, bool) {
		claim, cancel := context.WithTimeout(ctx, storeTimeout)
		defer cancel()
		t, ok, err := e.d.Store.Claim(claim, id, e.cfg.Lease)
		if err != nil {
			e.log.Error("turn not claimed", "conversation", id, "err", err)
		}
		return t, ok && err == nil
	})
}

// takeDue takes up turns that no hint told of: a replica died, a database was
// away, a retry has come due.
func (e *Engine) takeDue(ctx context.Context) {
	// No more than can be prepared at once: a lease is only renewed from then on.
	free, running := e.sched.free()
	limit := min(free, cap(e.desks))
	if limit <= 0 {
		return
	}
	claim, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	ts, err := e.d.Store.ClaimDue(claim, limit, running, e.cfg.Lease)
	if err != nil {
		e.log.Warn("due turns not read", "err", err)
		return
	}
	e.backlog.Store(len(ts) == limit)
	for _, t := range ts {
		ctx, r, ok := e.sched.start(context.WithoutCancel(ctx), t.State.Conversation)
		if !ok { // a hint was a moment faster
			e.release(t, notBegun)
			continue
		}
		go e.work(ctx, t.State.Conversation, r, func() (Turn, bool) { return t, true })
	}
}

// renew keeps the leases of running turns and cancels those that have lost
// theirs, or whose conversation has moved on without a hint reaching us.
func (e *Engine) renew(ctx context.Context) {
	ts := e.sched.leased()
	if len(ts) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	epochs, err := e.d.Store.Renew(ctx, ts, e.cfg.Lease)
	if err != nil {
		e.log.Warn("leases not renewed", "err", err)
		return
	}
	for _, t := range ts {
		if epoch, ok := epochs[t.State.Conversation]; !ok {
			e.sched.lost(t)
		} else if epoch != t.State.Epoch {
			e.sched.supersede(t.State.Conversation, t.State.Epoch+1)
		}
	}
}
