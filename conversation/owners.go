package conversation

import (
	"context"
)

// Handoff puts a conversation of the bot's, or a closed one, in the queue for a person
// and tells the customer what to expect. Asked again it changes nothing. A conversation
// that staff hold stays with them.
func (e *Engine) Handoff(ctx context.Context, id string, by Actor, r Reason) (State, error) {
	for range handoffTries {
		st, err := e.d.Store.State(ctx, id)
		if err != nil {
			return st, err
		}
		if st.Owner != OwnerBot && st.Status != StatusResolved {
			return e.described(st), nil
		}
		t := TextsFor(st.Locale)
		text := t.Queued
		if r == ReasonUnhelpful {
			text = t.Sorry + " " + text
		}
		text, p := e.queuedWords(ctx, st.Locale, text, st.Channel)
		next, ms, err := e.d.Store.Change(ctx, id, Change{
			To: OwnerQueue, From: []Owner{OwnerBot, OwnerQueue, OwnerStaff}, AtEpoch: &st.Epoch, By: by, Reason: r, Status: StatusOpen,
			Messages: []NewMessage{{Author: AuthorSystem, Text: text}},
		})
		if err != nil {
			return next, err
		}
		if len(ms) > 0 {
			e.changed(next, ms)
			e.nowWaits(ctx, next, p)
			return e.State(ctx, id)
		}
	}
	return e.State(ctx, id) // it changes all the time; whoever does it has seen to the customer
}

// handoffTries is how often a handoff is decided anew because the conversation changed
// meanwhile, say because the customer wrote.
const handoffTries = 5

// ChooseBot lets a customer who waits for a person go back to the bot, which
// takes up what they wrote meanwhile. It does nothing where the bot answers already.
func (e *Engine) ChooseBot(ctx context.Context, id string) (State, error) {
	st, err := e.d.Store.State(ctx, id)
	if err != nil || st.Owner == OwnerBot {
		return st, err
	}
	return e.change(ctx, id, Change{
		To: OwnerBot, From: []Owner{OwnerQueue}, Reason: ReasonCustomer, Status: StatusOpen, AnswerNow: true,
		Messages: []NewMessage{{Author: AuthorSystem, Text: TextsFor(st.Locale).BotAgain}},
	})
}

// Takeover gives the conversation to a member of staff. From when it returns,
// nothing more of the bot's reaches the customer. A *TakenError names the
// colleague who was first.
func (e *Engine) Takeover(ctx context.Context, id string, by Actor) (State, error) {
	st, err := e.d.Store.State(ctx, id)
	if err != nil || st.Owner == OwnerStaff && st.StaffID == by.StaffID && (st.Status == StatusOpen || st.Status == StatusWaiting) {
		return st, err // theirs already: nobody joins twice
	}
	return e.change(ctx, id, Change{
		To: OwnerStaff, From: []Owner{OwnerBot, OwnerQueue}, By: by, Reason: ReasonTakeover, Status: StatusOpen,
		Messages: []NewMessage{joined(st, by)},
	})
}

// Reply sends a public reply of words alone. A repeated externalID sends nothing and
// returns what was sent. Errors as of SendReply.
func (e *Engine) Reply(ctx context.Context, id string, by Actor, text, externalID string) (Message, error) {
	return e.SendReply(ctx, id, NewReply{By: by, Text: text, ExternalID: externalID})
}

// Note appends a private note; owner and bot go on undisturbed.
func (e *Engine) Note(ctx context.Context, id string, by Actor, text string) (Message, error) {
	return e.WriteNote(ctx, id, NewNote{By: by, Text: text})
}

// Handback returns a conversation to the bot, which starts with a clean context.
func (e *Engine) Handback(ctx context.Context, id string, by Actor) (State, error) {
	return e.handback(ctx, id, by, 0)
}

func (e *Engine) handback(ctx context.Context, id string, by Actor, seen int64) (State, error) {
	st, err := e.d.Store.State(ctx, id)
	if err != nil || st.Owner == OwnerBot {
		return st, err
	}
	name := st.StaffName
	if name == "" {
		name = by.Name
	}
	return e.change(ctx, id, Change{
		To: OwnerBot, From: []Owner{OwnerQueue, OwnerStaff}, By: by, Reason: ReasonHandback, CleanContext: true, Seen: seen,
		Messages: []NewMessage{{Author: AuthorSystem, Text: fill(TextsFor(st.Locale).Left, "{name}", name)}},
	})
}

// Resolve closes a conversation; the customer's next message opens a new episode.
func (e *Engine) Resolve(ctx context.Context, id string, by Actor) (State, error) {
	return e.resolve(ctx, id, by, "", 0)
}

func (e *Engine) resolve(ctx context.Context, id string, by Actor, reason string, seen int64) (State, error) {
	st, err := e.State(ctx, id)
	if err != nil || st.Status == StatusResolved {
		return st, err
	}
	return e.change(ctx, id, Change{
		From: []Owner{OwnerBot, OwnerQueue, OwnerStaff}, By: by, Reason: ReasonResolved, Status: StatusResolved, Detail: reason, Seen: seen,
		Messages: []NewMessage{e.closing(st)},
	})
}

// Feedback stores the customer's thumb on a bot message. A new thumb down brings
// a person in. ErrNotFound where seq is no message of the bot's.
func (e *Engine) Feedback(ctx context.Context, id string, seq int64, helpful bool) error {
	changed, err := e.d.Store.Rate(ctx, id, seq, helpful)
	if err != nil || !changed || helpful {
		return err
	}
	_, err = e.Handoff(ctx, id, Actor{}, ReasonUnhelpful)
	return err
}

// change applies c and lets everybody know.
func (e *Engine) change(ctx context.Context, id string, c Change) (State, error) {
	st, ms, err := e.d.Store.Change(ctx, id, c)
	if err != nil {
		return st, err
	}
	e.changed(st, ms)
	if st.Owner == OwnerBot && c.AnswerNow {
		e.wake(id, 0)
	}
	return st, nil
}

// changed silences the bot before anything else is told.
func (e *Engine) changed(st State, ms []Message) {
	if len(ms) == 0 {
		return
	}
	e.sched.supersede(st.Conversation, st.Epoch)
	e.hub.Outdate(st.Conversation, st.Epoch)
	e.files.seek() // what the bot's turn would have read
	for i := range ms {
		e.hub.Publish(Event{Kind: EventMessage, Conversation: st.Conversation, Message: &ms[i]})
	}
	e.publishState(st)
	e.d.Bus.Hint(st.Conversation, st.Epoch)
}

// publishState tells of a new owner or status. A place in the queue is left to
// those who watch: they read it when they hear.
func (e *Engine) publishState(st State) {
	st = e.described(st)
	ev := Event{Kind: EventState, Conversation: st.Conversation, State: &st}
	if st.Owner == OwnerQueue {
		ev.State = nil
	}
	e.hub.Publish(ev)
}

func joined(st State, by Actor) NewMessage {
	return NewMessage{Author: AuthorSystem, Text: fill(TextsFor(st.Locale).Joined, "{name}", by.Name)}
}
