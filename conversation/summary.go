package conversation

import (
	"context"
	"time"
)

// Summary is a conversation as a list shows it.
type Summary struct {
	State      State
	Contact    string // the customer's name as given; may be empty
	Email      string // as given, unverified
	Preview    string // the beginning of the newest message, notes aside
	PreviewBy  Author
	CreatedAt  time.Time
	UpdatedAt  time.Time
	CustomerAt time.Time // of the customer's newest message; zero when there is none
}

// Reports is what staff read besides the log.
type Reports interface {
	// Conversations lists those with a message, the latest changed first, and the
	// cursor of the next page, empty after the last. ErrBadCursor.
	Conversations(ctx context.Context, cursor string, limit int) ([]Summary, string, error)
	// Conversation returns ErrNotFound for an unknown id.
	Conversation(ctx context.Context, id string) (Summary, error)
	// Usage passes sums of model calls to each, ordered by their groups, and ends with
	// its error.
	Usage(ctx context.Context, q UsageQuery, each func(UsageRow) error) error
	// UsageTotal sums all of them, from inclusive, to exclusive.
	UsageTotal(ctx context.Context, from, to time.Time) (UsageTotal, error)
	// ConversationUsage lists a conversation's newest calls, some hundreds at most, and
	// sums all of them but by kind of error. ErrNotFound.
	ConversationUsage(ctx context.Context, id string) ([]BookedCall, UsageSum, error)
	// Spent says where today's budget stands.
	Spent(ctx context.Context) (Spent, error)
}

// Conversations implements Reports.
func (e *Engine) Conversations(ctx context.Context, cursor string, limit int) ([]Summary, string, error) {
	return e.d.Store.Conversations(ctx, cursor, limit)
}

// Conversation implements Reports.
func (e *Engine) Conversation(ctx context.Context, id string) (Summary, error) {
	c, err := e.d.Store.Conversation(ctx, id)
	if err != nil {
		return c, err
	}
	c.State, err = e.State(ctx, id)
	return c, err
}
