package slack

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"frontdesk/conversation"
)

// overtaken is how long after a message its edit may still be the first that is
// heard of it: as long as Slack goes on sending an event that was not taken.
const overtaken = 10 * time.Minute

// edited notes for staff that a customer's message says something else now. The
// bot has answered what it said before, or will: it does not answer again. An
// edit that came before its message is stored in its place.
func (b *Bot) edited(ctx context.Context, to addressee, ev event) (string, error) {
	now, before := ev.Message, ev.PreviousMessage
	if now != nil && now.Subtype == "tombstone" { // with answers below it, a message leaves a stone
		return b.deleted(ctx, to, ev)
	}
	if now == nil || now.BotID != "" || now.User == "" || now.User == to.bot {
		return wasOwn, nil
	}
	if before != nil && before.Text == now.Text {
		return wasOtherKind, nil // a link was unfolded, or a thread grew
	}
	at := threadOf(ev.Channel, now)
	sent, ok := timeOf(now.TS)
	changed, ok2 := timeOf(ev.TS)
	if ok && ok2 && changed.Sub(sent) < overtaken {
		m := *now
		m.Channel, m.ThreadTS = ev.Channel, at.thread
		if m.ThreadTS == m.TS {
			m.ThreadTS = ""
		}
		switch outcome, err := b.message(ctx, to, m, false); {
		case err != nil:
			return "", err
		case outcome != wasConflict && outcome != wasNotAddressed:
			return outcome, nil
		}
	}
	text := plain(now.Text, to.bot)
	return wasEdit, b.note(ctx, to, at, "The customer changed an earlier message on Slack. It now reads:\n"+text)
}

// deleted notes for staff that a customer took a message back. What it said
// stays in the log, where it was answered.
func (b *Bot) deleted(ctx context.Context, to addressee, ev event) (string, error) {
	gone := ev.PreviousMessage
	if gone == nil || gone.BotID != "" || gone.User == "" || gone.User == to.bot {
		return wasOwn, nil
	}
	words := "The customer deleted a message on Slack"
	if sent, ok := timeOf(or(ev.DeletedTS, gone.TS)); ok {
		words += " that they sent on " + sent.UTC().Format("2 January 2006, 15:04 UTC")
	}
	return wasDeletion, b.note(ctx, to, threadOf(ev.Channel, gone), words+".")
}

// threadOf is where a message that is known from its edit belongs.
func threadOf(channel string, m *event) place {
	switch {
	case !direct(channel):
		return place{channel, or(m.ThreadTS, m.TS)}
	case m.ThreadTS == m.TS:
		return place{channel: channel} // somebody began a thread below it, where it is not itself
	}
	return place{channel, m.ThreadTS}
}

// note adds a private note to the conversation that takes place somewhere, if any.
func (b *Bot) note(ctx context.Context, to addressee, at place, words string) error {
	id, err := b.threads.Thread(ctx, Channel, to.team, at.key())
	if errors.Is(err, conversation.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if utf8.RuneCountInString(words) > conversation.MaxTextRunes {
		words = strings.TrimSpace(string([]rune(words)[:conversation.MaxTextRunes-1])) + "…"
	}
	_, err = b.engine.Note(ctx, id, conversation.Actor{Name: "Slack"}, words)
	return err
}
