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

// maxDeskPosts is how many of the desk's posts are remembered with their thread. Only
// groups without topics need it, for replies to something else than the brief.
const maxDeskPosts = 4096

// errNoID is returned for a brief that was taken without its number being told in a
// way that is understood here: nobody could reply to it.
var errNoID = errors.New("the brief's number is not known")

// staffDesk is what the bot knows of the chat where staff answer.
type staffDesk struct {
	posts  *recent[int, string]      // thread by message, in groups without topics
	opened *recent[string, int]      // topic by conversation, made and without its brief yet
	done   *recent[string, progress] // how far a message in several parts has come
}

func newStaffDesk() staffDesk {
	return staffDesk{newRecent[int, string](maxDeskPosts), newRecent[string, int](maxDeskPosts), newRecent[string, progress](maxProgress)}
}

// spot is a thread of the staff chat: a topic, or the replies to a brief.
type spot struct {
	chat    int64
	topic   int
	replyTo int
}

// spotOf reads a thread. In a topic the brief is a message inside it; else the brief
// itself is the thread.
func spotOf(t conversation.DeskThread) (spot, error) {
	chat, err := strconv.ParseInt(t.Chat, 10, 64)
	thread, err2 := strconv.Atoi(t.Thread)
	if err != nil || err2 != nil {
		return spot{}, &conversation.SendError{Permanent: true, Err: errAddress}
	}
	if t.Thread == t.Root {
		return spot{chat: chat, replyTo: thread}, nil
	}
	return spot{chat: chat, topic: thread}, nil
}

// Place implements conversation.DeskPoster.
func (b *Bot) Place() (conversation.DeskPlace, bool) {
	return conversation.DeskPlace{Account: b.account, Chat: strconv.FormatInt(b.staffChat.Load(), 10)}, b.me.Load() != nil
}

// Open implements conversation.DeskPoster: a topic where the group has topics, else a
// message to reply to.
func (b *Bot) Open(ctx context.Context, c conversation.DeskCase) (thread, root string, err error) {
	chat, id := b.staffChat.Load(), c.State.Conversation
	about, err := b.api.GetChat(ctx, &bot.GetChatParams{ChatID: chat})
	if err != nil {
		return "", "", b.deskError(chat, err)
	}
	at := spot{chat: chat}
	if about.IsForum {
		topic, known := b.desk.opened.get(id)
		if !known {
			if err := b.limits.wait(ctx, chat); err != nil {
				return "", "", b.deskError(chat, err)
			}
			made, err := b.api.CreateForumTopic(ctx, &bot.CreateForumTopicParams{ChatID: chat, Name: topicName(c)})
			if err != nil {
				return "", "", b.deskError(chat, err)
			}
			topic = made.MessageThreadID
			b.desk.opened.put(id, topic)
		}
		at.topic = topic
	}
	message, err := b.deskSend(ctx, at, brief(c))
	if err != nil {
		if err = b.deskError(chat, err); errors.Is(err, conversation.ErrDeskGone) {
			b.desk.opened.drop(id)
			err = &conversation.SendError{Err: err}
		}
		return "", "", err
	}
	if message == 0 && at.topic == 0 {
		return "", "", &conversation.SendError{Permanent: true, Err: errNoID}
	}
	b.desk.opened.drop(id)
	root = strconv.Itoa(message)
	if at.topic != 0 {
		return strconv.Itoa(at.topic), root, nil
	}
	return root, root, nil
}

// Show implements conversation.DeskPoster.
func (b *Bot) Show(ctx context.Context, t conversation.DeskThread, c conversation.DeskCase) error {
	at, err := spotOf(t)
	root, err2 := strconv.Atoi(t.Root)
	if err != nil || err2 != nil {
		return &conversation.SendError{Permanent: true, Err: errAddress}
	}
	if root == 0 {
		return nil // it was taken, and nothing told its number
	}
	if err := b.limits.wait(ctx, at.chat); err != nil {
		return b.deskError(at.chat, err)
	}
	p := brief(c)
	_, err = b.api.EditMessageText(ctx, &bot.EditMessageTextParams{
		ChatID: at.chat, MessageID: root, Text: p.rich, ParseMode: models.ParseModeHTML, LinkPreviewOptions: noPreview, ReplyMarkup: p.buttons,
	})
	switch {
	case err == nil, taken(err), says(err, "message is not modified"):
		return nil
	case says(err, "can't be edited"):
		b.log.Warn("telegram brief cannot be changed any more", "conversation", t.Conversation)
		return nil
	}
	return b.deskError(at.chat, err)
}

// Post implements conversation.DeskPoster.
func (b *Bot) Post(ctx context.Context, t conversation.DeskThread, m conversation.Message) error {
	name, parts := fmt.Sprint(m.Conversation, "/", m.Seq), deskPieces(m, t.Link)
	if err := b.deskPost(ctx, t, name, parts); err != nil {
		return err
	}
	return b.deskFiles(ctx, t, name, len(parts), m)
}

// Tell implements conversation.DeskPoster.
func (b *Bot) Tell(ctx context.Context, t conversation.DeskThread, words string) error {
	words = "⚠️ " + words
	return b.deskPost(ctx, t, "", []piece{{rich: escape(words), plain: words}})
}

// deskPost sends the pieces that have not been sent yet, as far as this process knows.
func (b *Bot) deskPost(ctx context.Context, t conversation.DeskThread, name string, parts []piece) error {
	at, err := spotOf(t)
	if err != nil {
		return err
	}
	key := t.Thread + " " + name
	var done progress
	if name != "" {
		done, _ = b.desk.done.get(key)
	}
	for _, p := range parts[min(done.parts, len(parts)):] {
		id, err := b.deskSend(ctx, at, p)
		if err != nil {
			return b.deskError(at.chat, err)
		}
		if at.topic == 0 {
			b.desk.posts.put(id, t.Thread)
		}
		if done.parts++; name != "" {
			b.desk.done.put(key, done)
		}
	}
	return nil
}

// deskSend sends one message to a thread, as plain text where Telegram cannot read
// the formatting.
func (b *Bot) deskSend(ctx context.Context, at spot, p piece) (id int, err error) {
	for _, plain := range []bool{false, true} {
		if err := b.limits.wait(ctx, at.chat); err != nil {
			return 0, err
		}
		params := &bot.SendMessageParams{ChatID: at.chat, MessageThreadID: at.topic, Text: p.rich, ParseMode: models.ParseModeHTML, LinkPreviewOptions: noPreview}
		if plain {
			params.Text, params.ParseMode = p.plain, ""
		}
		if at.replyTo != 0 {
			params.ReplyParameters = &models.ReplyParameters{MessageID: at.replyTo}
		}
		if p.buttons != nil {
			params.ReplyMarkup = p.buttons
		}
		var sent *models.Message
		if sent, err = b.api.SendMessage(ctx, params); err == nil || taken(err) {
			if sent == nil {
				return 0, nil
			}
			return sent.ID, nil
		}
		if !says(err, "can't parse entities") {
			return 0, err
		}
	}
	return 0, err
}

// says reports whether Telegram's description of a bad request has some words, which
// is all that tells bad requests apart.
func says(err error, words string) bool {
	return errors.Is(err, bot.ErrorBadRequest) && strings.Contains(strings.ToLower(err.Error()), words)
}

// goneWords are of bad requests about a thread, or a message, that was deleted.
var goneWords = []string{"thread not found", "topic_deleted", "topic_id_invalid", "topic_closed", "message to be replied not found", "replied message not found", "message to edit not found", "message_id_invalid"}

// deskError says what to do about a failure in the staff chat. A chat that moved is
// followed at once; one that the bot was put out of is tried again now and then.
func (b *Bot) deskError(chat int64, err error) error {
	var (
		soon     *tooSoon
		busy     *bot.TooManyRequestsError
		migrated *bot.MigrateError
	)
	scrubbed := b.api.fail("write to the staff chat", err)
	for _, words := range goneWords {
		if says(err, words) {
			return fmt.Errorf("%w: %w", conversation.ErrDeskGone, scrubbed)
		}
	}
	switch {
	case errors.As(err, &soon):
		return &conversation.SendError{RetryAfter: soon.wait, Err: soon}
	case errors.As(err, &busy):
		wait := time.Duration(busy.RetryAfter) * time.Second
		b.limits.hush(chat, wait)
		b.cfg.Observe("rate_limited")
		return &conversation.SendError{RetryAfter: wait, Err: scrubbed}
	case errors.As(err, &migrated):
		b.staffMoved(chat, int64(migrated.MigrateToChatID))
	case errors.Is(err, bot.ErrorForbidden):
		return &conversation.SendError{RetryAfter: b.timing.slow, Err: fmt.Errorf("the bot was removed from the staff chat: %w", scrubbed)}
	case errors.Is(err, bot.ErrorBadRequest), errors.Is(err, bot.ErrorUnauthorized), errors.Is(err, bot.ErrorNotFound):
		return &conversation.SendError{RetryAfter: b.timing.slow, Err: scrubbed}
	}
	return &conversation.SendError{Err: scrubbed}
}

// staffMoved follows the staff chat, which became a supergroup with another number.
// Its threads are opened anew there: numbers of messages start again.
func (b *Bot) staffMoved(from, to int64) {
	if to != 0 && b.staffChat.CompareAndSwap(from, to) {
		b.log.Warn("the staff chat has another number now; change TELEGRAM_STAFF_CHAT", "from", from, "to", to)
	}
}

// Settle implements conversation.DeskSettler: once something is sent, the message with
// its button goes.
func (b *Bot) Settle(_ context.Context, s conversation.DeskSend, sent bool) {
	chat, err := strconv.ParseInt(s.Chat, 10, 64)
	message, err2 := strconv.Atoi(s.Notice)
	if err != nil || err2 != nil {
		return
	}
	b.later(func(ctx context.Context) {
		if sent {
			_, err = b.api.DeleteMessage(ctx, &bot.DeleteMessageParams{ChatID: chat, MessageID: message})
		} else {
			_, err = b.api.EditMessageText(ctx, &bot.EditMessageTextParams{ChatID: chat, MessageID: message, Text: notSent})
		}
		if err != nil && !taken(err) {
			b.log.Debug("telegram undo button not taken away", "err", b.api.scrub(err))
		}
	})
}
