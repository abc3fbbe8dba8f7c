package conversation

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/url"
	"time"
)

// WebhookCall is one attempt at one delivery.
type WebhookCall struct {
	ID        string // of the delivery
	EventID   string
	Webhook   string
	URL       string
	Rotation  int
	RotatedAt time.Time
	Event     EventName
	Data      json.RawMessage
	Text      *string // of the message it tells of; nil: none
	At        time.Time
	Attempt   int // 1 the first time
	Lease     string
}

// WebhookResult is what became of an attempt.
type WebhookResult struct {
	Status int // 0: there was no answer
	Took   time.Duration
	Error  string // empty: it was taken
	// Retry is when to try again; negative: never.
	Retry time.Duration
	// Rest is how long the webhook asks to be left alone.
	Rest time.Duration
	// Gone says that it wants nothing any more.
	Gone bool
}

// WebhookOutbox hands out attempts, each to one replica.
type WebhookOutbox interface {
	// ClaimWebhooks returns what is due, up to limit and, with those under way (busy, by
	// webhook), up to each of one webhook. A claim lapses after lease.
	ClaimWebhooks(ctx context.Context, busy map[string]int, limit, each int, lease time.Duration) ([]WebhookCall, error)
	// TestWebhook stores a webhook.test for one webhook, active or not, and claims it.
	// ErrNoWebhook.
	TestWebhook(ctx context.Context, id string, lease time.Duration) (WebhookCall, error)
	// WebhookDone settles an attempt or puts the delivery off, unless its lease has
	// lapsed. It says why it has just switched the webhook off; empty: it has not.
	WebhookDone(ctx context.Context, c WebhookCall, r WebhookResult) (off string, err error)
	// TidyWebhooks gives up what is too old to deliver and deletes what is too old to
	// keep, some rows at a time; more says to call again.
	TidyWebhooks(ctx context.Context) (more bool, err error)
}

// WebhookAnswer is how a webhook answered.
type WebhookAnswer struct {
	Status     int
	RetryAfter time.Duration // 0: it said nothing of it
}

// WebhookPoster speaks HTTP.
type WebhookPoster interface {
	// Check says in words for an admin what can be told to be wrong with an address
	// without calling it, such as one inside the network.
	Check(ctx context.Context, u *url.URL) error
	// Post sends a body, follows no redirect and reads no more of the answer than it
	// must. Its error is in words for an admin and quotes no address.
	Post(ctx context.Context, address string, header map[string]string, body []byte) (WebhookAnswer, error)
}

// WebhookConfig is what webhooks stand on. Key and Poster are needed.
type WebhookConfig struct {
	Key    []byte // of the installation, 32 bytes
	Poster WebhookPoster
	Log    *slog.Logger
	// Alert is told when a webhook was switched off, and why; may be nil.
	Alert func(ctx context.Context, webhook, why string)
	Now   func() time.Time
	Poll  time.Duration // how often what is due is looked for; a second when 0
}

func (c *WebhookConfig) defaults() {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Poll == 0 {
		c.Poll = time.Second
	}
	if c.Alert == nil {
		c.Alert = func(context.Context, string, string) {}
	}
}
