package conversation

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"frontdesk/knowledge"
)

// EventName is what happened, as webhooks are told.
type EventName string

// What webhooks can be told of.
const (
	EventConversationCreated  EventName = "conversation.created"
	EventConversationHandoff  EventName = "conversation.handoff"
	EventConversationAssigned EventName = "conversation.assigned"
	EventConversationResolved EventName = "conversation.resolved"
	EventConversationRated    EventName = "conversation.rated"
	EventMessageCreated       EventName = "message.created"
	EventGapOpened            EventName = "gap.opened"
	EventBudgetWarning        EventName = "budget.warning"
	EventBudgetSpent          EventName = "budget.spent"
	// EventWebhookTest is sent when somebody asks for it, whatever a webhook wants.
	EventWebhookTest EventName = "webhook.test"
)

// EventNames are those a webhook can want.
var EventNames = []EventName{
	EventConversationCreated, EventConversationHandoff, EventConversationAssigned, EventConversationResolved, EventConversationRated,
	EventMessageCreated, EventGapOpened, EventBudgetWarning, EventBudgetSpent,
}

const (
	// MaxWebhooks bounds how many there are: each costs a row for every event it wants.
	MaxWebhooks = 20
	// maxWebhookURL is the longest address, in bytes.
	maxWebhookURL = 2048
)

var (
	// ErrNoWebhook is returned for an unknown webhook.
	ErrNoWebhook = errors.New("conversation: no such webhook")
	// ErrNoWebhookDelivery is returned for a delivery that is not, or no longer, in the log.
	ErrNoWebhookDelivery = errors.New("conversation: no such delivery of a webhook")
	// ErrManyWebhooks is returned when there are MaxWebhooks.
	ErrManyWebhooks = errors.New("conversation: too many webhooks")
)

// WebhookError says what is wrong with a webhook, in words for an admin.
type WebhookError struct {
	Field string // url or events
	Why   string
}

func (e *WebhookError) Error() string { return "webhook: " + e.Field + ": " + e.Why }

// Why a webhook was switched off.
const (
	WebhookOffFailing = "failing" // it took nothing for days
	WebhookOffGone    = "gone"    // it answered 410
)

// Webhook is a program elsewhere that is told what happens here.
type Webhook struct {
	ID           string
	URL          string
	Events       []EventName
	Active       bool
	Rotation     int       // of its secret, from 1
	RotatedAt    time.Time // zero: never
	FailingSince time.Time // zero: it took the newest
	OffAt        time.Time // when it was switched off for failing; zero: it was not
	OffFor       string
	Waiting      int // deliveries not settled yet, 1,000 at most
	CreatedAt    time.Time
	UpdatedAt    time.Time
	Version      int64 // of URL, Events and Active
}

// WebhookState is how far a delivery is.
type WebhookState string

// States of a delivery.
const (
	WebhookPending WebhookState = "pending"
	WebhookSent    WebhookState = "sent"
	WebhookFailed  WebhookState = "failed" // given up
)

// WebhookDelivery is one event on its way to a webhook, and afterwards a line of the log.
type WebhookDelivery struct {
	ID       string
	Webhook  string
	Event    EventName
	EventID  string // the same in every attempt
	State    WebhookState
	Attempts int
	Status   int // of the newest answer; 0: there was none
	Took     time.Duration
	Error    string // why the newest attempt failed
	At       time.Time
	NextAt   time.Time // of the next attempt; zero: there is none
}

// WebhookBook keeps webhooks and their log.
type WebhookBook interface {
	// Webhooks lists them, the oldest first.
	Webhooks(ctx context.Context) ([]Webhook, error)
	// AddWebhook stores a new one. ErrManyWebhooks.
	AddWebhook(ctx context.Context, w Webhook) (Webhook, error)
	// EditWebhook changes where it is and what it wants. Whoever switches it on, or
	// gives it another address, has what went wrong before forgotten. ErrNoWebhook; where
	// w.Version is not 0 and no longer the present one, ErrVersion with the webhook as it is.
	EditWebhook(ctx context.Context, w Webhook) (Webhook, error)
	// RotateWebhook raises its rotation. ErrNoWebhook.
	RotateWebhook(ctx context.Context, id string) (Webhook, error)
	// DeleteWebhook removes it with its log. ErrNoWebhook.
	DeleteWebhook(ctx context.Context, id string) error
	// WebhookLog lists its deliveries, the newest first, and where the next page begins;
	// empty at the end. ErrNoWebhook, ErrBadCursor.
	WebhookLog(ctx context.Context, id, cursor string, limit int) ([]WebhookDelivery, string, error)
	// RetryWebhook has a delivery that is settled tried again, for another day, with the
	// id it had. ErrNoWebhookDelivery.
	RetryWebhook(ctx context.Context, delivery string) (WebhookDelivery, error)
}

// Webhooks are told what happens. All methods are safe for concurrent use.
type Webhooks struct {
	WebhookBook
	outbox WebhookOutbox
	cfg    WebhookConfig
	tick   time.Duration // how often it looks for what is due
}

// NewWebhooks returns webhooks; Run delivers.
func NewWebhooks(book WebhookBook, outbox WebhookOutbox, cfg WebhookConfig) *Webhooks {
	cfg.defaults()
	return &Webhooks{WebhookBook: book, outbox: outbox, cfg: cfg, tick: cfg.Poll}
}

// Add stores a new webhook and returns its secret, which is not shown again.
// *WebhookError, ErrManyWebhooks.
func (h *Webhooks) Add(ctx context.Context, address string, events []EventName, active bool) (Webhook, string, error) {
	w := Webhook{ID: knowledge.NewID(), URL: address, Events: events, Active: active, Rotation: 1}
	if err := h.check(ctx, &w); err != nil {
		return w, "", err
	}
	w, err := h.AddWebhook(ctx, w)
	if err != nil {
		return w, "", err
	}
	return w, h.secret(w.ID, w.Rotation).String(), nil
}

// Edit changes a webhook: its address, its events and whether it is on. *WebhookError;
// ErrNoWebhook and ErrVersion as of EditWebhook.
func (h *Webhooks) Edit(ctx context.Context, w Webhook) (Webhook, error) {
	if err := h.check(ctx, &w); err != nil {
		return w, err
	}
	return h.EditWebhook(ctx, w)
}

// Rotate gives a webhook a new secret, which is not shown again. For a day what is sent
// is signed with the one before too, so that its owner can change over. ErrNoWebhook.
func (h *Webhooks) Rotate(ctx context.Context, id string) (Webhook, string, error) {
	w, err := h.RotateWebhook(ctx, id)
	if err != nil {
		return w, "", err
	}
	return w, h.secret(w.ID, w.Rotation).String(), nil
}

// check says what is wrong with w, and puts its events in order.
func (h *Webhooks) check(ctx context.Context, w *Webhook) error {
	bad := func(format string, args ...any) error {
		return &WebhookError{"url", fmt.Sprintf(format, args...)}
	}
	if len(w.URL) > maxWebhookURL {
		return bad("is longer than %d bytes", maxWebhookURL)
	}
	u, err := url.Parse(w.URL)
	switch {
	case err != nil:
		return bad("is no address")
	case u.Scheme != "http" && u.Scheme != "https":
		return bad("does not begin with https:// or http://")
	case u.Hostname() == "":
		return bad("names no host")
	case u.User != nil:
		return bad("holds a user name or a password; the signature tells who calls")
	case u.Fragment != "":
		return bad("has a part after #, which is sent nowhere")
	}
	if err := h.cfg.Poster.Check(ctx, u); err != nil {
		return &WebhookError{"url", err.Error()}
	}
	if len(w.Events) == 0 {
		return &WebhookError{"events", "name at least one"}
	}
	for _, e := range w.Events {
		if !slices.Contains(EventNames, e) {
			return &WebhookError{"events", fmt.Sprintf("%.40q is none", string(e))}
		}
	}
	w.Events = slices.Compact(slices.Sorted(slices.Values(w.Events)))
	return nil
}
