package conversation

import (
	"context"
	"errors"
)

// DeskVoice is what a person did in a thread, as a verified event of the platform
// tells it.
type DeskVoice struct {
	Channel string
	DeskPlace
	Thread string
	Sender string // the platform's id of the person
	ID     string // of the message, unique on the platform
	Text   string
	// Fresh is set for a change of a message just written. Where that itself has not
	// come, it is taken for it.
	Fresh bool
}

// DeskReply is what to let that person know, and them alone where possible.
type DeskReply struct {
	Elsewhere bool   // the thread is none of a conversation: say nothing
	Words     string // empty: nothing
	Undo      string // key of a button that takes back what was written
}

// Said takes what a person wrote in a thread. Once it returns without error the words
// are durable, and the same message again does nothing. A note is stored. Anything
// else takes the conversation over at once, so that the bot is silent, and goes to the
// customer when it can no longer be taken back. What is refused comes back as words.
func (d *Desks) Said(ctx context.Context, v DeskVoice) (DeskReply, error) {
	t, err := d.store.DeskThread(ctx, v.Channel, v.DeskPlace, v.Thread)
	if errors.Is(err, ErrNotFound) {
		return DeskReply{Elsewhere: true}, nil
	}
	if err != nil {
		return DeskReply{}, err
	}
	by, words, err := d.person(ctx, v)
	if err != nil || words != "" {
		return DeskReply{Words: words}, err
	}
	if fate, err := d.store.DeskSendFate(ctx, t, v.ID); err != nil || fate != DeskFateUnknown {
		return DeskReply{}, err
	}
	text, isNote := noteOf(v.Text)
	if text, err = Clean(text); err != nil {
		return DeskReply{Words: refusal(err)}, nil
	}
	if isNote {
		return DeskReply{}, d.note(ctx, t, by, text, v.ID)
	}
	if _, err := d.hold(ctx, t.Conversation, by); err != nil {
		return unlessFault(err)
	}
	key, fate, err := d.store.AddDeskSend(ctx, DeskSend{By: by, Text: text, ExternalID: v.ID, DeskThread: t}, d.cfg.Undo)
	if err != nil || fate != DeskFateUnknown || d.cfg.Undo == 0 {
		return DeskReply{}, err
	}
	return DeskReply{Words: saySending(d.cfg.Undo), Undo: key}, nil
}

func (d *Desks) note(ctx context.Context, t DeskThread, by Actor, text, id string) error {
	m, repeat, err := d.store.NoteOnce(ctx, t.Conversation, by, text, DeskMessageID(t.Channel, id))
	if err != nil || repeat {
		return err
	}
	d.e.hub.Publish(Event{Kind: EventMessage, Conversation: t.Conversation, Message: &m})
	d.e.d.Bus.Hint(t.Conversation, 0)
	return nil
}

// person returns who acts, or what to tell somebody who may not.
func (d *Desks) person(ctx context.Context, v DeskVoice) (Actor, string, error) {
	p, err := d.store.DeskPerson(ctx, v.Channel, v.Account, v.Sender)
	switch {
	case errors.Is(err, ErrNotFound):
		return Actor{}, sayUnlinked(v.Channel, v.Sender), nil
	case err != nil:
		return Actor{}, "", err
	case !p.MayAnswer:
		return Actor{}, sayViewer, nil
	}
	return p.Actor, "", nil
}

// unlessFault makes words of what the engine refuses.
func unlessFault(err error) (DeskReply, error) {
	if words := refusal(err); words != "" {
		return DeskReply{Words: words}, nil
	}
	return DeskReply{}, err
}

// Edited takes new words for a message. While it can be taken back they are sent in
// place of the old ones; words that begin a note, or none, take it back.
func (d *Desks) Edited(ctx context.Context, v DeskVoice) (DeskReply, error) {
	t, err := d.store.DeskThread(ctx, v.Channel, v.DeskPlace, v.Thread)
	if errors.Is(err, ErrNotFound) {
		return DeskReply{Elsewhere: true}, nil
	}
	if err != nil {
		return DeskReply{}, err
	}
	by, words, err := d.person(ctx, v)
	if err != nil || words != "" {
		return DeskReply{}, err // whoever it is has been told when they wrote
	}
	text, isNote := noteOf(v.Text)
	text, wrong := Clean(text)
	s := DeskSend{By: by, Text: text, ExternalID: v.ID, DeskThread: t}
	var fate DeskFate
	if isNote || wrong != nil {
		var undone DeskSend
		if fate, undone, err = d.store.UndoDeskSend(ctx, s); fate == DeskFateUndone && err == nil {
			d.settled(ctx, undone, false)
			if wrong != nil {
				return DeskReply{Words: refusal(wrong)}, nil
			}
			return DeskReply{}, d.note(ctx, t, by, text, v.ID)
		}
	} else {
		fate, err = d.store.EditDeskSend(ctx, s)
	}
	if err != nil {
		return DeskReply{}, err
	}
	switch fate {
	case DeskFateUnknown:
		if v.Fresh {
			return d.Said(ctx, v)
		}
	case DeskFatePending:
		return DeskReply{Words: sayChanged}, nil
	case DeskFateSending, DeskFateSent:
		return DeskReply{Words: sayOldWords}, nil
	}
	return DeskReply{}, nil
}

// Deleted takes back a message that its writer took away.
func (d *Desks) Deleted(ctx context.Context, v DeskVoice) (DeskReply, error) {
	t, err := d.store.DeskThread(ctx, v.Channel, v.DeskPlace, v.Thread)
	if errors.Is(err, ErrNotFound) {
		return DeskReply{Elsewhere: true}, nil
	}
	if err != nil {
		return DeskReply{}, err
	}
	s := DeskSend{ExternalID: v.ID, DeskThread: t}
	fate, undone, err := d.store.UndoDeskSend(ctx, s)
	switch {
	case err != nil:
		return DeskReply{}, err
	case fate == DeskFateUnknown && v.Fresh:
		return DeskReply{}, d.store.BuryDeskSend(ctx, s)
	case fate == DeskFateUndone:
		d.settled(ctx, undone, false)
		return DeskReply{Words: sayUndone}, nil
	case fate == DeskFateSent || fate == DeskFateSending:
		return DeskReply{Words: sayTooLate}, nil
	}
	return DeskReply{}, nil
}

// Noticed keeps where the button that takes a message back is shown. It reports false
// when there is nothing to take back any more and the button should go.
func (d *Desks) Noticed(ctx context.Context, key, notice string) (bool, error) {
	return d.store.NoteDeskSend(ctx, key, notice)
}
