package conversationdb_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

// usage is what was booked in the last two days, by purpose and model.
func (d desk) usage(t *testing.T) (rows []conversation.UsageRow) {
	t.Helper()
	err := d.Usage(t.Context(), conversation.UsageQuery{From: time.Now().Add(-48 * time.Hour), To: time.Now().Add(48 * time.Hour),
		Groups: []conversation.UsageGroup{conversation.ByModel, conversation.ByPurpose}}, func(r conversation.UsageRow) error {
		rows = append(rows, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// aMicroAToken is a price without fractions.
func aMicroAToken(_ string, input, _, output int) (int64, bool) { return int64(input + output), true }

// payer is a model that counts its prompt exactly and writes as much as it may.
type payer struct {
	asked atomic.Int64
	cost  atomic.Int64 // of all that was asked, as its maker would bill it
	wait  chan struct{}
	most  atomic.Int64 // the dearest call
}

func (p *payer) Stream(ctx context.Context, req conversation.ModelRequest, emit func(string)) (conversation.ModelReply, error) {
	n := p.asked.Add(1)
	if p.wait != nil {
		select {
		case <-p.wait:
		case <-ctx.Done():
			return conversation.ModelReply{}, ctx.Err()
		}
	}
	input := 3
	for _, m := range req.Messages {
		input += 4 + tokens.For("gpt-4o-mini").Count(m.Text)
	}
	u := conversation.Usage{InputTokens: input, OutputTokens: req.MaxTokens}
	if n%3 == 0 {
		u.OutputTokens /= 2 // not all use the room they have
	}
	p.cost.Add(int64(u.InputTokens + u.OutputTokens))
	for was := p.most.Load(); int64(u.InputTokens+u.OutputTokens) > was && !p.most.CompareAndSwap(was, int64(u.InputTokens+u.OutputTokens)); was = p.most.Load() {
	}
	emit("Within 30 days [1].")
	return conversation.ModelReply{Text: "Within 30 days [1].", Model: "test", Finish: "stop", Usage: u}, nil
}

// budgeted is a desk whose limits can be changed while it works.
func budgeted(t *testing.T, url string, find conversation.Finder, m conversation.Model, limits *atomic.Pointer[conversation.Spending]) desk {
	t.Helper()
	pool := dbtest.Connect(t, url)
	store := conversationdb.New(pool)
	e, err := conversation.New(conversation.Config{
		Hold: time.Nanosecond, Poll: 20 * time.Millisecond, Lease: 10 * time.Second,
		Gather: conversation.Gather{Quiet: 10 * time.Millisecond, Most: 100 * time.Millisecond},
	}, conversation.Deps{
		Store: store, Finder: find, Model: m, Counter: tokens.For("gpt-4o-mini"), Log: slog.New(slog.DiscardHandler),
		Limits: func() conversation.Spending { return *limits.Load() }, Price: aMicroAToken,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { e.Run(ctx, 5*time.Second); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return desk{e, store, pool}
}

func limit(day int64) *conversation.Spending {
	return &conversation.Spending{DayMicros: &day, Warn: .8}
}

// books reads the running totals and what they are to be.
func books(t *testing.T, pool *pgxpool.Pool) (day, talks, visitors, calls, holds int64) {
	t.Helper()
	const q = `SELECT (SELECT coalesce(sum(micros), 0) FROM spend_days)::bigint, (SELECT coalesce(sum(micros), 0) FROM spend_conversations)::bigint,
		(SELECT coalesce(sum(micros), 0) FROM spend_visitors)::bigint, (SELECT coalesce(sum(cost_micros), 0) FROM model_calls)::bigint, (SELECT count(*) FROM spend_holds)`
	if err := pool.QueryRow(t.Context(), q).Scan(&day, &talks, &visitors, &calls, &holds); err != nil {
		t.Fatal(err)
	}
	return day, talks, visitors, calls, holds
}

func TestFiftyVisitorsAtOnceNeverOverspendADay(t *testing.T) {
	const visitors, each = 50, 2
	var limits atomic.Pointer[conversation.Spending]
	limits.Store(limit(20_000)) // some fourteen calls of at most some 1,450
	m := &payer{}
	find := &shelf{found: map[string]knowledge.Result{"": {Confidence: .9, Hits: []knowledge.Hit{returns}}}}
	url := dbtest.URL(t)
	replicas := []desk{budgeted(t, url, find, m, &limits), budgeted(t, url, find, m, &limits)}
	var alerts [2]*conversation.Subscription
	for i, d := range replicas {
		alerts[i] = d.Subscribe("")
		defer alerts[i].Close()
	}
	var byModel, overBudget atomic.Int64
	var wg sync.WaitGroup
	for i := range visitors {
		wg.Go(func() {
			d := replicas[i%2]
			id := d.open(t)
			for n := range each {
				got := d.say(t, id, fmt.Sprint(n), fmt.Sprintf("How long may I think about article %d?", n))
				switch {
				case got.Why == nil:
					t.Errorf("the answer %q says not why", got.Text)
				case got.Why.Kind == conversation.KindModel:
					byModel.Add(1)
				case got.Why.Kind == conversation.KindQuoted && got.Why.Error == conversation.ErrOverBudget && len(got.Sources) > 0:
					overBudget.Add(1)
				default:
					t.Errorf("answer %q by %s for %q, want the model's or a quoted passage because of the budget", got.Text, got.Why.Kind, got.Why.Error)
				}
			}
		})
	}
	wg.Wait()
	d := replicas[0]
	day, talks, people, calls, holds := books(t, d.pool)
	if day > 20_000 || day < 20_000-2*m.most.Load() {
		t.Errorf("spent %d of 20000, want no more, and less than two calls (%d each) left", day, m.most.Load())
	}
	if day != m.cost.Load() || talks != day || people != day || calls != day || holds != 0 {
		t.Errorf("totals: day %d, conversations %d, visitors %d, calls %d, billed %d, %d reservations left; want one figure and none", day, talks, people, calls, m.cost.Load(), holds)
	}
	if n := byModel.Load(); n != m.asked.Load() || n == 0 || overBudget.Load() != visitors*each-n {
		t.Errorf("%d answers by the model of %d asked, %d over the budget; want all %d accounted for", n, m.asked.Load(), overBudget.Load(), visitors*each)
	}
	kinds := map[conversation.AlertKind]int{}
	for _, a := range alerts {
		for _, e := range a.Take() {
			if e.Kind == conversation.EventAlert {
				kinds[e.Alert.Kind]++
			}
		}
	}
	if kinds[conversation.AlertBudgetWarning] != 1 || kinds[conversation.AlertBudgetSpent] != 1 {
		t.Errorf("alerts: %v, want one of each", kinds)
	}
	if s, l, err := d.Budget(t.Context()); err != nil || s.Level(l) != conversation.SpendSpent || s.Micros != day {
		t.Errorf("Budget() = %+v, %v, want it spent", s, err)
	}
}

func TestAtTheLimitTheLadderIsClimbedDownAndRaisingItHolds(t *testing.T) {
	var limits atomic.Pointer[conversation.Spending]
	limits.Store(limit(10))
	m := &payer{}
	exact := returns
	exact.Exact = true
	find := &shelf{found: map[string]knowledge.Result{
		"Can I return it?": {Confidence: 1, Hits: []knowledge.Hit{exact}},
		"What of returns":  {Confidence: .9, Hits: []knowledge.Hit{returns}},
		"":                 {},
	}}
	d := budgeted(t, dbtest.URL(t), find, m, &limits)
	id := d.open(t)
	if got := d.say(t, id, "1", "Can I return it?"); got.Why.Kind != conversation.KindVerbatim || got.Why.Error != "" {
		t.Errorf("known question: %s, %q, want its answer word for word", got.Why.Kind, got.Why.Error)
	}
	if got := d.say(t, id, "2", "What of returns"); got.Why.Kind != conversation.KindQuoted || got.Why.Error != conversation.ErrOverBudget {
		t.Errorf("question: %s, %q, want passages for the budget", got.Why.Kind, got.Why.Error)
	}
	if n := m.asked.Load(); n != 0 {
		t.Errorf("the model was asked %d times, want never", n)
	}
	limits.Store(limit(1_000_000))
	if got := d.say(t, id, "3", "What of returns"); got.Why.Kind != conversation.KindModel {
		t.Errorf("after raising the limit: %s, want the model", got.Why.Kind)
	}
	limits.Store(limit(10))
	d.say(t, id, "4", "Something quite unknown")
	st, err := d.State(t.Context(), id)
	if err != nil || st.Owner != conversation.OwnerQueue {
		t.Errorf("State() = %+v, %v, want a person asked where nothing is found", st, err)
	}
	var reason string
	if err := d.pool.QueryRow(t.Context(), `SELECT reason FROM ownership_events WHERE conversation_id = $1`, id).Scan(&reason); err != nil || reason != string(conversation.ReasonBudget) {
		t.Errorf("handed over for %q, %v, want budget", reason, err)
	}
}

func TestALimitPerConversationAndPerVisitorBindsOnlyThem(t *testing.T) {
	for name, l := range map[string]conversation.Spending{
		"conversation": {ConversationMicros: new(int64)}, "visitor": {VisitorMicros: new(int64)},
	} {
		t.Run(name, func(t *testing.T) {
			for _, p := range []*int64{l.ConversationMicros, l.VisitorMicros} {
				if p != nil {
					*p = 2_000 // one call, not two
				}
			}
			var limits atomic.Pointer[conversation.Spending]
			limits.Store(&l)
			d := budgeted(t, dbtest.URL(t), passages{returns}, &payer{}, &limits)
			for range 2 { // the second is another visitor
				id := d.open(t)
				first, second := d.say(t, id, "a", "How long may I keep it?"), d.say(t, id, "b", "And the red one of last year?")
				if first.Why.Kind != conversation.KindModel || second.Why.Error != conversation.ErrOverBudget {
					t.Errorf("%s, then %s for %q; want the model once and then the budget", first.Why.Kind, second.Why.Kind, second.Why.Error)
				}
			}
		})
	}
}

func TestReservingIsExactHoweverManyAskAtOnce(t *testing.T) {
	url := dbtest.URL(t)
	stores := []*conversationdb.Store{conversationdb.New(dbtest.Connect(t, url)), conversationdb.New(dbtest.Connect(t, url))}
	day := int64(1000)
	var granted, refused atomic.Int64
	var wg sync.WaitGroup
	ids := make(chan string, 200)
	for i := range 200 {
		wg.Go(func() {
			h := conversation.Hold{ID: knowledge.NewID(), Micros: 50, Lapse: time.Minute, Limits: conversation.Spending{DayMicros: &day}}
			held, err := stores[i%2].Reserve(t.Context(), h)
			switch {
			case err != nil:
				t.Error(err)
			case held.Refused == "day":
				refused.Add(1)
			case held.Refused == "":
				granted.Add(1)
				ids <- h.ID
			}
		})
	}
	wg.Wait()
	if granted.Load() != 20 || refused.Load() != 180 {
		t.Errorf("%d granted, %d refused; want 20 and 180", granted.Load(), refused.Load())
	}
	// Half are settled at less, at the same time as others ask: the room comes back.
	close(ids)
	n := 0
	for id := range ids {
		if n++; n > 10 {
			break
		}
		by := stores[n%2]
		wg.Go(func() {
			call := conversation.Call{Purpose: "answer", Model: "m", Outcome: "ok", Usage: conversation.Usage{CostMicros: 10}, Hold: id}
			if err := by.Record(t.Context(), []conversation.Call{call}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s, err := stores[0].Spent(t.Context())
	if err != nil || s.Micros != 100 || s.Reserved != 500 || !s.Resets.After(time.Now()) {
		t.Errorf("Spent() = %+v, %v; want 100 spent and 500 reserved", s, err)
	}
}

func TestAReservationOfADeadProcessLapses(t *testing.T) {
	pool := dbtest.New(t)
	store := conversationdb.New(pool)
	day := int64(100)
	want := func(refused string) string {
		t.Helper()
		h := conversation.Hold{ID: knowledge.NewID(), Micros: 80, Lapse: time.Hour, Limits: conversation.Spending{DayMicros: &day}}
		held, err := store.Reserve(t.Context(), h)
		if err != nil || held.Refused != refused {
			t.Fatalf("Reserve() = %+v, %v; want refused %q", held, err, refused)
		}
		return h.ID
	}
	dead := want("")
	want("day")
	if _, err := pool.Exec(t.Context(), `UPDATE spend_holds SET until = clock_timestamp() WHERE id = $1`, dead); err != nil {
		t.Fatal(err)
	}
	alive := want("")
	// It was not dead but slow: what it cost counts all the same, once.
	late := []conversation.Call{{Purpose: "answer", Model: "m", Outcome: "ok", Usage: conversation.Usage{CostMicros: 70}, Hold: dead},
		{Purpose: "answer", Model: "m", Outcome: "ok", Usage: conversation.Usage{CostMicros: 5}, Hold: alive}}
	if err := store.Record(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	if s, err := store.Spent(t.Context()); err != nil || s.Micros != 75 || s.Reserved != 0 {
		t.Errorf("Spent() = %+v, %v; want 75 and nothing reserved", s, err)
	}
	want("day")
}

func TestACallOfAnErasedConversationIsBookedAllTheSame(t *testing.T) {
	store := conversationdb.New(dbtest.New(t))
	err := store.Record(t.Context(), []conversation.Call{{Conversation: knowledge.NewID(), Purpose: "answer", Model: "m", Outcome: "ok", Usage: conversation.Usage{CostMicros: 7}}})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := store.Spent(t.Context()); err != nil || s.Micros != 7 {
		t.Errorf("Spent() = %+v, %v, want 7", s, err)
	}
}

// BenchmarkReserve is one reservation and the booking that ends it, as many connections
// at once as there are processors times eight.
func BenchmarkReserve(b *testing.B) {
	pool := dbtest.New(b)
	store := conversationdb.New(pool)
	var talk string
	st, err := store.Open(b.Context(), conversation.Opening{Channel: "widget", Account: "a"})
	if err != nil {
		b.Fatal(err)
	}
	talk = st.Conversation
	day := int64(1) << 50
	b.SetParallelism(8)
	var reserving atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			h := conversation.Hold{ID: knowledge.NewID(), Conversation: talk, Micros: 50, Lapse: time.Minute, Limits: conversation.Spending{DayMicros: &day}}
			began := time.Now()
			held, err := store.Reserve(b.Context(), h)
			reserving.Add(int64(time.Since(began)))
			if err != nil || held.Refused != "" {
				b.Errorf("Reserve() = %+v, %v", held, err)
				return
			}
			call := conversation.Call{Conversation: talk, Purpose: "answer", Model: "m", Outcome: "ok", Usage: conversation.Usage{CostMicros: 10}, Hold: h.ID}
			if err := store.Record(b.Context(), []conversation.Call{call}); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(reserving.Load())/float64(b.N)/1e6, "reserve-ms")
}
