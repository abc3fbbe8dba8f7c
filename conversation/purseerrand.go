package conversation

import (
	"context"
	"fmt"
	"math"
	"time"

	"frontdesk/knowledge"
)

// Errand is work that is handed in at once and paid for when it is done, perhaps on
// another day and by another process, as a batch is.
type Errand struct {
	ID      string // a UUID, by which its reservation is known
	Purpose string // it is booked under
	Model   string
	Share   float64       // of the model's price that it costs
	Lapse   time.Duration // after which nobody waits for it any more
}

// SetAside reserves what an errand of so many tokens costs at most, until the Call that
// Settled returns is recorded. Asked for again it reserves nothing more and lasts for
// Lapse anew. Where the limit of the day has no room the error is a *ModelError of kind
// ErrOverBudget and wraps knowledge.ErrOverBudget; staff are not told of that, since what
// costs less may still have room. Where a whole day would not pay for it, it is
// knowledge.ErrTooDear.
func (p *Purse) SetAside(ctx context.Context, e Errand, tokens int) error {
	t := p.terms.Load()
	limits := t.limits()
	if limits.unlimited() {
		return nil
	}
	most := e.share(t.cost(e.Model, tokens, 0))
	if limits.DayMicros != nil && most > *limits.DayMicros {
		return fmt.Errorf("%w: up to %d millionths of a dollar of %d a day", knowledge.ErrTooDear, most, *limits.DayMicros)
	}
	return p.hold(ctx, t, Hold{ID: e.ID, Micros: most, Lapse: e.Lapse + holdGrace, Limits: limits, Quiet: true})
}

// Settled returns the Call that books an errand and ends its reservation, at today's
// price. Where no price is known here it costs what u says.
func (p *Purse) Settled(e Errand, u Usage) Call {
	t := p.terms.Load()
	told := u.CostMicros
	t.settle(e.Model, &u)
	if t.price != nil {
		if micros, ok := t.price(e.Model, u.InputTokens, 0, 0); ok {
			u.CostMicros = e.share(micros)
		} else {
			u.CostMicros = told
		}
	}
	return Call{Purpose: e.Purpose, Model: e.Model, Outcome: callOK, Usage: u, Hold: e.ID}
}

// Told has metrics hear of a call that was recorded elsewhere.
func (p *Purse) Told(c Call) { p.terms.Load().observer.Called(c) }

// Count counts as reservations do.
func (p *Purse) Count(text string) int { return p.terms.Load().count.Count(text) }

// share is the errand's part of a full price, rounded up.
func (e Errand) share(micros int64) int64 {
	return int64(math.Ceil(float64(micros)*e.Share - 1e-6))
}
