package telegram

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"frontdesk/conversation"
)

// edited notes for staff that a customer's message says something else now. The bot
// has answered what it said before, or will: it does not answer again.
func (b *Bot) edited(ctx context.Context, m *message) error {
	in, from := b.inbound(m)
	text := strings.TrimSpace(withoutMention(m, b.me.Load()))
	if from == nil || m.Chat.ID == 0 || text == "" && len(m.files()) == 0 {
		b.cfg.Observe("edit_ignored") // where somebody is, say, which changes all the time
		return nil
	}
	if m.Chat.Type != chatPrivate { // most of what changes in a group was never for the bot
		me := b.me.Load()
		if me == nil {
			return errUnknownSelf
		}
		if !addressed(m, me) {
			b.cfg.Observe("edit_ignored")
			return nil
		}
	}
	words := "The customer changed an earlier message on Telegram."
	if text != "" {
		words += " It now reads:\n" + text
	}
	if len(m.files()) > 0 {
		words += "\n(Its file may be another one now. The one here is the first.)"
	}
	id, err := b.tellHere(ctx, in, "edit:"+in.ExternalID+":"+strconv.FormatInt(m.EditDate, 10), words)
	switch {
	case err != nil:
		return fmt.Errorf("note an edit of message %s: %w", in.ExternalID, err)
	case id == "":
		b.cfg.Observe("edit_ignored")
	default:
		b.cfg.Observe("edited")
	}
	return nil
}

// tellHere leaves a note for staff in the conversation that in belongs to, once per
// key, and returns its id; empty where there is none.
func (b *Bot) tellHere(ctx context.Context, in conversation.Inbound, key, words string) (string, error) {
	id, err := b.cfg.Threads.Thread(ctx, in.Channel, in.Account, in.Thread)
	if errors.Is(err, conversation.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return id, b.cfg.Engine.Remark(ctx, id, key, words)
}
