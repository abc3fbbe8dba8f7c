package telegram

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"frontdesk/conversation"
)

// maxProgress is how many deliveries are remembered with how far they came.
const maxProgress = 4096

// progress is how much of a delivery Telegram has taken, so that one that failed
// half-way, or was sent but not noted, does not send the same twice.
type progress struct {
	parts int
	last  string // id of the last message
}

// attempts bounds how often one message is tried in other forms: as plain text,
// without its topic, in the chat it moved to.
const attempts = 4

// errOtherBot is returned for what is to leave through another bot than this one,
// as after its token was replaced by that of another.
var errOtherBot = errors.New("the conversation is with another Telegram bot")

// Send delivers d as one or more messages and returns the last one's id. It
// returns *conversation.SendError where Telegram says how long to wait, or that
// there is no use in trying again.
func (b *Bot) Send(ctx context.Context, d conversation.Delivery) (string, error) {
	if d.Account != b.account {
		return "", &conversation.SendError{Permanent: true, Err: errOtherBot}
	}
	at, err := parseThread(d.Thread)
	if err != nil {
		return "", &conversation.SendError{Permanent: true, Err: err}
	}
	m := d.Message
	b.stream.end(m.Conversation, m.Turn)
	name := m.Conversation + "/" + strconv.FormatInt(m.Seq, 10)
	done, _ := b.sent.get(name)
	var parts []piece
	if m.Text != "" || len(m.Attachments) == 0 {
		parts = compose(m, b.locale(ctx, m))
	}
	for _, p := range parts[min(done.parts, len(parts)):] {
		id, err := b.sendPart(ctx, &at, p)
		if err != nil {
			return "", b.sendError(at, err)
		}
		done = progress{done.parts + 1, strconv.FormatInt(at.chat, 10) + ":" + strconv.Itoa(id)}
		b.sent.put(name, done)
	}
	for i, a := range m.Attachments {
		if done.parts > len(parts)+i {
			continue
		}
		id, err := b.sendFile(ctx, &at, m.Conversation, a)
		if err != nil {
			return "", b.fileError(at, a, err)
		}
		done = progress{done.parts + 1, strconv.FormatInt(at.chat, 10) + ":" + strconv.Itoa(id)}
		b.sent.put(name, done)
	}
	return done.last, nil
}

// locale is the language for what stands around a message. Without it the answer
// still goes out.
func (b *Bot) locale(ctx context.Context, m conversation.Message) string {
	if m.Author != conversation.AuthorBot {
		return ""
	}
	st, err := b.cfg.Engine.State(ctx, m.Conversation)
	if err != nil {
		return language(m.Text, "")
	}
	return language(m.Text, st.Locale)
}

// sendPart sends one message, in another form where Telegram refuses the first.
func (b *Bot) sendPart(ctx context.Context, at *address, p piece) (id int, err error) {
	plain := false
	for range attempts {
		if err := b.limits.wait(ctx, at.chat); err != nil {
			return 0, err
		}
		params := &bot.SendMessageParams{
			ChatID: at.chat, MessageThreadID: at.topic, BusinessConnectionID: at.business,
			Text: p.rich, ParseMode: models.ParseModeHTML, LinkPreviewOptions: noPreview,
		}
		if plain {
			params.Text, params.ParseMode = p.plain, ""
		}
		if p.buttons != nil {
			params.ReplyMarkup = p.buttons
		}
		var sent *models.Message
		if sent, err = b.api.SendMessage(ctx, params); err == nil || taken(err) {
			return sent.ID, nil
		}
		var migrated *bot.MigrateError
		switch {
		case errors.As(err, &migrated):
			to := int64(migrated.MigrateToChatID)
			if err := b.moved(ctx, at.chat, to); err != nil {
				return 0, err
			}
			at.chat = to
		case errors.Is(err, bot.ErrorBadRequest) && at.topic != 0 && topicGone(err):
			at.topic = 0
		case errors.Is(err, bot.ErrorBadRequest) && !plain && !chatGone(err):
			plain = true
			b.cfg.Observe("sent_as_plain_text")
		default:
			return 0, err
		}
	}
	return 0, err
}

// taken tells the library's error for a message that Telegram did take, and
// described in words newer than the library: sending it again would double it.
func taken(err error) bool { return strings.Contains(err.Error(), "decode response result") }

// topicGone and chatGone tell bad requests apart by their description, which is
// all that Telegram gives.
func topicGone(err error) bool {
	s := strings.ToLower(err.Error())
	return strings.Contains(s, "thread not found") || strings.Contains(s, "topic_deleted") || strings.Contains(s, "topic_closed")
}

func chatGone(err error) bool {
	s := strings.ToLower(err.Error())
	return strings.Contains(s, "chat not found") || strings.Contains(s, "peer_id_invalid") || strings.Contains(s, "business connection")
}

// sendError says what to do about a failure.
func (b *Bot) sendError(at address, err error) error {
	var (
		soon *tooSoon
		busy *bot.TooManyRequestsError
	)
	scrubbed := b.api.fail("send to "+at.thread(), err)
	switch {
	case errors.As(err, &soon):
		return &conversation.SendError{RetryAfter: soon.wait, Err: soon}
	case errors.As(err, &busy):
		wait := time.Duration(busy.RetryAfter) * time.Second
		b.limits.hush(at.chat, wait)
		b.cfg.Observe("rate_limited")
		return &conversation.SendError{RetryAfter: wait, Err: scrubbed}
	case errors.Is(err, bot.ErrorForbidden):
		b.cfg.Observe("send_blocked")
		return &conversation.SendError{Permanent: true, Err: fmt.Errorf("the customer blocked the bot, or it was removed from the chat: %w", scrubbed)}
	case errors.Is(err, bot.ErrorBadRequest):
		return &conversation.SendError{Permanent: true, Err: scrubbed}
	case errors.Is(err, bot.ErrorUnauthorized), errors.Is(err, bot.ErrorNotFound):
		b.set(false, explain(err))
		return &conversation.SendError{RetryAfter: b.timing.slow, Err: scrubbed}
	}
	return &conversation.SendError{Err: scrubbed}
}
