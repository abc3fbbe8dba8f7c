package conversationdb_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"
)

// runOver runs an engine over a store of the test's.
func runOver(t *testing.T, store conversation.Store, over *conversationdb.Store, deps conversation.Deps) desk {
	t.Helper()
	deps.Store, deps.Counter, deps.Log = store, tokens.For("gpt-4o-mini"), slog.New(slog.NewTextHandler(t.Output(), nil))
	e, err := conversation.New(conversation.Config{
		Hold: time.Nanosecond, Poll: 20 * time.Millisecond, Lease: 2 * time.Second,
		Gather: conversation.Gather{Quiet: 10 * time.Millisecond, Most: 100 * time.Millisecond},
	}, deps)
	if err != nil {
		t.Fatal(err)
	}
	e.FetchWith("widget", storage{"a": "voice where is my parcel"})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { e.Run(ctx, 5*time.Second); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return desk{Engine: e, store: over}
}

// cheap embeds at a price.
type cheap struct{ knowledge.Embedder }

func (cheap) Model() string   { return "cheap" }
func (cheap) Dimensions() int { return 1 }
func (cheap) EmbedCounted(context.Context, []string) ([][]float32, []conversation.Usage, error) {
	return [][]float32{{1}}, []conversation.Usage{{InputTokens: 4, CostMicros: 4}}, nil
}

// embedding embeds each question before it finds.
type embedding struct {
	passages
	by knowledge.Embedder
}

func (f embedding) Find(ctx context.Context, q knowledge.Query) (knowledge.Result, error) {
	if _, err := f.by.Embed(ctx, []string{q.Text}); err != nil {
		return knowledge.Result{}, err
	}
	return f.passages.Find(ctx, q)
}

func TestAnAnswerForWhoWaitsIsBookedToThem(t *testing.T) {
	pool := dbtest.New(t)
	store := conversationdb.New(pool)
	purse := conversation.NewPurse(store, nil, nil)
	d := runOver(t, store, store, conversation.Deps{Purse: purse, Finder: embedding{passages{returns}, purse.Embedder(cheap{})}})
	id := d.open(t)
	d.state(t, id, func(s conversation.State) bool { return s.Outlook.Away })
	if _, err := d.Handoff(t.Context(), id, conversation.Actor{}, conversation.ReasonAsked); err != nil {
		t.Fatal(err)
	}
	d.write(t, id, "q", "Can I return it?")
	d.until(t, id, last(conversation.AuthorBot))
	q := quiet{d.Engine, nil, store, pool}
	if n := q.count(t, `model_calls WHERE purpose = 'embed_query' AND conversation_id = '`+id+`'`); n != 1 || q.count(t, `model_calls`) != 1 {
		t.Errorf("%d searches are booked to the conversation, want 1 and nothing else", n)
	}
	if n := q.count(t, `spend_visitors WHERE micros = 4`); n != 1 {
		t.Error("the search is not counted to the customer")
	}
}

// failing does not store what the first file came to.
type failing struct {
	*conversationdb.Store
	times atomic.Int64
}

func (f *failing) SettleFile(ctx context.Context, id string, r conversation.Reading, s conversation.FileState) (conversation.Attachment, bool, error) {
	if f.times.Add(1) == 1 {
		return conversation.Attachment{}, false, errors.New("no connection")
	}
	return f.Store.SettleFile(ctx, id, r, s)
}

func TestWhatAFileCostIsBookedThoughItIsNotStored(t *testing.T) {
	pool := dbtest.New(t)
	store := conversationdb.New(pool)
	d := runOver(t, &failing{Store: store}, store, conversation.Deps{Finder: passages{returns}, Reader: &reader{}})
	id := d.open(t)
	d.send(t, id, "1", "", conversation.InboundFile{Remote: "a", Kind: conversation.FileVoice, Name: "voice.oga"})
	d.until(t, id, func(ms []conversation.Message) bool { return len(ms) > 1 })
	q := quiet{d.Engine, nil, store, pool}
	if n := q.count(t, `model_calls WHERE purpose = 'transcribe' AND conversation_id = '`+id+`' AND cost_micros = 3 AND key IS NOT NULL`); n != 2 {
		t.Errorf("%d transcriptions are booked, want the one that was lost and the one that was kept", n)
	}
}

func TestRunsThatNobodyAsksForKeepApartAndSpareTheBudget(t *testing.T) {
	b := newTestbench(t)
	b.shelve()
	b.test("Do you sell quantum computers?", conversation.Expect{})
	now := time.Now()
	limit := int64(100)
	spent := conversation.Spent{}
	b.Tests.Now = func() time.Time { return now }
	b.Tests.Budget = func(context.Context) (conversation.Spent, conversation.Spending, error) {
		return spent, conversation.Spending{DayMicros: &limit}, nil
	}
	begin := func(begun int) time.Duration {
		t.Helper()
		again, err := b.BeginScheduled(t.Context(), string(conversation.TriggerKnowledge))
		if err != nil {
			t.Fatal(err)
		}
		if rs, err := b.store.Runs(t.Context(), 10); err != nil || len(rs) != begun {
			t.Fatalf("%d runs, %v, want %d", len(rs), err, begun)
		}
		return again
	}
	for _, spent.Micros = range []int64{100, 80} { // spent, and warned of
		if again := begin(0); again != 15*time.Minute {
			t.Errorf("with %d of 100 spent it begins in %v, want a look in 15 minutes", spent.Micros, again)
		}
	}
	spent.Micros = 79
	if again := begin(1); again != 0 {
		t.Errorf("with room in the budget it begins in %v, want now", again)
	}
	if err := b.Work(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := begin(1); again < 14*time.Minute || again > 15*time.Minute {
		t.Errorf("after a run the next begins in %v, want about 15 minutes", again)
	}
	now = now.Add(-time.Hour) // the database's clock is ahead
	if again := begin(1); again != 15*time.Minute {
		t.Errorf("by a slow clock the next begins in %v, want 15 minutes at most", again)
	}
	now = now.Add(time.Hour + 16*time.Minute)
	if again := begin(2); again != 0 {
		t.Errorf("a quarter of an hour later it begins in %v, want now", again)
	}
	if _, err := b.Start(t.Context(), conversation.TriggerManual); err != nil {
		t.Errorf("Start by hand = %v, want it whenever somebody asks", err)
	}
}
