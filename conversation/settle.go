package conversation

import (
	"context"
	"time"
)

// settle stores what a file came to, with what the models cost. The first to do so tells
// staff of a refusal and whoever watches of the change. With an error the calls are still
// to be recorded.
func (e *Engine) settle(ctx context.Context, f File, r Reading, failure error) (Attachment, bool, error) {
	state := FileReady
	switch {
	case failure != nil:
		state = FileFailed
	case r.Refused != "":
		state = FileRefused
	}
	at, first, err := e.d.Store.SettleFile(ctx, f.ID, r, state)
	if err != nil {
		return at, first, err
	}
	for _, c := range r.Calls {
		e.d.Observer.Called(c)
	}
	if !first {
		return at, false, nil
	}
	if state != FileReady {
		e.remark(ctx, f.Conversation, "file:"+f.ID, staffNote(at))
	}
	e.filesChanged(ctx, f.Conversation, f.Seq)
	return at, true, nil
}

// record books calls that no turn's outcome does.
func (e *Engine) record(ctx context.Context, calls []Call) {
	e.purse.book(ctx, calls)
}

// filesChanged tells that a message's files have been looked into.
func (e *Engine) filesChanged(ctx context.Context, conversation string, seq int64) {
	if seq == 0 {
		return
	}
	ev := Event{Kind: EventFiles, Conversation: conversation, Seq: seq}
	e.d.Bus.Relay(ev)
	if m, err := e.d.Store.Message(ctx, conversation, seq); err == nil {
		ev.Message = &m
	}
	e.hub.Publish(ev)
}

// Message returns one message of a conversation. ErrNotFound.
func (e *Engine) Message(ctx context.Context, conversation string, seq int64) (Message, error) {
	return e.d.Store.Message(ctx, conversation, seq)
}

// remark leaves a note for staff, once per key. That it cannot be left is no
// reason to leave the customer without an answer.
func (e *Engine) remark(ctx context.Context, conversation, key, text string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := e.Remark(ctx, conversation, key, text); err != nil {
		e.log.Warn("note for staff not stored", "conversation", conversation, "key", key, "err", err)
	}
}

// Remark leaves a note of the product's own for staff, once per key: a key is no
// message's external id. What is too long of the text is cut.
func (e *Engine) Remark(ctx context.Context, conversation, key, text string) error {
	text, err := Clean(cutRunes(text, MaxTextRunes))
	if err != nil {
		return err
	}
	m, first, err := e.d.Store.Remark(ctx, conversation, key, text)
	if err == nil && first {
		e.hub.Publish(Event{Kind: EventMessage, Conversation: conversation, Message: &m})
		e.d.Bus.Hint(conversation, 0)
	}
	return err
}

// cutRunes is the start of a text, with a mark where something is missing.
func cutRunes(s string, most int) string {
	if rs := []rune(s); len(rs) > most {
		return string(rs[:most-1]) + "…"
	}
	return s
}

// tidyEvery is how often what nobody sent is removed.
const tidyEvery = time.Hour

// tidy removes uploads that no message took, now and every tidyEvery until ctx ends.
func (e *Engine) tidy(ctx context.Context) {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		within, cancel := context.WithTimeout(ctx, time.Minute)
		n, err := e.d.Store.DropUnsent(within, unsentFor)
		cancel()
		switch {
		case err != nil && ctx.Err() == nil:
			e.log.Warn("unsent uploads not removed", "err", err)
		case n > 0:
			e.log.Info("removed unsent uploads", "files", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
