package conversation

import (
	"context"
	"errors"
	"sync"
	"time"

	"frontdesk/knowledge"
)

// waiting reports whether a turn has to look into files first.
func (t Turn) waiting() bool {
	for _, m := range t.Messages {
		if m.Seq <= t.AnsweredSeq || m.Author != AuthorCustomer {
			continue
		}
		for _, at := range m.Attachments {
			if at.State == FilePending {
				return true
			}
		}
	}
	return false
}

// readingTime is how much longer a turn may take for the files it has to look into.
func (e *Engine) readingTime(t Turn) time.Duration {
	if t.waiting() {
		return e.cfg.ReadTimeout
	}
	return 0
}

// readFiles looks into what the customer has sent since they were last answered.
// What it comes to is stored file by file, so that a turn begun again, be it after
// a crash, pays for no file twice. A further message of the customer's ends the
// turn but not the file being read; the end of the process ends both.
func (a *answering) readFiles() error {
	if !a.t.waiting() {
		return nil
	}
	a.leave()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(a.ctx), a.e.cfg.ReadTimeout)
	defer cancel()
	defer context.AfterFunc(a.ctx, func() {
		if errors.Is(context.Cause(a.ctx), errShutdown) {
			cancel()
		}
	})()
	for i := range a.t.Messages {
		m := &a.t.Messages[i]
		if m.Seq <= a.t.AnsweredSeq || m.Author != AuthorCustomer {
			continue
		}
		for j := range m.Attachments {
			if a.ctx.Err() != nil {
				return context.Cause(a.ctx)
			}
			if m.Attachments[j].State != FilePending {
				continue
			}
			at, err := a.readFile(ctx, m.Attachments[j].ID)
			if err != nil {
				return err
			}
			m.Attachments[j] = at
		}
	}
	if a.ctx.Err() != nil {
		return context.Cause(a.ctx)
	}
	return nil
}

// readFile looks into one file for this turn. An error has the turn tried again.
func (a *answering) readFile(ctx context.Context, id string) (Attachment, error) {
	last := a.t.Attempt >= maxAttempts && !errors.Is(context.Cause(a.ctx), errShutdown)
	at, calls, err := a.e.readFile(ctx, id, a.t.ID, last)
	if err != nil {
		a.calls = append(a.calls, calls...)
	}
	return at, err
}

// readFile looks into one file. With last it gives the file up instead of
// returning an error that may pass, and the customer is answered without it. Only
// with an error are the calls it made still to be recorded.
func (e *Engine) readFile(ctx context.Context, id, turn string, last bool) (Attachment, []Call, error) {
	leave, err := e.enter(ctx)
	if err != nil {
		return Attachment{}, nil, err
	}
	defer leave()
	f, err := e.d.Store.File(ctx, id)
	if err != nil || f.State != FilePending {
		return f.Attachment, nil, err
	}
	var r Reading
	if r.Refused, err = e.have(ctx, &f); err == nil && r.Refused == "" {
		r, err = e.inspect(ctx, f)
	}
	for i := range r.Calls {
		r.Calls[i].ID, r.Calls[i].Conversation, r.Calls[i].Turn = knowledge.NewID(), f.Conversation, turn
	}
	if err != nil {
		if !last {
			return Attachment{}, r.Calls, err
		}
		e.log.Warn("file given up", "conversation", f.Conversation, "file", id, "err", err)
		r = Reading{Refused: reasonOf(err), Calls: r.Calls}
	}
	store, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	at, _, err := e.settle(store, f, r, err)
	if err != nil {
		return at, r.Calls, err
	}
	return at, nil, nil
}

// reasonOf names what kept a file from being read, for the customer's sake.
func reasonOf(err error) Refusal {
	var fetch *FetchError
	var model *ModelError
	switch {
	case errors.As(err, &model):
		return RefusedNoHearing
	case errors.Is(err, context.DeadlineExceeded):
		return RefusedTimeout
	case errors.As(err, &fetch):
		return RefusedGone
	}
	return RefusedTimeout
}

// asidesAtOnce bounds the messages whose files wait to be read aside.
const asidesAtOnce = 64

// aside reads the files of conversations that staff hold, so that staff see what
// was said in a recording. No turn stands behind it: what a crash interrupts
// stays pending, and its bytes are fetched when somebody opens it.
type aside struct {
	places chan struct{}
	mu     sync.Mutex // guards closed, and wg against a Go after its Wait
	closed bool
	wg     sync.WaitGroup
}

// readAside looks into a message's files in the background.
func (e *Engine) readAside(r Receipt) {
	s := &e.files.aside
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	select {
	case s.places <- struct{}{}:
	default:
		return
	}
	s.wg.Go(func() {
		defer func() { <-s.places }()
		ctx, cancel := context.WithTimeout(e.life, e.cfg.ReadTimeout)
		defer cancel()
		for _, at := range r.Attachments {
			_, calls, err := e.readFile(ctx, at.ID, "", false)
			if err == nil {
				continue
			}
			e.log.Warn("file not read", "conversation", r.Conversation, "file", at.ID, "err", err)
			e.record(ctx, calls)
		}
	})
}

// wait ends reading aside: nothing new is begun, and what is under way has e.life to go by.
func (s *aside) wait() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.wg.Wait()
}
