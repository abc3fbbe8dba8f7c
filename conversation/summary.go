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

// UsageRow is what one model consumed for one purpose on one day (UTC).
type UsageRow struct {
	Day          time.Time
	Model        string
	Purpose      string
	Calls        int64
	Failed       int64 // that ended in an error; a discarded answer is none
	InputTokens  int64
	CachedTokens int64
	OutputTokens int64
	CostMicros   int64
}

// Reports is what staff read besides the log.
type Reports interface {
	// Conversations lists those with a message, the latest changed first, and the
	// cursor of the next page, empty after the last. ErrBadCursor.
	Conversations(ctx context.Context, cursor string, limit int) ([]Summary, string, error)
	// Conversation returns ErrNotFound for an unknown id.
	Conversation(ctx context.Context, id string) (Summary, error)
	// Usage sums model calls by day, model and purpose, from inclusive, to exclusive.
	Usage(ctx context.Context, from, to time.Time) ([]UsageRow, error)
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

// Usage implements Reports.
func (e *Engine) Usage(ctx context.Context, from, to time.Time) ([]UsageRow, error) {
	return e.d.Store.Usage(ctx, from, to)
}
