package conversation

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"frontdesk/knowledge"
)

const (
	// holdGrace is what a reservation outlasts the deadline of its call, or its turn, by:
	// the answer is held back a moment, and stored.
	holdGrace = 30 * time.Second
	// holdUnbounded is how long one lasts whose call has no deadline of its own.
	holdUnbounded = 5 * time.Minute
)

// Purse pays for models: it reserves what a call may cost before it is made, prices
// what it came to and books it. Everything that calls a model does so through one. Safe
// for concurrent use.
type Purse struct {
	store   PurseStore
	log     *slog.Logger
	terms   atomic.Pointer[terms]
	refused atomic.Int64 // calls that were not made for their cost
}

// PurseStore is where a Purse keeps its books.
type PurseStore interface {
	Ledger
	Holds
}

// onlyLedger is a store for a purse without limits.
type onlyLedger struct{ Ledger }

func (onlyLedger) Reserve(context.Context, Hold) (Held, error) { return Held{}, nil }

// terms are what a Purse goes by.
type terms struct {
	limits   func() Spending
	price    Price
	count    Counter
	observer Observer
	alert    func(Alert)
}

// NewPurse returns a purse without limits that books at price, which may be nil: then a
// call costs what the model says. An Engine that is given it has it keep to its limits.
func NewPurse(store PurseStore, price Price, log *slog.Logger) *Purse {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	p := &Purse{store: store, log: log}
	p.terms.Store(&terms{
		limits: func() Spending { return Spending{} }, price: price, count: roughCounter{}, observer: noObserver{}, alert: func(Alert) {},
	})
	return p
}

// use has the purse go by an engine's terms. Nil members leave what was.
func (p *Purse) use(t terms) {
	was := *p.terms.Load()
	if t.limits == nil {
		t.limits = was.limits
	}
	if t.price == nil {
		t.price = was.price
	}
	if t.count == nil {
		t.count = was.count
	}
	if t.alert == nil {
		t.alert = was.alert
	}
	p.terms.Store(&t)
}

func (p *Purse) limits() Spending { return p.terms.Load().limits() }

// Account is whom a call is booked to. All may be empty.
type Account struct {
	Conversation, Turn string
	// Until is when the call is booked at the latest, where that is after its own
	// deadline: a turn's calls are booked at its end.
	Until time.Time
}

// Bounded is what a Model may say of itself: how much a call could come to.
type Bounded interface {
	// Bounds returns the models that may answer, in order, with the tokens each may
	// write at most.
	Bounds(req ModelRequest) []Bound
}

// Bound is a model with the most it writes in answer to a request.
type Bound struct {
	Model  string
	Output int // tokens
}

// Stream asks a model within the limits: where one stands against it the model is not
// asked, and the error is a *ModelError of kind ErrOverBudget. The Call, which says what
// came of it, is to be recorded by the caller, unless its Purpose is empty: then no call
// was made. The error is the model's otherwise.
func (p *Purse) Stream(ctx context.Context, m Model, on Account, purpose string, req ModelRequest, emit func(string)) (ModelReply, Call, error) {
	bounds := []Bound{{Output: req.MaxTokens}}
	if b, ok := m.(Bounded); ok {
		bounds = b.Bounds(req)
	}
	hold, err := p.reserve(ctx, on, func(t *terms) int64 {
		input, most := promptTokens(t.count, req), int64(0)
		for _, b := range bounds {
			most = max(most, t.cost(b.Model, input, b.Output))
		}
		return most
	})
	if err != nil {
		return ModelReply{}, Call{}, err
	}
	began := time.Now()
	reply, err := m.Stream(ctx, req, emit)
	if reply.Model == "" && len(bounds) > 0 {
		reply.Model = bounds[0].Model
	}
	p.terms.Load().settle(reply.Model, &reply.Usage)
	return reply, Call{
		ID: knowledge.NewID(), Conversation: on.Conversation, Turn: on.Turn, Purpose: purpose, Model: reply.Model, Outcome: outcome(ctx, err),
		Usage: reply.Usage, Duration: time.Since(began), Hold: hold,
	}, err
}

// reserve reserves what cost returns and gives the reservation's id, empty where no
// limit is set: then nothing is asked of anybody.
func (p *Purse) reserve(ctx context.Context, on Account, cost func(*terms) int64) (string, error) {
	t := p.terms.Load()
	limits := t.limits()
	if limits.unlimited() {
		return "", nil
	}
	lapse := holdUnbounded
	if deadline, ok := ctx.Deadline(); ok || !on.Until.IsZero() {
		if deadline.Before(on.Until) {
			deadline = on.Until
		}
		lapse = time.Until(deadline) + holdGrace
	}
	h := Hold{ID: knowledge.NewID(), Conversation: on.Conversation, Micros: cost(t), Lapse: lapse, Limits: limits}
	if err := p.hold(ctx, t, h); err != nil {
		return "", err
	}
	return h.ID, nil
}

// hold has h reserved, or says which limit stands against it.
func (p *Purse) hold(ctx context.Context, t *terms, h Hold) error {
	within, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	held, err := p.store.Reserve(within, h)
	if err != nil {
		return err
	}
	if held.Told != "" {
		t.alert(budgetAlert(held, h.Limits))
	}
	if held.Refused != "" {
		p.refused.Add(1)
		return &ModelError{Kind: ErrOverBudget, Err: fmt.Errorf("%w: the limit per %s has none for up to %d millionths of a dollar", knowledge.ErrOverBudget, held.Refused, h.Micros)}
	}
	return nil
}

// Refused is how many calls were not made so far because a limit stood against them.
func (p *Purse) Refused() int64 { return p.refused.Load() }

// book records calls in a statement of their own.
func (p *Purse) book(ctx context.Context, calls []Call) { p.bookBy(ctx, calls, p.store.Record) }

// bookBy books calls by record, which the caller's work may be stored with.
func (p *Purse) bookBy(ctx context.Context, calls []Call, record func(context.Context, []Call) error) {
	if len(calls) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := record(ctx, calls); err != nil {
		p.log.Error("model calls not recorded", "conversation", calls[0].Conversation, "purpose", calls[0].Purpose, "err", err)
	}
	for _, c := range calls {
		p.terms.Load().observer.Called(c)
	}
}

// cost is what a call costs at most; 0 where its model's price is not known.
func (t *terms) cost(model string, input, output int) int64 {
	if t.price == nil {
		return 0
	}
	micros, _ := t.price(model, input, 0, output)
	return micros
}

// settle puts the price on a call's usage. What the model priced itself stands where
// nobody here knows better: sound is not paid for by its tokens.
func (t *terms) settle(model string, u *Usage) {
	known := u.CostMicros > 0
	if t.price != nil {
		if micros, ok := t.price(model, u.InputTokens, u.CachedTokens, u.OutputTokens); ok {
			u.CostMicros, known = micros, true
		}
	}
	u.Unpriced = !known && (t.price != nil || u.InputTokens+u.OutputTokens > 0)
}

// promptTokens is what a request takes as input at most.
func promptTokens(count Counter, req ModelRequest) int {
	n := primingTokens
	for _, m := range req.Messages {
		n += messageTokens + count.Count(m.Text)
		for _, img := range m.Images {
			n += img.Tokens
		}
	}
	for _, t := range req.Tools {
		n += toolTokens + count.Count(t.Name) + count.Count(t.Description) + count.Count(string(t.Parameters))
	}
	return n
}

// roughCounter stands in where no model's own count is at hand: no encoding makes more
// tokens than there are bytes.
type roughCounter struct{}

func (roughCounter) Count(s string) int { return len(s) }

func (roughCounter) Truncate(s string, most int) string { return s[:min(len(s), most)] }
