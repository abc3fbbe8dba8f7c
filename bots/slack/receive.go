package slack

import (
	"context"
	"errors"
	"fmt"

	"frontdesk/conversation"
)

// What became of an event, as counted.
const (
	wasStored       = "stored"
	wasRepeat       = "repeat"
	wasConflict     = "conflict"      // a message that is stored with another wording
	wasOwn          = "own"           // of this bot
	wasBot          = "bot"           // of another one
	wasNotAddressed = "not_addressed" // talk in a channel that is not for us
	wasOtherKind    = "other_kind"
	wasOtherTeam    = "other_workspace"
	wasIncomplete   = "incomplete" // lacks what every message has
	wasUnreadable   = "unreadable" // empty or too long; the writer was told
	wasEdit         = "edited"
	wasDeletion     = "deleted"
	wasOpened       = "opened" // an assistant thread
	wasClick        = "clicked"
	wasFailed       = "failed"
)

// event deals with what the Events API sent, over HTTP or Socket Mode. When it
// returns without an error nothing of it can be lost any more; with one Slack
// is to send it again.
func (b *Bot) event(ctx context.Context, env envelope) error {
	if env.EventID != "" && b.seen.has(env.EventID) {
		b.cfg.Count(wasRepeat)
		return nil
	}
	outcome, err := b.take(ctx, env)
	if err != nil {
		b.cfg.Count(wasFailed)
		return err
	}
	b.seen.add(env.EventID)
	b.cfg.Count(outcome)
	return nil
}

func (b *Bot) take(ctx context.Context, env envelope) (string, error) {
	if env.Type != "event_callback" {
		return wasOtherKind, nil
	}
	var ev event
	if err := decode(env.Event, &ev); err != nil {
		return "", err
	}
	to, ours := b.addressee(env)
	if !ours {
		return wasOtherTeam, nil
	}
	if b.staffed(ev.Channel) {
		return b.staffEvent(ctx, to, ev)
	}
	switch ev.Type {
	case "message":
		switch ev.Subtype {
		case "", "file_share", "thread_broadcast", "me_message":
			return b.message(ctx, to, ev, false)
		case "message_changed":
			return b.edited(ctx, to, ev)
		case "message_deleted":
			return b.deleted(ctx, to, ev)
		case "bot_message":
			return wasBot, nil
		}
	case "app_mention":
		return b.message(ctx, to, ev, true)
	case "assistant_thread_started":
		return b.opened(ev.AssistantThread)
	}
	return wasOtherKind, nil
}

// addressee is the installation an event is for.
type addressee struct{ team, bot string }

// addressee reads who an event is for. It reports false for a workspace that
// our token is not of. Until the token has been accepted the event's own word
// is taken: it is signed.
func (b *Bot) addressee(env envelope) (addressee, bool) {
	to := addressee{team: env.TeamID}
	for i, a := range env.Authorizations {
		if i == 0 && a.TeamID != "" {
			to.team = a.TeamID
		}
		if a.IsBot && to.bot == "" {
			to.bot = a.UserID
		}
	}
	me := b.me.Load()
	if me == nil || me.Team == "" {
		return to, to.team != ""
	}
	if to.team == me.Team {
		return addressee{me.Team, me.User}, true
	}
	for _, a := range env.Authorizations {
		if a.TeamID == me.Team {
			return addressee{me.Team, me.User}, true
		}
	}
	return to, false
}

// message stores a customer's message, when it is one and meant for us: direct,
// with a mention, or in a thread that one began.
func (b *Bot) message(ctx context.Context, to addressee, ev event, mentioned bool) (string, error) {
	switch me := b.me.Load(); {
	case ev.User != "" && ev.User == to.bot, me != nil && ev.BotID != "" && ev.BotID == me.Bot:
		return wasOwn, nil
	case ev.BotID != "", ev.User == "USLACKBOT":
		return wasBot, nil
	case !validID(ev.User) || !validID(ev.Channel) || !validTS(ev.TS) || ev.ThreadTS != "" && !validTS(ev.ThreadTS):
		return wasIncomplete, nil
	}
	at := place{ev.Channel, ev.ThreadTS}
	if !direct(ev.Channel) {
		at.thread = or(ev.ThreadTS, ev.TS)
		if !mentioned && !mentions(ev.Text, to.bot) {
			known, err := b.follows(ctx, to, ev)
			if err != nil || !known {
				return wasNotAddressed, err
			}
		}
	}
	files, left := ev.files()
	text := plain(ev.Text, to.bot)
	in := conversation.Inbound{
		Channel: Channel, Account: to.team, Thread: at.key(), Sender: ev.User, ExternalID: ev.TS, Text: text, Attachments: files,
	}
	receipt, err := b.engine.Receive(ctx, in)
	if err == nil && receipt.Repeat && len(files) > 0 && len(receipt.Attachments) == 0 {
		// A mention comes as two events, of which the other had no files.
		in.ExternalID, in.Text = ev.TS+"/files", ""
		receipt, err = b.engine.Receive(ctx, in)
	}
	switch {
	case errors.Is(err, conversation.ErrEmpty), errors.Is(err, conversation.ErrTooLong):
		b.explain(at, ev, err)
		return wasUnreadable, nil
	case errors.Is(err, conversation.ErrConflict):
		// It was edited between the two events that a mention fires, or the edit
		// overtook it. What was stored first stands.
		return wasConflict, nil
	case err != nil:
		return "", fmt.Errorf("receive message %s: %w", ev.TS, err)
	case receipt.Repeat:
		return wasRepeat, nil
	}
	if left > 0 {
		b.explain(at, ev, nil)
	}
	if text == "" && len(files) > 0 {
		text = files[0].Name
	}
	b.follow(at, to, ev.User, text, receipt)
	return wasStored, nil
}

// follows reports whether a message in a channel continues a conversation.
func (b *Bot) follows(ctx context.Context, to addressee, ev event) (bool, error) {
	if ev.ThreadTS == "" {
		return false, nil
	}
	_, err := b.threads.Thread(ctx, Channel, to.team, place{ev.Channel, ev.ThreadTS}.key())
	if errors.Is(err, conversation.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// follow does what a stored message sets off besides its answer: the live view
// of that, and on the first one the customer's name and the thread's title.
func (b *Bot) follow(at place, to addressee, user, text string, r conversation.Receipt) {
	if !b.Enabled() {
		return
	}
	if r.Seq == 1 {
		b.tasks.start(func(ctx context.Context) { b.introduce(ctx, at, user, text, r.Conversation) })
	}
	if r.State.Owner == conversation.OwnerBot && r.DueIn >= 0 {
		b.watch(at, to, user, wordsFor(text).Status, r)
	}
}

// explain tells the writer kindly why a message, or the files that came with
// it, could not be taken. An event that Slack sends twice is explained once.
func (b *Bot) explain(at place, ev event, err error) {
	w := wordsFor(ev.Text)
	words := w.Hello
	switch {
	case errors.Is(err, conversation.ErrTooLong):
		words = fmt.Sprintf(w.TooLong, conversation.MaxTextRunes)
	case len(ev.Files) > 0:
		words = fmt.Sprintf(w.Files, conversation.MaxAttachments)
	}
	if !b.Enabled() || !b.seen.add("explained "+ev.Channel+" "+ev.TS) {
		return
	}
	b.tasks.start(func(ctx context.Context) {
		if err := b.say(ctx, at, words); err != nil {
			b.log.Warn("slack: a customer was not told why a message was not taken", "err", safe(err))
		}
	})
}
