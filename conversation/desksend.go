package conversation

import (
	"context"
	"errors"
	"sync"
	"time"
)

// sends brings one batch of what staff wrote to the customers' conversations and
// reports whether there was any.
func (d *Desks) sends(ctx context.Context, channels []string) bool {
	// Not cut by a stop: what was claimed unheard would wait for its lease to end.
	claim, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	list, err := d.store.ClaimDeskSends(claim, channels, deskBatch, deskLease)
	if err != nil {
		if ctx.Err() == nil {
			d.e.log.Warn("what staff wrote on desks not read", "err", err)
		}
		return false
	}
	var wg sync.WaitGroup
	for _, s := range list {
		wg.Go(func() { d.send(context.WithoutCancel(ctx), s) })
	}
	wg.Wait()
	return len(list) > 0
}

// send makes one message a public reply, or tells why it is none.
func (d *Desks) send(ctx context.Context, s DeskSend) {
	fate, why, retry := DeskFateSent, "", time.Duration(0)
	err := d.reply(ctx, s)
	if words := refusal(err); words != "" {
		fate, why = DeskFateRefused, err.Error()
		err = d.tell(ctx, s.DeskThread, words)
	}
	if err != nil {
		fate, why = DeskFatePending, err.Error()
		if retry = again(err, d.e.cfg.Backoff, s.Attempt); retry < 0 || s.Attempt >= maxDeliveryAttempts {
			fate = DeskFateRefused
		}
		d.e.log.Warn("what staff wrote on a desk not sent", "conversation", s.Conversation, "channel", s.Channel,
			"attempt", s.Attempt, "final", fate == DeskFateRefused, "err", err)
	}
	store, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := d.store.SettleDeskSend(store, s, fate, why, max(retry, 0)); err != nil {
		d.e.log.Error("what staff wrote on a desk not settled", "conversation", s.Conversation, "err", err)
		return
	}
	if fate != DeskFatePending {
		d.settled(ctx, s, fate == DeskFateSent)
	}
}

// tell says something in a thread, if that is still there.
func (d *Desks) tell(ctx context.Context, t DeskThread, words string) error {
	if t.Thread == "" {
		return nil
	}
	call, cancel := d.call(ctx)
	defer cancel()
	err := d.posters[t.Channel].Tell(call, t, words)
	if errors.Is(err, ErrDeskGone) {
		return nil
	}
	return err
}

// settled lets the platform take away the button of a send.
func (d *Desks) settled(ctx context.Context, s DeskSend, sent bool) {
	p, ok := d.posters[s.Channel].(DeskSettler)
	if !ok || s.Notice == "" {
		return
	}
	call, cancel := d.call(ctx)
	defer cancel()
	p.Settle(call, s, sent)
}

var (
	errMayNotAnswer = errors.New("the account may not answer")
	errMoved        = errors.New("handed back or closed meanwhile")
)

// reply stores a public reply of whoever holds the conversation since they wrote it.
// It does not take it over again: that was done when the message came, and who gave
// it back since then meant it.
func (d *Desks) reply(ctx context.Context, s DeskSend) error {
	switch {
	case s.Stored:
		return nil
	case !s.MayAnswer:
		return errMayNotAnswer
	}
	text, err := Clean(s.Text)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	st, err := d.e.d.Store.State(ctx, s.Conversation)
	if err != nil {
		return err
	}
	if st.Status == StatusResolved {
		return errMoved
	}
	st, ms, err := d.e.d.Store.Change(ctx, s.Conversation, Change{
		To: OwnerStaff, From: []Owner{}, By: s.By, Reason: ReasonReply, Status: StatusWaiting, Always: true,
		Messages: []NewMessage{{
			Author: AuthorStaff, StaffID: s.By.StaffID, Name: s.By.Name, Text: text, ExternalID: DeskMessageID(s.Channel, s.ExternalID),
		}},
	})
	if err != nil {
		return err
	}
	d.e.changed(st, ms)
	return nil
}

// refusal is what to tell the writer of what will never be sent; empty for errors
// that may pass.
func refusal(err error) string {
	var taken *TakenError
	switch {
	case errors.As(err, &taken):
		return sayTaken(taken)
	case errors.Is(err, errMoved), errors.Is(err, ErrNotCurrent):
		return sayMoved
	case errors.Is(err, ErrUnseen):
		return sayUnseen
	case errors.Is(err, errMayNotAnswer):
		return sayDisabled
	case errors.Is(err, ErrTooLong):
		return sayTooLong
	case errors.Is(err, ErrEmpty):
		return sayEmpty
	}
	return ""
}
