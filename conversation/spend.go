package conversation

import (
	"context"
	"time"
)

// Spending is how much models may cost, in millionths of a US dollar. A nil limit is
// none.
type Spending struct {
	DayMicros          *int64 // of everybody, per day (UTC)
	ConversationMicros *int64 // of one conversation, as long as it lasts
	VisitorMicros      *int64 // of one customer in all their conversations, per day (UTC)
	// Warn is the share of DayMicros at which staff are told, once a day;
	// DefaultWarn when 0.
	Warn float64
}

// DefaultWarn is the share of a day's budget at which staff are told.
const DefaultWarn = 0.8

// unlimited reports whether nothing has to be reserved.
func (s Spending) unlimited() bool {
	return s.DayMicros == nil && s.ConversationMicros == nil && s.VisitorMicros == nil
}

func (s Spending) warn() float64 {
	if s.Warn <= 0 || s.Warn > 1 {
		return DefaultWarn
	}
	return s.Warn
}

// SpendLevel says how far a day's budget is used up.
type SpendLevel string

// The levels.
const (
	SpendOK   SpendLevel = "ok"
	SpendWarn SpendLevel = "warn"
	// SpendSpent: what is left pays for no call, or did not for the last that wanted it.
	SpendSpent SpendLevel = "spent"
)

// ErrOverBudget is the kind of a *ModelError for a call that was not made because one
// of the limits on spending stood against it.
const ErrOverBudget ErrorKind = "budget"

// ReasonBudget is why a conversation went to a person whom a model might have spared.
const ReasonBudget Reason = "budget"

// Price returns what a use of a model costs in millionths of a US dollar, rounded up;
// cached is the part of input that the provider had cached. known is false, and the
// cost 0, where the model's price is not known.
type Price func(model string, input, cached, output int) (micros int64, known bool)

// Hold is a reservation that is asked for.
type Hold struct {
	ID           string
	Conversation string // empty: only the day's limit counts
	Micros       int64  // what the call costs at most
	// Lapse is when nobody vouches for the reservation any more, from now: its
	// process must have died.
	Lapse  time.Duration
	Limits Spending // at least one is set
	// Quiet: that it is refused is no sign that the budget is spent, since it is for
	// much at once.
	Quiet bool
}

// Held is what became of a Hold.
type Held struct {
	Refused string     // day, conversation or visitor: whose limit stands against it; empty: granted
	Spent   int64      // today, in millionths of a US dollar
	Told    SpendLevel // SpendWarn or SpendSpent when this is the one to tell staff of it
}

// Holds keeps reservations. One that was granted is ended by recording the Call that
// carries its id, with whatever that cost, in the same commit.
type Holds interface {
	// Reserve grants h only if all that was spent and is reserved stays within the
	// limits with it, however many ask at once on whatever replica. One that is asked
	// for again, by its ID, takes its own place.
	Reserve(ctx context.Context, h Hold) (Held, error)
}

// Spent is where the day's budget stands.
type Spent struct {
	Micros   int64
	Reserved int64 // by calls under way
	// RefusedAt is the limit, in millionths of a US dollar, at which a call was last
	// refused today for want of money; 0 for none.
	RefusedAt int64
	Resets    time.Time // when the next day begins
}

// Level is how far the budget is used up.
func (s Spent) Level(l Spending) SpendLevel {
	switch {
	case l.DayMicros == nil:
		return SpendOK
	case s.Micros >= *l.DayMicros, s.RefusedAt == *l.DayMicros:
		return SpendSpent
	case float64(s.Micros+s.Reserved) >= l.warn()*float64(*l.DayMicros):
		return SpendWarn
	}
	return SpendOK
}

// Budget is where spending stands, and the limits in force.
func (e *Engine) Budget(ctx context.Context) (Spent, Spending, error) {
	s, err := e.d.Store.Spent(ctx)
	return s, e.purse.limits(), err
}
