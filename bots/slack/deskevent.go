package slack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"frontdesk/conversation"

	"github.com/slack-go/slack"
)

// What became of events of the staff channel, as counted.
const (
	wasStaff      = "staff"         // a person in a case's thread
	wasStaffClick = "staff_clicked" // a button of the desk
)

// noFilesYet is told to staff who send a file.
const noFilesYet = "Files are not sent to the customer from here."

// noThread is told to staff who write below something of ours that leads nowhere.
const noThread = "Nothing was sent: this thread is no longer that of a conversation. There is a newer one."

// errNotYet is returned for words below a brief that was posted a moment ago and whose
// thread is not stored yet, as when Slack's answer to the posting was lost: Slack
// sends them again.
var errNotYet = errors.New("slack: the thread is not known yet")

// fresh is how long after a message its change may be the first that is heard of it.
const fresh = time.Minute

// staffEvent deals with an event of the staff channel. A person's words in a case's
// thread go to the desk; all else there is nobody's business: talk beside the
// threads, what bots say, joins and topics.
func (b *Bot) staffEvent(ctx context.Context, to addressee, ev event) (string, error) {
	if ev.Type != "message" { // a mention comes as a message too
		return wasOtherKind, nil
	}
	switch ev.Subtype {
	case "", "file_share", "thread_broadcast", "me_message":
		return b.staffSaid(ctx, to, ev)
	case "message_changed":
		now, before := ev.Message, ev.PreviousMessage
		switch {
		case now != nil && now.Subtype == "tombstone":
			return b.staffDeleted(ctx, to, ev)
		case now == nil || before != nil && before.Text == now.Text:
			return wasOtherKind, nil // a thread grew, a link was unfolded
		}
		m := *now
		m.Channel = ev.Channel
		return b.staffVoice(ctx, to, m, ev.TS, b.cfg.Desk.Edited)
	case "message_deleted":
		return b.staffDeleted(ctx, to, ev)
	}
	return wasOtherKind, nil
}

func (b *Bot) staffDeleted(ctx context.Context, to addressee, ev event) (string, error) {
	if ev.PreviousMessage == nil {
		return wasOtherKind, nil
	}
	m := *ev.PreviousMessage
	m.Channel, m.TS = ev.Channel, or(ev.DeletedTS, m.TS)
	return b.staffVoice(ctx, to, m, ev.TS, b.cfg.Desk.Deleted)
}

func (b *Bot) staffSaid(ctx context.Context, to addressee, ev event) (string, error) {
	return b.staffVoice(ctx, to, ev, "", func(ctx context.Context, v conversation.DeskVoice) (conversation.DeskReply, error) {
		r, err := b.cfg.Desk.Said(ctx, v)
		switch {
		case err != nil:
		case r.Elsewhere && ev.ParentUser != "" && ev.ParentUser == to.bot:
			if began, ok := timeOf(ev.ThreadTS); ok && b.now().Sub(began) < fresh {
				return r, errNotYet
			}
			r = conversation.DeskReply{Words: noThread}
		case !r.Elsewhere && len(ev.Files) > 0:
			r.Words = noFilesYet + " " + r.Words
		}
		return r, err
	})
}

// staffVoice tells the desk of a message in a thread, of its change or its end at
// changed, and the writer what came of it.
func (b *Bot) staffVoice(ctx context.Context, to addressee, m event, changed string, do func(context.Context, conversation.DeskVoice) (conversation.DeskReply, error)) (string, error) {
	me := b.me.Load()
	switch {
	case m.User != "" && m.User == to.bot, me != nil && m.BotID != "" && m.BotID == me.Bot:
		return wasOwn, nil
	case m.BotID != "", m.User == "USLACKBOT":
		return wasBot, nil
	case !validID(m.User) || !validTS(m.TS) || m.ThreadTS != "" && !validTS(m.ThreadTS):
		return wasIncomplete, nil
	case m.ThreadTS == "" || m.ThreadTS == m.TS:
		return wasNotAddressed, nil
	}
	v := conversation.DeskVoice{
		Channel: Channel, DeskPlace: conversation.DeskPlace{Account: to.team, Chat: m.Channel},
		Thread: m.ThreadTS, Sender: m.User, ID: m.Channel + ":" + m.TS, Text: plain(m.Text, to.bot),
	}
	sentAt, ok := timeOf(m.TS)
	changedAt, ok2 := timeOf(changed)
	v.Fresh = ok && ok2 && changedAt.Sub(sentAt) < fresh
	r, err := do(ctx, v)
	switch {
	case err != nil:
		return "", fmt.Errorf("take what staff wrote, %s: %w", m.TS, err)
	case r.Elsewhere:
		return wasNotAddressed, nil
	}
	b.whisper(place{m.Channel, m.ThreadTS}, m.User, r, m.TS+" "+changed)
	return wasStaff, nil
}

// whisper shows words to one person in a thread, once for each event.
func (b *Bot) whisper(at place, user string, r conversation.DeskReply, event string) {
	if r.Words == "" || !b.Enabled() || !b.seen.add("whispered "+at.channel+" "+user+" "+event) {
		return
	}
	b.tasks.start(func(ctx context.Context) {
		opts := []slack.MsgOption{slack.MsgOptionText(escape(r.Words), false), slack.MsgOptionParse(false), slack.MsgOptionLinkNames(false)}
		if at.thread != "" {
			opts = append(opts, slack.MsgOptionTS(at.thread))
		}
		if r.Undo != "" {
			words := &slack.TextBlockObject{Type: slack.MarkdownType, Text: escape(r.Words), Verbatim: true}
			undo := slack.NewButtonBlockElement(actionUndo, r.Undo, slack.NewTextBlockObject(slack.PlainTextType, "Undo", false, false))
			opts = append(opts, slack.MsgOptionBlocks(slack.NewSectionBlock(words, nil, nil), slack.NewActionBlock("", undo)))
		}
		if _, err := b.api.PostEphemeralContext(ctx, at.channel, user, opts...); err != nil {
			b.log.Warn("slack: a member of staff was not told what came of their message", "err", safe(err))
		}
	})
}

// staffClick does what a button in the staff channel asks for, for whoever the
// verified payload says has pressed it and in the thread where it stands.
func (b *Bot) staffClick(ctx context.Context, in interaction) (string, error) {
	act := in.Actions[0]
	action, known := deskActions[act.ActionID]
	thread := or(in.Message.ThreadTS, or(in.Container.ThreadTS, in.Container.MessageTS))
	switch {
	case !known:
		return wasOtherKind, nil
	case !validID(in.User.ID) || !validTS(thread):
		return wasIncomplete, nil
	}
	team := in.Team.ID
	if me := b.me.Load(); me != nil && me.Team != "" {
		team = me.Team
	}
	key := ""
	if action == conversation.DeskUndo {
		key = act.Value
	}
	v := conversation.DeskVoice{
		Channel: Channel, DeskPlace: conversation.DeskPlace{Account: team, Chat: in.Container.ChannelID}, Thread: thread, Sender: in.User.ID,
	}
	words, err := b.cfg.Desk.Press(ctx, v, action, key)
	if err != nil {
		return "", fmt.Errorf("act on a click of staff: %w", err)
	}
	b.whisper(place{in.Container.ChannelID, thread}, in.User.ID, conversation.DeskReply{Words: words}, "click "+act.ActionTS)
	return wasStaffClick, nil
}
