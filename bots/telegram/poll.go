package telegram

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/go-telegram/bot"
)

// allowedUpdates are the kinds of updates asked for.
var allowedUpdates = []string{
	"message", "edited_message", "business_message", "edited_business_message", "callback_query", "my_chat_member",
}

// poll fetches updates and takes them one after the other until ctx ends or
// fetching fails. Telegram forgets an update when a later one is asked for, so
// the offset never goes past what is stored; after a crash what came last comes
// again, and is known by its id.
func (b *Bot) poll(ctx context.Context) error {
	wait := time.Duration(0) // the first request shows at once whether fetching works
	for offset := int64(0); ; wait = b.timing.poll {
		updates, err := b.api.updates(ctx, offset, wait)
		if err != nil {
			return err
		}
		b.set(true, "fetching updates")
		before := offset
		for _, raw := range updates {
			var id struct {
				ID int64 `json:"update_id"`
			}
			if err := json.Unmarshal(raw, &id); err != nil || id.ID == 0 {
				b.cfg.Observe("unreadable")
				continue
			}
			if err := b.take(ctx, raw); err != nil {
				return err
			}
			offset = max(offset, id.ID+1)
		}
		if len(updates) > 0 && offset == before {
			return fmt.Errorf("fetch updates: none of %d can be read", len(updates))
		}
	}
}

// take works on an update until what it says is stored. It returns an error only
// when ctx ends.
func (b *Bot) take(ctx context.Context, raw []byte) error {
	for failures := 1; ; failures++ {
		err := b.handle(ctx, raw)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		b.log.Warn("telegram update not stored; trying again", "err", err)
		if failures > 1 {
			b.set(false, "what customers write cannot be stored")
		}
		if err := b.pause(ctx, b.retryAfter(err, failures)); err != nil {
			return err
		}
	}
}

// handle works on one update. One that cannot be read, or that makes the program
// panic, is counted and left: it would stop all that come after it.
func (b *Bot) handle(ctx context.Context, raw []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			b.log.Error("telegram update left out: it made the program panic", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			b.cfg.Observe("panic")
			err = nil
		}
	}()
	return b.update(ctx, raw)
}

// register has Telegram post updates to our webhook.
func (b *Bot) register(ctx context.Context) error {
	_, err := b.api.SetWebhook(ctx, &bot.SetWebhookParams{
		URL: b.cfg.PublicURL + WebhookPath, SecretToken: b.cfg.Secret, AllowedUpdates: allowedUpdates,
	})
	if err != nil {
		return b.api.fail("register the webhook", err)
	}
	return nil
}

// watchWebhook looks now and then whether Telegram still has our webhook and can
// reach it. It returns when Telegram has not, or does not say.
func (b *Bot) watchWebhook(ctx context.Context) error {
	b.set(true, "webhook registered")
	for {
		if err := b.pause(ctx, b.timing.inspect); err != nil {
			return err
		}
		info, err := b.api.GetWebhookInfo(ctx)
		if err != nil {
			return b.api.fail("look at the webhook", err)
		}
		if info.URL != b.cfg.PublicURL+WebhookPath {
			return fmt.Errorf("the webhook was taken away or replaced")
		}
		if info.PendingUpdateCount > 0 && info.LastErrorMessage != "" {
			b.set(false, "Telegram cannot deliver to the webhook: "+info.LastErrorMessage)
			continue
		}
		b.set(true, "webhook registered")
	}
}
