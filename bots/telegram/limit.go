package telegram

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How much may be sent, from core.telegram.org/bots/faq#my-bot-is-hitting-limits:
// about 30 messages a second in all, one a second in a chat, 20 a minute in a
// group. A group's first few may go at once, and the rest slower for it.
const (
	perSecond      = 30
	chatEvery      = time.Second
	groupEvery     = 4 * time.Second
	groupBurst     = 5
	maxChatsLimits = 8192
	// maxWait is how long a delivery waits for its turn here. One that must wait
	// longer is put back, since the others of its batch wait for it.
	maxWait = 2 * time.Second
)

// limiter keeps what is sent inside Telegram's limits.
type limiter struct {
	all   *rate.Limiter
	chats *recent[int64, *chatLimit]
	fresh func(chat int64) *rate.Limiter
}

type chatLimit struct {
	*rate.Limiter
	mu    sync.Mutex // guards until
	until time.Time  // Telegram asked for silence until then
}

// tooSoon says when a chat may be written to again.
type tooSoon struct{ wait time.Duration }

func (e *tooSoon) Error() string {
	return fmt.Sprintf("Telegram's limit for the chat: next message in %v", e.wait.Round(time.Millisecond))
}

func newLimiter() *limiter {
	return &limiter{all: rate.NewLimiter(perSecond, perSecond/3), chats: newRecent[int64, *chatLimit](maxChatsLimits), fresh: usualLimit}
}

func usualLimit(chat int64) *rate.Limiter {
	if chat < 0 { // groups have negative ids
		return rate.NewLimiter(rate.Every(groupEvery), groupBurst)
	}
	return rate.NewLimiter(rate.Every(chatEvery), 1)
}

func (l *limiter) chat(chat int64) *chatLimit {
	return l.chats.getOr(chat, func() *chatLimit { return &chatLimit{Limiter: l.fresh(chat)} })
}

// wait returns when a message may go to the chat, or *tooSoon at once where that
// is more than maxWait away.
func (l *limiter) wait(ctx context.Context, chat int64) error {
	c := l.chat(chat)
	c.mu.Lock()
	silence := time.Until(c.until)
	c.mu.Unlock()
	if silence > maxWait {
		return &tooSoon{silence}
	}
	r := c.Reserve()
	d := max(r.Delay(), silence)
	if d > maxWait {
		r.Cancel()
		return &tooSoon{d}
	}
	if d > 0 {
		if err := pause(ctx, d); err != nil {
			r.Cancel()
			return err
		}
	}
	return l.all.Wait(ctx)
}

// hush keeps silence in a chat for as long as Telegram asked.
func (l *limiter) hush(chat int64, d time.Duration) {
	c := l.chat(chat)
	c.mu.Lock()
	defer c.mu.Unlock()
	if until := time.Now().Add(d); until.After(c.until) {
		c.until = until
	}
}
