package conversation

import (
	"context"
	"errors"
	"time"
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

// readFile looks into one file. An error has the turn tried again; at the last
// attempt the file is given up instead, and the customer answered without it.
func (a *answering) readFile(ctx context.Context, id string) (Attachment, error) {
	leave, err := a.e.enter(ctx)
	if err != nil {
		return Attachment{}, err
	}
	defer leave()
	f, err := a.e.d.Store.File(ctx, id)
	if err != nil || f.State != FilePending {
		return f.Attachment, err
	}
	var r Reading
	if r.Refused, err = a.e.have(ctx, &f); err == nil && r.Refused == "" {
		r, err = a.e.inspect(ctx, f)
	}
	for i := range r.Calls {
		r.Calls[i].Conversation, r.Calls[i].Turn = f.Conversation, a.t.ID
	}
	if err != nil {
		if a.t.Attempt < maxAttempts || errors.Is(context.Cause(a.ctx), errShutdown) {
			a.calls = append(a.calls, r.Calls...)
			return Attachment{}, err
		}
		a.e.log.Warn("file given up", "conversation", f.Conversation, "file", id, "err", err)
		r = Reading{Refused: reasonOf(err), Calls: r.Calls}
	}
	store, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	at, _, err := a.e.settle(store, f, r, err)
	return at, err
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
