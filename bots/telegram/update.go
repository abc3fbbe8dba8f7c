package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"frontdesk/conversation"
)

// errUnknownSelf is returned for a message that may or may not be for the bot
// while Telegram has not said yet who the bot is.
var errUnknownSelf = errors.New("the bot's name is not known yet")

// update does what one update asks for and returns once that is stored. An error
// means: try again.
func (b *Bot) update(ctx context.Context, raw []byte) error {
	var u update
	if err := json.Unmarshal(raw, &u); err != nil {
		b.cfg.Observe("unreadable")
		b.log.Warn("telegram update left out: it cannot be read", "bytes", len(raw))
		return nil
	}
	if staff, err := b.staffUpdate(ctx, &u); staff {
		return err
	}
	switch {
	case u.Message != nil:
		return b.message(ctx, u.Message)
	case u.Business != nil:
		return b.message(ctx, u.Business)
	case u.Callback != nil:
		return b.callback(ctx, u.Callback)
	case u.Edited != nil:
		return b.edited(ctx, u.Edited)
	case u.EditedBusiness != nil:
		return b.edited(ctx, u.EditedBusiness)
	case u.Membership != nil:
		if u.Membership.Chat.Type == chatPrivate && u.Membership.New.Status == "kicked" {
			b.cfg.Observe("blocked_by_customer")
		} else {
			b.cfg.Observe("membership_ignored")
		}
	default:
		b.cfg.Observe("other_ignored")
	}
	return nil
}

// message takes a message in a chat the bot is in.
func (b *Bot) message(ctx context.Context, m *message) error {
	switch {
	case m.Chat.ID == 0:
		b.cfg.Observe("unreadable")
		return nil
	case m.MigrateTo != 0:
		return b.moved(ctx, m.Chat.ID, m.MigrateTo)
	case m.MigrateFrom != 0:
		return b.moved(ctx, m.MigrateFrom, m.Chat.ID)
	}
	in, from := b.inbound(m)
	if from == nil {
		b.cfg.Observe("own_ignored")
		return nil
	}
	me := b.me.Load()
	if me == nil && m.Chat.Type != chatPrivate {
		return errUnknownSelf
	}
	if m.Chat.Type != chatPrivate {
		return b.groupMessage(ctx, m, in, me)
	}
	return b.customer(ctx, m, in, me)
}

// groupMessage takes a message in a group where it is meant for the bot, or belongs
// to an album of which one is.
func (b *Bot) groupMessage(ctx context.Context, m *message, in conversation.Inbound, me *user) error {
	album := b.albumOf(m)
	if !addressed(m, me) {
		if album.waits(m) {
			b.cfg.Observe("not_addressed")
			return nil
		}
		return b.customer(ctx, m, in, me)
	}
	for _, earlier := range album.call() {
		if in, from := b.inbound(earlier); from != nil {
			if err := b.customer(ctx, earlier, in, me); err != nil {
				return err
			}
		}
	}
	return b.customer(ctx, m, in, me)
}

// customer takes a customer's message that is meant for the bot.
func (b *Bot) customer(ctx context.Context, m *message, in conversation.Inbound, me *user) error {
	in.Attachments = m.files()
	name, rest, toOther := command(m, me)
	switch {
	case toOther:
		b.cfg.Observe("not_addressed")
		return nil
	case commands[name] && (len(in.Attachments) == 0 || name == "human" || name == "bot"):
		b.cfg.Observe("command")
		return b.command(ctx, in, name, rest)
	}
	if in.Text = withoutMention(m, me); strings.TrimSpace(in.Text) == "" && len(in.Attachments) == 0 {
		return b.wordless(ctx, in, m)
	}
	return b.receive(ctx, in)
}

// receive stores a customer's message.
func (b *Bot) receive(ctx context.Context, in conversation.Inbound) error {
	r, err := b.cfg.Engine.Receive(ctx, in)
	switch {
	case errors.Is(err, conversation.ErrEmpty):
		b.cfg.Observe("empty_ignored")
		return nil
	case errors.Is(err, conversation.ErrTooLong):
		b.cfg.Observe("too_long")
		b.say(in, textsFor(in.Locale).TooLong)
		return nil
	case errors.Is(err, conversation.ErrConflict):
		// The first text stands; the answer to it has gone out.
		b.cfg.Observe("conflict_ignored")
		b.log.Warn("telegram message left out: its id was used for another text", "thread", in.Thread)
		return nil
	case err != nil:
		return fmt.Errorf("receive message %s: %w", in.ExternalID, err)
	case r.Repeat:
		b.cfg.Observe("repeat")
		return nil
	}
	b.cfg.Observe("received")
	b.stream.expect(r, in.Thread)
	return nil
}

// moved follows a group that became a supergroup, which has another number.
func (b *Bot) moved(ctx context.Context, from, to int64) error {
	err := b.cfg.Threads.MoveThread(ctx, Channel, b.account, address{chat: from}.thread(), address{chat: to}.thread())
	if err != nil {
		return fmt.Errorf("follow a group: %w", err)
	}
	b.cfg.Observe("group_moved")
	return nil
}

// wordless answers a message with nothing to read that is meant for the bot, such as
// a sticker or its name alone. What the platform writes itself gets no answer.
func (b *Bot) wordless(ctx context.Context, in conversation.Inbound, m *message) error {
	t := textsFor(in.Locale)
	switch {
	case m.Text != "" || m.Caption != "":
		b.say(in, t.Help)
		return nil
	case !m.media():
		b.cfg.Observe("service_ignored")
		return nil
	}
	b.cfg.Observe("wordless")
	id, err := b.tellHere(ctx, in, "wordless:"+in.ExternalID, "The customer sent "+m.kind()+" on Telegram, which is not kept here.")
	if err != nil {
		return fmt.Errorf("note message %s: %w", in.ExternalID, err)
	}
	if id != "" {
		st, err := b.cfg.Engine.State(ctx, id)
		if err != nil {
			return err
		}
		if st.Owner == conversation.OwnerStaff {
			return nil // who answers there knows now
		}
	}
	b.say(in, t.TextOnly)
	return nil
}

// inbound is m as the engine takes it, except for its text. from is nil where no
// customer wrote it: other bots, channels, and in a business chat its owner.
func (b *Bot) inbound(m *message) (in conversation.Inbound, from *user) {
	at := addressOf(m)
	in = conversation.Inbound{
		Channel: Channel, Account: b.account, Thread: at.thread(),
		// Numbers of messages start anew when a group moves, hence the chat's beside it.
		ExternalID: strconv.FormatInt(m.Chat.ID, 10) + ":" + strconv.Itoa(m.ID),
	}
	switch from = m.From; {
	case from == nil, m.AutomaticForward, m.Chat.Type == chatChannel, m.BusinessBot != nil:
		return in, nil
	case m.SenderChat != nil:
		// An anonymous admin, or somebody in the name of a channel.
		in.Sender, in.SenderName = strconv.FormatInt(m.SenderChat.ID, 10), m.SenderChat.Title
		return in, from
	case from.IsBot, at.business != "" && from.ID != m.Chat.ID:
		return in, nil
	}
	in.Sender = strconv.FormatInt(from.ID, 10)
	in.SenderName = strings.TrimSpace(from.FirstName + " " + from.LastName)
	in.Locale = from.Language
	return in, from
}
