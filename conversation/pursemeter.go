package conversation

import (
	"context"
	"errors"
	"sync"
	"time"

	"frontdesk/knowledge"
)

// Purposes of calls that are made inside others' work.
const (
	purposeQuery  = "embed_query" // of a customer's or a colleague's search
	purposeIndex  = "embed"       // of documents and the like
	purposeRerank = "rerank"
	purposeHear   = "transcribe"
)

// tab takes in the calls made on the way to an answer, which are stored with it.
type tab struct {
	on     Account
	mu     sync.Mutex // guards all below
	calls  []Call
	closed bool
}

type tabKey struct{}

// onTab has what is called with the context booked to a turn. The tab is to be closed.
func onTab(ctx context.Context, on Account) (context.Context, *tab) {
	t := &tab{on: on}
	return context.WithValue(ctx, tabKey{}, t), t
}

// put takes calls in, and reports false when the tab is closed: then they are to be
// booked by themselves.
func (t *tab) put(calls ...Call) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.calls = append(t.calls, calls...)
	}
	return !t.closed
}

// close returns what was called.
func (t *tab) close() []Call {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	return t.calls
}

func tabOf(ctx context.Context) *tab {
	t, _ := ctx.Value(tabKey{}).(*tab)
	return t
}

// metered asks a model for what is no completion, within the limits, and books each
// request that do makes: on the tab of the context, else by themselves.
func (p *Purse) metered(ctx context.Context, purpose, model string, cost func(*terms) int64, do func() ([]Usage, error)) error {
	t := tabOf(ctx)
	var on Account
	if t != nil {
		on = t.on
	}
	hold, err := p.reserve(ctx, on, cost)
	if err != nil {
		return err
	}
	began := time.Now()
	used, err := do()
	if len(used) == 0 {
		used = make([]Usage, 1) // it failed before anything was sent, or says nothing
	}
	calls := make([]Call, len(used))
	for i, u := range used {
		p.terms.Load().settle(model, &u)
		calls[i] = Call{ID: knowledge.NewID(), Conversation: on.Conversation, Turn: on.Turn, Purpose: purpose, Model: model, Outcome: callOK,
			Usage: u, Duration: time.Since(began) / time.Duration(len(used))}
	}
	// The reservation is for all of them: it ends with the commit that books them.
	last := &calls[len(calls)-1]
	last.Outcome, last.Hold = outcome(ctx, err), hold
	if t == nil || !t.put(calls...) {
		p.book(ctx, calls)
	}
	return err
}

// CountingEmbedder is an Embedder that tells what each of its requests took. With an
// error the last of them is the one that failed.
type CountingEmbedder interface {
	knowledge.Embedder
	EmbedCounted(ctx context.Context, texts []string) ([][]float32, []Usage, error)
}

// Embedder returns e within the purse's limits and with its calls booked. Nil stays nil.
func (p *Purse) Embedder(e CountingEmbedder) knowledge.Embedder {
	if e == nil {
		return nil
	}
	return embedder{e, p}
}

type embedder struct {
	CountingEmbedder
	purse *Purse
}

// Embed implements knowledge.Embedder.
func (e embedder) Embed(ctx context.Context, texts []string) (vectors [][]float32, err error) {
	purpose := purposeIndex
	if tabOf(ctx) != nil {
		purpose = purposeQuery
	}
	err = e.purse.metered(ctx, purpose, e.Model(), func(t *terms) int64 {
		n := 0
		for _, s := range texts {
			n += t.count.Count(s)
		}
		return t.cost(e.Model(), n, 0)
	}, func() (used []Usage, err error) {
		vectors, used, err = e.EmbedCounted(ctx, texts)
		return used, err
	})
	return vectors, err
}

// CountingReranker is a Reranker that tells what its work took.
type CountingReranker interface {
	knowledge.Reranker
	RerankCounted(ctx context.Context, query string, texts []string) ([]float64, Usage, error)
}

// Reranker returns r within the purse's limits and with its calls booked.
func (p *Purse) Reranker(r CountingReranker) knowledge.Reranker { return reranker{r, p} }

type reranker struct {
	CountingReranker
	purse *Purse
}

// Rerank implements knowledge.Reranker.
func (r reranker) Rerank(ctx context.Context, query string, texts []string) (scores []float64, err error) {
	err = r.purse.metered(ctx, purposeRerank, r.Name(), func(t *terms) int64 {
		n := t.count.Count(query) * len(texts) // a pair of the question and a text each
		for _, s := range texts {
			n += t.count.Count(s)
		}
		return t.cost(r.Name(), n, 0)
	}, func() ([]Usage, error) {
		s, u, err := r.RerankCounted(ctx, query, texts)
		scores = s
		return []Usage{u}, err
	})
	return scores, err
}

// PricedTranscriber is a Transcriber that says beforehand what a recording costs at most.
type PricedTranscriber interface {
	Transcriber
	TranscriptionCost(r Recording) int64 // millionths of a US dollar
}

// Transcriber returns t within the purse's limits. Its calls carry their reservation,
// and are booked by whoever has the recording's text stored.
func (p *Purse) Transcriber(t PricedTranscriber) Transcriber { return transcriber{t, p} }

type transcriber struct {
	PricedTranscriber
	purse *Purse
}

// Transcribe implements Transcriber.
func (t transcriber) Transcribe(ctx context.Context, r Recording) (Transcript, error) {
	var on Account
	if b := tabOf(ctx); b != nil {
		on = b.on
	}
	hold, err := t.purse.reserve(ctx, on, func(*terms) int64 { return t.TranscriptionCost(r) })
	if err != nil {
		return Transcript{}, err
	}
	out, err := t.PricedTranscriber.Transcribe(ctx, r)
	t.purse.terms.Load().settle(out.Model, &out.Usage)
	out.Hold = hold
	return out, err
}

// overBudget reports whether an error says that a call was not made for its cost.
func overBudget(err error) bool {
	var failure *ModelError
	return errors.As(err, &failure) && failure.Kind == ErrOverBudget
}
