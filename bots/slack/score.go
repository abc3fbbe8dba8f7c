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

// actionScore begins the ids of the buttons that rate what is over; the score follows.
// The value is the message's number, as of all our buttons.
const actionScore = "frontdesk_score_"

// rating is a button for each score, the worst first.
func (p post) rating() *slack.ActionBlock {
	buttons := make([]slack.BlockElement, conversation.MostScore)
	for i := range buttons {
		n := strconv.Itoa(i + 1)
		buttons[i] = slack.NewButtonBlockElement(actionScore+n, strconv.FormatInt(p.seq, 10),
			slack.NewTextBlockObject(slack.PlainTextType, n+" ★", false, false))
	}
	return slack.NewActionBlock("", buttons...)
}

// scoreOf reads which score an action id stands for.
func scoreOf(action string) (int, bool) {
	score, ok := strings.CutPrefix(action, actionScore)
	n, err := strconv.Atoi(score)
	return n, ok && err == nil && n >= 1 && n <= conversation.MostScore
}

// score stores what the customer thinks of what was closed and lets them see that it
// was heard. Whoever else presses is told that it is not theirs.
func (b *Bot) score(ctx context.Context, at place, team, id string, score int, in interaction) (string, error) {
	act := in.Actions[0]
	seq, err := strconv.ParseInt(act.Value, 10, 64)
	if err != nil || seq < 1 {
		return wasIncomplete, nil
	}
	err = b.engine.Score(ctx, conversation.Inbound{
		Conversation: id, Channel: Channel, Account: team, Thread: at.key(), Sender: in.User.ID,
	}, seq, score)
	w := wordsFor(in.Message.Text)
	switch {
	case errors.Is(err, conversation.ErrNotFound):
		return wasNotAddressed, nil
	case errors.Is(err, conversation.ErrNotYours):
		b.answerClick(at, in.User.ID, w.Others, act.ActionTS)
		return wasNotAddressed, nil
	case errors.Is(err, conversation.ErrNotCurrent):
		b.answerClick(at, in.User.ID, w.Late, act.ActionTS)
		return wasNotAddressed, nil
	case err != nil:
		return "", fmt.Errorf("rate conversation %s: %w", id, err)
	}
	b.answerClick(at, in.User.ID, strings.Repeat("★", score)+strings.Repeat("☆", conversation.MostScore-score)+" ✓", act.ActionTS)
	return wasClick, nil
}
