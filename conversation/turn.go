package conversation

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// storeTimeout bounds one statement of a turn.
	storeTimeout = 10 * time.Second
	// maxAttempts is how often a turn may be begun without ending, as when it
	// takes its process down with it, before a person is asked instead.
	maxAttempts = 3
	// retryAfter is how long a turn that failed on this side, say for want of a
	// database, waits before its next attempt.
	retryAfter = 2 * time.Second
	// notBegun is what a turn is released with that was claimed in vain.
	notBegun = -1
)

// work claims and runs one turn, then whatever has come up meanwhile.
func (e *Engine) work(ctx context.Context, id string, r *run, claim func() (Turn, bool)) {
	defer e.sched.wg.Done()
	due := time.Duration(-1)
	e.desks <- struct{}{}
	leave := sync.OnceFunc(func() { <-e.desks })
	if t, ok := claim(); ok {
		e.sched.claimed(r, &t)
		due = e.take(ctx, t, leave)
	}
	leave()
	if e.backlog.Load() {
		select {
		case e.look <- struct{}{}:
		default:
		}
	}
	again, next := e.sched.finish(id, r)
	if again && due < 0 {
		due = 0
	}
	if due >= 0 {
		e.wake(id, due)
	}
	if next != "" {
		e.wake(next, 0)
	}
}

// take runs a claimed turn to its end. It returns how long until the
// conversation's next turn is due, negative when none is known to be. leave is
// called as soon as the turn only waits.
func (e *Engine) take(ctx context.Context, t Turn, leave func()) time.Duration {
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, e.cfg.TurnTimeout+e.readingTime(t))
	defer cancel()
	a := &answering{e: e, s: e.Settings(), ctx: limited, t: t, began: began, leave: leave}
	out, err := a.run()
	leave()
	if err == nil {
		err = a.hold()
	}
	if err == nil {
		var (
			st State
			ms []Message
		)
		store, cancelStore := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
		st, ms, err = e.d.Store.Finish(store, t, out)
		cancelStore()
		if err == nil {
			e.finished(a, st, ms)
			return -1
		}
	}
	return e.unfinished(ctx, a, err)
}

func (e *Engine) finished(a *answering, st State, ms []Message) {
	for i := range ms {
		e.hub.Publish(Event{Kind: EventMessage, Conversation: st.Conversation, Epoch: a.t.State.Epoch, Message: &ms[i]})
	}
	if len(ms) == 0 || ms[0].Author != AuthorBot {
		a.discard()
	} else if a.streamed || a.t.Attempt > 1 {
		e.d.Bus.Relay(Event{Kind: EventAnswered, Conversation: st.Conversation, Turn: a.t.ID, Epoch: a.t.State.Epoch})
	}
	if st.Owner != OwnerBot {
		e.files.seek()
		e.publishState(st)
		e.nowWaits(a.ctx, st, a.promise)
	}
	e.d.Bus.Hint(st.Conversation, st.Epoch)
	for _, c := range a.calls {
		e.d.Observer.Called(c)
	}
	e.d.Observer.Turned(a.channel(), string(a.trace.Kind), time.Since(a.began))
	e.thanked(a, st)
	if a.recap != nil {
		e.summarise(*a.recap)
	}
}

// unfinished withdraws what was streamed, books what was spent and gives the
// turn back.
func (e *Engine) unfinished(ctx context.Context, a *answering, err error) time.Duration {
	a.discard()
	for i := range a.calls {
		a.calls[i].Outcome = discarded(a.calls[i].Outcome)
		e.d.Observer.Called(a.calls[i])
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if len(a.calls) > 0 {
		if err := e.d.Store.Record(ctx, a.calls); err != nil {
			e.log.Error("model calls not recorded", "conversation", a.t.State.Conversation, "err", err)
		}
	}
	retry, outcome := time.Duration(0), "superseded"
	if cause := context.Cause(a.ctx); !errors.Is(err, ErrSuperseded) && !errors.Is(cause, errSuperseded) && !errors.Is(cause, errShutdown) {
		retry, outcome = retryAfter, "failed"
		e.log.Error("turn failed", "conversation", a.t.State.Conversation, "attempt", a.t.Attempt, "err", err)
	}
	e.d.Observer.Turned(a.channel(), outcome, time.Since(a.began))
	return e.release(a.t, retry)
}

func (e *Engine) release(t Turn, retry time.Duration) time.Duration {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	due, err := e.d.Store.Release(ctx, t, retry)
	if err != nil {
		e.log.Error("turn not released; its lease will end", "conversation", t.State.Conversation, "err", err)
		return -1
	}
	return due
}

func discarded(outcome string) string {
	if outcome == callOK {
		return "discarded"
	}
	return outcome
}

// run works out the answer; a panic in it is an error like any other.
func (a *answering) run() (out Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return a.answer()
}

// hold waits until the answer may be stored.
func (a *answering) hold() error {
	wait := a.e.cfg.Hold - a.t.Waited - time.Since(a.began)
	if wait <= 0 {
		return context.Cause(a.ctx)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return context.Cause(a.ctx)
	case <-a.ctx.Done():
		return context.Cause(a.ctx)
	}
}
