package conversation

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// asidesAtOnce bounds the files looked into at once that no turn waits for. It leaves
	// some of the readsAtOnce places to turns: there a customer waits for an answer.
	asidesAtOnce = readsAtOnce - 2
	// readSlack is what a file's mark outlasts the time for looking into it by: storing
	// what it came to, and giving it back.
	readSlack = 2 * storeTimeout
)

// ErrFileBusy is returned for a file that somebody is looking into without a turn.
var ErrFileBusy = errors.New("conversation: somebody is looking into that file")

// Unread keeps who looks into which file, so that each is looked into at last, whatever
// becomes of its conversation and of the process, and hardly ever by two at once. Files of
// staff are none of it: they are settled before they are sent.
type Unread interface {
	// TakeFile returns a file with its bytes to a turn, which looks into it for up to
	// within. ErrFileBusy while somebody does without a turn, unless it insists; a turn
	// before it is over, whatever it has left behind. ErrNoFile.
	TakeFile(ctx context.Context, id string, within time.Duration, insist bool) (File, error)
	// ClaimFiles leases up to limit files, those that wait longest first, that customers
	// have sent and no turn is due to look into. Those of blocked contacts wait until
	// they are no longer.
	ClaimFiles(ctx context.Context, limit int, lease time.Duration) ([]FileClaim, error)
	// LeaveFile ends a look that settled nothing: who reads without a turn leaves the file
	// alone for after. One that was not begun counts as no attempt. A claim that has
	// passed to another is left to them.
	LeaveFile(ctx context.Context, c FileClaim, after time.Duration, begun bool) error
}

// FileClaim is a file leased by ClaimFiles.
type FileClaim struct {
	ID           string
	Conversation string
	Token        string // empty: a turn's
	Attempt      int    // 1 the first time
}

// asides are the files looked into without a turn, so that staff see what was said in a
// recording and no customer waits for a file that nobody looks into. What is to be read
// stands in the database; here is only what this process is at.
type asides struct {
	look   chan struct{} // readable when there may be more to read
	places chan struct{} // one for each being read
	ctx    context.Context
	cancel context.CancelCauseFunc // of ctx, when the grace of a shutdown is over
	wg     sync.WaitGroup
}

func (s *asides) init() {
	s.look, s.places = make(chan struct{}, 1), make(chan struct{}, asidesAtOnce)
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
}

// seek has files looked for that no turn will look into.
func (s *asides) seek() {
	select {
	case s.look <- struct{}{}:
	default:
	}
}

// readAside looks into files that no turn will, until ctx ends and what was begun is over:
// at once when told, and at each poll for those that a dead replica or a failure has left.
func (e *Engine) readAside(ctx context.Context) {
	defer e.files.wg.Wait()
	tick := time.NewTicker(e.cfg.Poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		e.takeAside(ctx)
		select {
		case <-ctx.Done():
		case <-e.files.look:
		case <-tick.C:
		}
	}
}

// takeAside begins with as many files as there are places for.
func (e *Engine) takeAside(ctx context.Context) {
	s := &e.files.asides
	free := cap(s.places) - len(s.places)
	if free == 0 {
		return // the next to end looks again
	}
	// Not cut off by the shutdown: what was claimed is to be known, and given back.
	claim, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	list, err := e.d.Store.ClaimFiles(claim, free, e.cfg.ReadTimeout+readSlack)
	if err != nil {
		e.log.Warn("unread files not looked for", "err", err)
		return
	}
	for _, c := range list {
		if ctx.Err() != nil {
			e.leave(c, 0, false)
			continue
		}
		s.places <- struct{}{}
		s.wg.Go(func() {
			defer s.seek()
			defer func() { <-s.places }()
			e.readClaimed(c)
		})
	}
}

// readClaimed looks into one file. What fails and may pass is tried again later, by
// whoever comes first, until the attempts are used up.
func (e *Engine) readClaimed(c FileClaim) {
	ctx, cancel := context.WithTimeout(e.files.ctx, e.cfg.ReadTimeout)
	defer cancel()
	if c.Attempt > maxAttempts { // whoever read it died each time
		if err := e.giveUp(ctx, c); err != nil {
			e.log.Warn("file not given up; its lease will end", "conversation", c.Conversation, "file", c.ID, "err", err)
		}
		return
	}
	take := func(ctx context.Context) (File, error) { return e.d.Store.File(ctx, c.ID) }
	_, calls, err := e.readFile(ctx, take, "", c.Attempt == maxAttempts)
	e.record(ctx, calls)
	switch {
	case err == nil || errors.Is(err, ErrNoFile): // it was erased
	case errors.Is(context.Cause(ctx), errShutdown):
		e.leave(c, 0, false)
	default:
		wait := e.nextRead(err, c.Attempt)
		e.log.Warn("file not read", "conversation", c.Conversation, "file", c.ID, "attempt", c.Attempt, "again_in", wait, "err", err)
		e.leave(c, wait, true)
	}
}

// giveUp settles a file without looking into it.
func (e *Engine) giveUp(ctx context.Context, c FileClaim) error {
	f, err := e.d.Store.File(ctx, c.ID)
	if err != nil || f.State != FilePending {
		return err
	}
	_, _, err = e.settle(ctx, f, Reading{Refused: RefusedTimeout}, errGivenUp)
	return err
}

var errGivenUp = errors.New("all attempts are used up")

// nextRead is how long a file waits that could not be read: four times as long each time,
// or what a model's server asks for.
func (e *Engine) nextRead(err error, attempt int) time.Duration {
	wait := backoff(e.cfg.ReadAgain, 2*attempt-1)
	var failure *ModelError
	if errors.As(err, &failure) {
		wait = max(wait, min(failure.RetryAfter, maxBackoff))
	}
	return wait
}

// leave gives a file back. That it cannot be given back only delays who comes next.
func (e *Engine) leave(c FileClaim, after time.Duration, begun bool) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	if err := e.d.Store.LeaveFile(ctx, c, after, begun); err != nil {
		e.log.Warn("file not given back; its lease will end", "conversation", c.Conversation, "file", c.ID, "err", err)
	}
}
