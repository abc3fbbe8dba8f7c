package slack

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"frontdesk/conversation"

	"github.com/slack-go/slack"
)

// actionOption begins the ids of the buttons that stand for a message's options; its
// index follows. The value is the message's number, as of all our buttons.
const actionOption = "frontdesk_option_"

// maxButton is how long a button's text may be, in units
// (docs.slack.dev/reference/block-kit/block-elements/button-element).
const maxButton = 75

// choices is a button for each option. Their texts are shown as they are: a colon in
// them makes no emoji.
func (p post) choices() *slack.ActionBlock {
	buttons := make([]slack.BlockElement, len(p.offers))
	for i, o := range p.offers {
		label := []rune(o.Text)
		for units(string(label)) > maxButton {
			label = append(label[:len(label)-2], '…')
		}
		buttons[i] = slack.NewButtonBlockElement(actionOption+strconv.Itoa(i), strconv.FormatInt(p.seq, 10),
			slack.NewTextBlockObject(slack.PlainTextType, string(label), false, false))
	}
	return slack.NewActionBlock("", buttons...)
}

// optionOf reads which option an action id stands for.
func optionOf(action string) (int, bool) {
	index, ok := strings.CutPrefix(action, actionOption)
	n, err := strconv.Atoi(index)
	return n, ok && err == nil && n >= 0 && n < conversation.MaxOptions
}

// choose makes the pressed option the clicker's message. What it says is read from
// the log, not from the payload.
func (b *Bot) choose(ctx context.Context, at place, team, user, id string, option int, value, label string) (string, error) {
	seq, err := strconv.ParseInt(value, 10, 64)
	if err != nil || seq < 1 {
		return wasIncomplete, nil
	}
	r, err := b.engine.Choose(ctx, conversation.Inbound{
		Conversation: id, Channel: Channel, Account: team, Thread: at.key(), Sender: user,
	}, seq, option)
	switch {
	case errors.Is(err, conversation.ErrNotFound):
		return wasNotAddressed, nil
	case errors.Is(err, conversation.ErrConflict):
		return wasConflict, nil
	case err != nil:
		return "", fmt.Errorf("choose an option in conversation %s: %w", id, err)
	case r.Repeat:
		return wasRepeat, nil
	}
	to := addressee{team: team}
	if me := b.me.Load(); me != nil {
		to.bot = me.User
	}
	b.follow(at, to, user, label, r)
	return wasClick, nil
}
