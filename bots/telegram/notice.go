package telegram

import (
	"context"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"frontdesk/conversation"
)

// Notices are courtesies that no log keeps: the reply to /help, a button's echo,
// "typing". They wait in a queue of this length, and past it are dropped rather
// than keep a customer's message from being stored.
const (
	maxNotices    = 256
	noticeWorkers = 4
	noticeTimeout = 15 * time.Second
)

// later has do called soon, not in the caller's time.
func (b *Bot) later(do func(context.Context)) {
	select {
	case b.notices <- do:
	default:
		b.cfg.Observe("notice_dropped")
	}
}

func (b *Bot) runNotices(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case do := <-b.notices:
			limited, cancel := context.WithTimeout(ctx, noticeTimeout)
			do(limited)
			cancel()
		}
	}
}

// say sends a few words where in came from.
func (b *Bot) say(in conversation.Inbound, words string) {
	at, err := parseThread(in.Thread)
	if err != nil {
		return
	}
	b.later(func(ctx context.Context) {
		if err := b.limits.wait(ctx, at.chat); err != nil {
			b.cfg.Observe("notice_dropped")
			return
		}
		_, err := b.api.SendMessage(ctx, &bot.SendMessageParams{
			ChatID: at.chat, MessageThreadID: at.topic, BusinessConnectionID: at.business, Text: words, LinkPreviewOptions: noPreview,
		})
		if err != nil {
			b.log.Info("telegram notice not sent", "thread", in.Thread, "err", b.api.scrub(err))
		}
	})
}

// typing shows for some seconds that an answer is being worked on.
func (b *Bot) typing(at address) {
	b.later(func(ctx context.Context) {
		if !b.limits.all.Allow() {
			return
		}
		_, err := b.api.SendChatAction(ctx, &bot.SendChatActionParams{
			ChatID: at.chat, MessageThreadID: at.topic, BusinessConnectionID: at.business, Action: models.ChatActionTyping,
		})
		if err != nil {
			b.log.Debug("telegram typing not shown", "err", b.api.scrub(err))
		}
	})
}

var noPreview = &models.LinkPreviewOptions{IsDisabled: bot.True()}
