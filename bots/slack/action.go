package slack

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"frontdesk/conversation"

	"github.com/slack-go/slack"
)

// Our buttons. Each carries the sequence number of the message it stands under.
const (
	actionHelpful   = "frontdesk_helpful"
	actionUnhelpful = "frontdesk_unhelpful"
	actionPerson    = "frontdesk_person"
)

// interact does what a click asks for. The payload, though verified, is only
// believed for where it happened: the conversation is the one of that thread,
// and a message must be the bot's own in it to be judged. All of it may be
// repeated.
func (b *Bot) interact(ctx context.Context, in interaction) error {
	outcome, err := b.click(ctx, in)
	if err != nil {
		outcome = wasFailed
	}
	b.cfg.Count(outcome)
	return err
}

func (b *Bot) click(ctx context.Context, in interaction) (string, error) {
	if in.Type != "block_actions" || len(in.Actions) == 0 {
		return wasOtherKind, nil
	}
	if b.staffed(in.Container.ChannelID) {
		return b.staffClick(ctx, in)
	}
	act := in.Actions[0]
	at := place{in.Container.ChannelID, or(in.Message.ThreadTS, in.Container.ThreadTS)}
	if direct(at.channel) && at.thread == in.Container.MessageTS {
		at.thread = "" // it is the answer that somebody began a thread below
	}
	if !validID(at.channel) || !validID(in.User.ID) || at.thread != "" && !validTS(at.thread) {
		return wasIncomplete, nil
	}
	// In a channel shared between companies the payload names the clicker's
	// workspace; our conversations are filed under the bot's own.
	team := in.Team.ID
	if me := b.me.Load(); me != nil && me.Team != "" {
		team = me.Team
	}
	id, err := b.threads.Thread(ctx, Channel, team, at.key())
	if errors.Is(err, conversation.ErrNotFound) {
		return wasNotAddressed, nil
	}
	if err != nil {
		return "", fmt.Errorf("find the conversation of a click: %w", err)
	}
	if option, ok := optionOf(act.ActionID); ok {
		return b.choose(ctx, at, team, in.User.ID, id, option, act.Value, act.Text.Text)
	}
	if score, ok := scoreOf(act.ActionID); ok {
		return b.score(ctx, at, team, id, score, in)
	}
	switch act.ActionID {
	case actionPerson:
		_, err = b.engine.Handoff(ctx, id, conversation.Actor{}, conversation.ReasonAsked)
	case actionHelpful, actionUnhelpful:
		seq, bad := strconv.ParseInt(act.Value, 10, 64)
		if bad != nil || seq < 1 {
			return wasIncomplete, nil
		}
		err = b.engine.Feedback(ctx, id, seq, act.ActionID == actionHelpful)
		if err == nil {
			b.thank(at, in.User.ID, act.ActionID == actionHelpful, act.ActionTS)
		}
	default:
		return wasOtherKind, nil
	}
	var taken *conversation.TakenError
	if errors.Is(err, conversation.ErrNotFound) || errors.Is(err, conversation.ErrNotCurrent) || errors.As(err, &taken) {
		return wasNotAddressed, nil
	}
	if err != nil {
		return "", fmt.Errorf("act on a click in conversation %s: %w", id, err)
	}
	return wasClick, nil
}

// thank lets the one who judged an answer see that it was heard. What follows a
// thumb down the engine says itself.
func (b *Bot) thank(at place, user string, helpful bool, click string) {
	if helpful {
		b.answerClick(at, user, thumbsUp, click)
	}
}

// answerClick answers a click with words that only whoever clicked sees, once.
func (b *Bot) answerClick(at place, user, text, click string) {
	if !b.Enabled() || click != "" && !b.seen.add("thanked "+at.channel+" "+click) {
		return
	}
	b.tasks.start(func(ctx context.Context) {
		opts := []slack.MsgOption{slack.MsgOptionText(text, false)}
		if at.thread != "" {
			opts = append(opts, slack.MsgOptionTS(at.thread))
		}
		if _, err := b.api.PostEphemeralContext(ctx, at.channel, user, opts...); err != nil {
			b.log.Debug("slack: answer to a click not shown", "err", safe(err))
		}
	})
}
