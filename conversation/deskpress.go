package conversation

import (
	"context"
	"errors"
	"strings"
)

// DeskAction is a button's.
type DeskAction string

// The buttons.
const (
	DeskTake  DeskAction = "take"
	DeskBack  DeskAction = "handback"
	DeskClose DeskAction = "close"
	DeskUndo  DeskAction = "undo"
)

// Press does what a button asks for and returns words for whoever pressed it. The
// conversation is that of the thread, and may be what the presser's account may; key
// names the message of an Undo.
func (d *Desks) Press(ctx context.Context, v DeskVoice, a DeskAction, key string) (string, error) {
	by, words, err := d.person(ctx, v)
	if err != nil || words != "" {
		return words, err
	}
	if a == DeskUndo {
		return d.undo(ctx, v, by, key)
	}
	t, err := d.store.DeskThread(ctx, v.Channel, v.DeskPlace, v.Thread)
	if errors.Is(err, ErrNotFound) {
		return sayGone, nil
	}
	if err != nil {
		return "", err
	}
	words, err = d.do(ctx, t, by, a)
	if said := refusal(err); said != "" {
		return said, nil
	}
	return words, err
}

// do is what a button does for a thread. What would leave the customer without an
// answer counts for the messages that stand in the thread.
func (d *Desks) do(ctx context.Context, t DeskThread, by Actor, a DeskAction) (string, error) {
	id, seen := t.Conversation, max(t.Posted, 1) // the brief quotes the first one
	if a == DeskTake {
		took, err := d.hold(ctx, id, by)
		if err == nil && !took {
			return sayHeld, nil
		}
		return sayTook, err
	}
	if busy, err := d.store.DeskSendPending(ctx, id); err != nil || busy {
		return sayUnderWay, err
	}
	st, err := d.e.State(ctx, id)
	if err != nil {
		return "", err
	}
	switch {
	case a == DeskBack && st.Owner == OwnerBot:
		return sayBot, nil
	case a == DeskBack:
		_, err := d.e.handback(ctx, id, by, seen)
		return sayBack, err
	case a == DeskClose && st.Status == StatusResolved:
		return sayClosed, nil
	case a == DeskClose:
		_, err := d.e.resolve(ctx, id, by, "", seen)
		return sayClose, err
	}
	return sayGone, nil
}

// hold gives the conversation to by, and reports false where they hold it already:
// the customer hears of each joining once.
func (d *Desks) hold(ctx context.Context, id string, by Actor) (took bool, err error) {
	st, err := d.e.State(ctx, id)
	if err != nil || st.Owner == OwnerStaff && st.StaffID == by.StaffID && st.Status != StatusResolved {
		return false, err
	}
	_, err = d.e.Takeover(ctx, id, by)
	return err == nil, err
}

func (d *Desks) undo(ctx context.Context, v DeskVoice, by Actor, key string) (string, error) {
	if strings.TrimSpace(key) == "" {
		return sayGone, nil
	}
	fate, s, err := d.store.UndoDeskSend(ctx, DeskSend{Key: key, By: by, DeskThread: DeskThread{Channel: v.Channel, DeskPlace: v.DeskPlace}})
	if err != nil {
		return "", err
	}
	switch fate {
	case DeskFateUndone:
		d.settled(ctx, s, false)
		return sayUndone, nil
	case DeskFatePending:
		return sayNotYours, nil
	case DeskFateSending, DeskFateSent:
		return sayTooLate, nil
	case DeskFateRefused:
		return sayWasUndone, nil
	}
	return sayGone, nil
}
