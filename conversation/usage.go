package conversation

import (
	"context"
	"time"
)

// UsageGroup is what usage can be grouped by.
type UsageGroup int

// The groups, in the order of a UsageRow's members.
const (
	ByDay UsageGroup = iota
	ByModel
	ByPurpose
	ByChannel
	ByOutcome // how calls ended: with it, times and errors are by cause
)

// UsageQuery asks for sums of model calls, From inclusive, To exclusive.
type UsageQuery struct {
	From, To time.Time
	Groups   []UsageGroup // none: one row of all
}

// By reports whether the query groups by g.
func (q UsageQuery) By(g UsageGroup) bool {
	for _, have := range q.Groups {
		if have == g {
			return true
		}
	}
	return false
}

// UsageSum is what calls came to.
type UsageSum struct {
	Calls        int64
	Failed       int64            // that ended in an error; a discarded answer is none
	Errors       map[string]int64 // those, by what was wrong
	Unpriced     int64            // whose model's price is not known: they count as 0
	InputTokens  int64
	CachedTokens int64 // of InputTokens
	OutputTokens int64
	CostMicros   int64 // millionths of a US dollar
	P50, P95     int64 // milliseconds, of all calls
}

// UsageRow is the sum of one group. Members that the query does not group by are empty.
type UsageRow struct {
	Day     string // UTC, YYYY-MM-DD
	Model   string
	Purpose string
	Channel string // of the conversation; empty for calls that belong to none
	Outcome string
	UsageSum
}

// UsageTotal is the sum of everything.
type UsageTotal struct {
	UsageSum
	TalkMicros    int64 // of calls for conversations: documents are embedded for all of them
	Conversations int64 // begun before the end whose customer has written since the beginning
	Resolved      int64 // of them, that are resolved now
}

// BookedCall is a Call as it was recorded.
type BookedCall struct {
	At time.Time
	Call
}

// Usage passes the sums to each, ordered by their groups.
func (e *Engine) Usage(ctx context.Context, q UsageQuery, each func(UsageRow) error) error {
	return e.d.Store.Usage(ctx, q, each)
}

// UsageTotal sums all calls from inclusive, to exclusive.
func (e *Engine) UsageTotal(ctx context.Context, from, to time.Time) (UsageTotal, error) {
	return e.d.Store.UsageTotal(ctx, from, to)
}

// ConversationUsage lists a conversation's newest calls and sums all. ErrNotFound.
func (e *Engine) ConversationUsage(ctx context.Context, id string) ([]BookedCall, UsageSum, error) {
	return e.d.Store.ConversationUsage(ctx, id)
}
