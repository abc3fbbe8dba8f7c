package conversationdb_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/migrations/dbtest"
)

// meter is an embedder and a reranker that bill for what they do.
type meter struct{ billed atomic.Int64 }

func (m *meter) Model() string   { return "meter" }
func (m *meter) Name() string    { return "meter" }
func (m *meter) Dimensions() int { return 2 }

func (m *meter) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	v, _, err := m.EmbedCounted(ctx, texts)
	return v, err
}

func (m *meter) EmbedCounted(_ context.Context, texts []string) ([][]float32, []conversation.Usage, error) {
	out := make([][]float32, len(texts))
	for i, s := range texts {
		out[i] = []float32{1, float32(len(s) % 7)}
	}
	m.billed.Add(int64(7 * len(texts)))
	return out, []conversation.Usage{{InputTokens: 7 * len(texts)}}, nil
}

func (m *meter) Rerank(ctx context.Context, query string, texts []string) ([]float64, error) {
	s, _, err := m.RerankCounted(ctx, query, texts)
	return s, err
}

func (m *meter) RerankCounted(_ context.Context, _ string, texts []string) ([]float64, conversation.Usage, error) {
	m.billed.Add(50)
	return make([]float64, len(texts)), conversation.Usage{InputTokens: 50}, nil
}

// metered is a testbench whose searches cost something.
func metered(t *testing.T) (*testbench, *meter) {
	t.Helper()
	pool, m := dbtest.New(t), &meter{}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	b := &testbench{t: t, pool: pool, store: conversationdb.New(pool)}
	purse := conversation.NewPurse(b.store, aMicroAToken, log)
	store := knowledgedb.New(pool, purse.Embedder(m), log)
	store.UseReranker(purse.Reranker(m))
	var err error
	if b.docs, err = store.Documents(); err != nil {
		t.Fatal(err)
	}
	b.find = &fragile{Finder: b.docs}
	b.Tests = conversation.NewTests(conversation.TestDeps{Store: b.store, Finder: b.find, Score: evalScore{}, Purse: purse, Log: log})
	for _, about := range []string{"boots", "zebras", "cards"} {
		id := b.document(about, knowledge.Passage{Text: "All about " + about + " in stock."})
		if err := b.docs.Embed(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	return b, m
}

// booked is what all calls for a purpose cost, and how many there were.
func (b *testbench) booked(purpose string) (micros, calls int64) {
	b.t.Helper()
	if err := b.pool.QueryRow(b.t.Context(), `SELECT coalesce(sum(cost_micros), 0), count(*) FROM model_calls WHERE purpose = $1`, purpose).Scan(&micros, &calls); err != nil {
		b.t.Fatal(err)
	}
	return micros, calls
}

func TestARunCostsWhatItsSearchesDo(t *testing.T) {
	b, m := metered(t)
	for _, q := range []string{"which boots are in stock", "are there zebras in stock", "what of cards in stock"} {
		b.test(q, conversation.Expect{Answerable: true, Answer: "in stock"})
	}
	before := m.billed.Load()
	run, _ := b.asked()
	if cost := m.billed.Load() - before; run.Cost != cost || cost != 3*(7+50) {
		t.Errorf("run cost %d, billed were %d for it, want %d", run.Cost, cost, 3*(7+50))
	}
	embedded, n := b.booked("embed_query")
	reranked, k := b.booked("rerank")
	if embedded+reranked != run.Cost || n != 3 || k != 3 {
		t.Errorf("booked %d for %d queries and %d for %d rerankings, want the run's cost of %d for 3 each", embedded, n, reranked, k, run.Cost)
	}
	if again, _ := b.asked(); again.Cost != run.Cost {
		t.Errorf("the next run cost %d, want %d as well", again.Cost, run.Cost)
	}
	if _, _, err := b.Evaluate(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if after, _ := b.booked("embed_query"); after != 3*embedded {
		t.Errorf("%d booked for queries in all, want the evaluation's, too: %d", after, 3*embedded)
	}
	if first, err := b.store.Run(t.Context(), run.ID); err != nil || first.Cost != run.Cost {
		t.Errorf("Run = %+v, %v; want that the first cost what it did", first, err)
	}
}

func TestACancelledRunKeepsWhatItHasCost(t *testing.T) {
	b, m := metered(t)
	for _, q := range []string{"which boots are in stock", "are there zebras in stock"} {
		b.test(q, conversation.Expect{Answerable: true, Answer: "in stock"})
	}
	r, err := b.Start(t.Context(), conversation.TriggerManual)
	if err != nil {
		t.Fatal(err)
	}
	b.find.before = func(n int64) error {
		if n == 1 {
			_, err := b.Cancel(t.Context(), r.ID)
			return err
		}
		return nil
	}
	before := m.billed.Load()
	if err := b.Work(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := b.store.Run(t.Context(), r.ID); err != nil || got.State != conversation.RunCancelled || got.Cost != m.billed.Load()-before || got.Cost == 0 {
		t.Errorf("Run = %+v, %v; want it cancelled at a cost of %d", got, err, m.billed.Load()-before)
	}
}

func TestAReservationAskedForAgainTakesItsOwnPlace(t *testing.T) {
	store := conversationdb.New(dbtest.New(t))
	day := int64(100)
	h := conversation.Hold{ID: knowledge.NewID(), Micros: 60, Lapse: 1e12, Limits: conversation.Spending{DayMicros: &day}, Quiet: true}
	other := h
	other.ID = knowledge.NewID()
	for range 3 {
		if got, err := store.Reserve(t.Context(), h); err != nil || got.Refused != "" {
			t.Fatalf("Reserve = %+v, %v; want it granted as often as it is asked for", got, err)
		}
	}
	if got, err := store.Reserve(t.Context(), other); err != nil || got.Refused != "day" || got.Told != "" {
		t.Errorf("Reserve of another = %+v, %v; want it refused for the day", got, err)
	}
	other.Micros = 101
	if got, err := store.Reserve(t.Context(), other); err != nil || got.Refused != "day" || got.Told != "" {
		t.Errorf("Reserve of too much = %+v, %v; want it refused and nobody told", got, err)
	}
	other.Quiet = false
	if got, err := store.Reserve(t.Context(), other); err != nil || got.Told != conversation.SpendSpent {
		t.Errorf("Reserve of too much = %+v, %v; want staff told", got, err)
	}
	call := conversation.Call{Purpose: "embed_batch", Model: "m", Outcome: "ok", Usage: conversation.Usage{CostMicros: 10}, Hold: h.ID}
	if err := store.Record(t.Context(), []conversation.Call{call}); err != nil {
		t.Fatal(err)
	}
	if s, err := store.Spent(t.Context()); err != nil || s.Reserved != 0 {
		t.Errorf("Spent = %+v, %v; want nothing reserved once it is booked", s, err)
	}
}
