package conversation

import (
	"context"
	"errors"
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
	ctx, end := context.WithCancelCause(context.WithoutCancel(a.ctx))
	defer end(nil)
	ctx, cancel := context.WithTimeout(ctx, a.e.cfg.ReadTimeout)
	defer cancel()
	defer context.AfterFunc(a.ctx, func() {
		if errors.Is(context.Cause(a.ctx), errShutdown) {
			end(errShutdown)
		}
	})()
	patience := time.Now().Add(a.e.cfg.ReadTimeout / yields)
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
			at, err := a.readFile(ctx, m.Attachments[j].ID, patience)
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

const (
	// yields is the part of ReadTimeout that a turn waits for whoever reads its files
	// already: 20 s, in which any but the longest recordings are heard.
	yields = 6
	// yieldLook is how often it looks whether they are done.
	yieldLook = 200 * time.Millisecond
)

// readFile looks into one file for this turn. An error has the turn tried again. A file
// that somebody is reading without a turn (staff had the conversation a moment ago) is
// theirs to finish: reading it beside them would be paid for twice. But they may have died
// over it, so the turn only waits until patience ends and then reads it all the same; the
// customer is answered in any case, and paying twice takes a reader as slow as that.
func (a *answering) readFile(ctx context.Context, id string, patience time.Time) (Attachment, error) {
	take := func(ctx context.Context) (File, error) {
		return a.e.d.Store.TakeFile(ctx, id, a.e.cfg.ReadTimeout+readSlack, !time.Now().Before(patience))
	}
	for {
		at, calls, err := a.e.readFile(ctx, take, a.t.ID, a.t.Attempt >= maxAttempts)
		if !errors.Is(err, ErrFileBusy) {
			if err != nil {
				a.calls = append(a.calls, calls...)
				// Staff may have the conversation by now, and no turn come again.
				a.e.leave(FileClaim{ID: id, Conversation: a.t.State.Conversation}, 0, true)
			}
			return at, err
		}
		look := time.NewTimer(min(yieldLook, time.Until(patience)))
		select {
		case <-look.C:
		case <-a.ctx.Done():
			look.Stop()
			return Attachment{}, context.Cause(a.ctx)
		}
	}
}

// readFile looks into the file that take returns. With last it gives the file up instead
// of returning an error that may pass, and the customer is answered without it; a shutdown
// is no reason to. Only with an error are the calls it made still to be recorded.
func (e *Engine) readFile(ctx context.Context, take func(context.Context) (File, error), turn string, last bool) (Attachment, []Call, error) {
	leave, err := e.enter(ctx)
	if err != nil {
		return Attachment{}, nil, err
	}
	defer leave()
	f, err := take(ctx)
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
		if !last || errors.Is(context.Cause(ctx), errShutdown) {
			return Attachment{}, r.Calls, err
		}
		e.log.Warn("file given up", "conversation", f.Conversation, "file", f.ID, "err", err)
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
