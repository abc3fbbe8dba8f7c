package conversation

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// bank is a PurseStore that grants what it is told to.
type bank struct {
	mu       sync.Mutex // guards all
	reserved []Hold
	recorded []Call
	held     Held
	fail     error
}

func (b *bank) Reserve(_ context.Context, h Hold) (Held, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reserved = append(b.reserved, h)
	return b.held, b.fail
}

func (b *bank) Record(_ context.Context, calls []Call) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.recorded = append(b.recorded, calls...)
	return nil
}

// talker is a model of two that write at most so much.
type talker struct {
	reply ModelReply
	err   error
	asked int
}

func (m *talker) Stream(context.Context, ModelRequest, func(string)) (ModelReply, error) {
	m.asked++
	return m.reply, m.err
}

func (m *talker) Bounds(req ModelRequest) []Bound {
	return []Bound{{"cheap", req.MaxTokens}, {"dear", req.MaxTokens + 100}, {"unknown", 1 << 20}}
}

func prices(model string, input, cached, output int) (int64, bool) {
	switch model {
	case "cheap":
		return int64(input - cached + output), true
	case "dear":
		return int64(10 * (input + output)), true
	}
	return 0, false
}

func purseWith(b *bank, limits func() Spending, alert func(Alert)) *Purse {
	p := NewPurse(b, prices, nil)
	p.use(terms{limits: limits, observer: noObserver{}, alert: alert})
	return p
}

func dayLimit() Spending {
	day := int64(1_000_000)
	return Spending{DayMicros: &day}
}

func TestWithoutALimitNothingIsReserved(t *testing.T) {
	b := &bank{}
	p := purseWith(b, nil, nil)
	m := &talker{reply: ModelReply{Model: "cheap", Usage: Usage{InputTokens: 7, CachedTokens: 2, OutputTokens: 3, CostMicros: 99}}}
	_, call, err := p.Stream(t.Context(), m, Account{Conversation: "c", Turn: "t"}, "answer", ModelRequest{MaxTokens: 10}, func(string) {})
	if err != nil || len(b.reserved) != 0 || call.Hold != "" {
		t.Errorf("Stream() = %+v, %v with %d reservations, want none", call, err, len(b.reserved))
	}
	if call.Usage.CostMicros != 8 || call.Usage.Unpriced || call.Conversation != "c" || call.Turn != "t" || call.Outcome != callOK {
		t.Errorf("call = %+v, want it priced by the table", call)
	}
}

func TestTheDearestModelAtItsLongestIsReserved(t *testing.T) {
	b := &bank{}
	p := purseWith(b, dayLimit, nil)
	m := &talker{err: &ModelError{Kind: ErrTimeout, Err: errors.New("slow")}}
	req := ModelRequest{Messages: []PromptMessage{{Role: RoleUser, Text: "12345", Images: []Image{{Tokens: 50}}}}, MaxTokens: 10}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, call, err := p.Stream(ctx, m, Account{Conversation: "c"}, "answer", req, func(string) {})
	if err == nil || len(b.reserved) != 1 || m.asked != 1 {
		t.Fatalf("Stream() = %v after %d reservations, want the model's error after one", err, len(b.reserved))
	}
	h := b.reserved[0]
	if want := int64(10 * (3 + 4 + 5 + 50 + 110)); h.Micros != want || h.Conversation != "c" || h.ID == "" || h.Lapse < time.Minute || h.Lapse > 2*time.Minute {
		t.Errorf("reserved %+v, want %d until a while after the call's deadline", h, want)
	}
	if _, _, err := p.Stream(ctx, m, Account{Until: time.Now().Add(time.Hour)}, "rewrite", req, func(string) {}); err == nil || b.reserved[1].Lapse < time.Hour {
		t.Errorf("reserved for %v, want until the turn has ended", b.reserved[1].Lapse)
	}
	if call.Hold != h.ID || call.Outcome != "timeout" || call.Model != "cheap" || call.Usage.CostMicros != 0 {
		t.Errorf("call = %+v, want it to end the reservation at no cost", call)
	}
}

func TestWhatIsRefusedIsNotAsked(t *testing.T) {
	var alerts []Alert
	b := &bank{held: Held{Refused: "day", Spent: 5, Told: SpendSpent}}
	p := purseWith(b, dayLimit, func(a Alert) { alerts = append(alerts, a) })
	m := &talker{}
	_, call, err := p.Stream(t.Context(), m, Account{}, "answer", ModelRequest{}, func(string) {})
	if !overBudget(err) || m.asked != 0 || call.Purpose != "" {
		t.Errorf("Stream() = %+v, %v; want the budget's error and no call", call, err)
	}
	if len(alerts) != 1 || alerts[0].Kind != AlertBudgetSpent || alerts[0].Text == "" {
		t.Errorf("alerts = %+v, want that the budget is spent", alerts)
	}
	b.held, b.fail = Held{}, errors.New("no database")
	if _, _, err := p.Stream(t.Context(), m, Account{}, "answer", ModelRequest{}, func(string) {}); err == nil || overBudget(err) || m.asked != 0 {
		t.Errorf("Stream() = %v, want the store's error and no call", err)
	}
	if _, err := p.Embedder(counting{}).Embed(t.Context(), []string{"a"}); err == nil {
		t.Error("Embed() = nil, want the store's error")
	}
}

func TestAModelWithoutAPriceCountsNothingAndSaysSo(t *testing.T) {
	p := purseWith(&bank{}, nil, nil)
	for _, c := range []struct {
		in   Usage
		want Usage
	}{
		{Usage{InputTokens: 5}, Usage{InputTokens: 5, Unpriced: true}},
		{Usage{CostMicros: 12}, Usage{CostMicros: 12}}, // by the minute, as the model says
	} {
		_, call, err := p.Stream(t.Context(), &talker{reply: ModelReply{Model: "own", Usage: c.in}}, Account{}, "answer", ModelRequest{}, func(string) {})
		if err != nil || call.Usage != c.want {
			t.Errorf("usage = %+v, %v; want %+v", call.Usage, err, c.want)
		}
	}
}

// counting is an Embedder and a Reranker whose requests fail where fail says.
type counting struct{ fail error }

func (counting) Embed(context.Context, []string) ([][]float32, error) { return nil, nil }
func (counting) Model() string                                        { return "cheap" }
func (counting) Dimensions() int                                      { return 1 }
func (counting) Name() string                                         { return "dear" }
func (c counting) EmbedCounted(context.Context, []string) ([][]float32, []Usage, error) {
	return [][]float32{{1}}, []Usage{{InputTokens: 3}, {InputTokens: 4}}, c.fail
}
func (counting) Rerank(context.Context, string, []string) ([]float64, error) { return nil, nil }
func (c counting) RerankCounted(context.Context, string, []string) ([]float64, Usage, error) {
	return []float64{1}, Usage{InputTokens: 2}, c.fail
}

func TestSearchingIsBookedWithTheTurnAndTheRestByItself(t *testing.T) {
	b := &bank{}
	p := purseWith(b, dayLimit, nil)
	ctx, tab := onTab(t.Context(), Account{Conversation: "c", Turn: "t"})
	if v, err := p.Embedder(counting{}).Embed(ctx, []string{"a"}); err != nil || len(v) != 1 {
		t.Errorf("Embed() = %v, %v", v, err)
	}
	if s, err := p.Reranker(counting{}).Rerank(ctx, "q", []string{"a"}); err != nil || len(s) != 1 {
		t.Errorf("Rerank() = %v, %v", s, err)
	}
	calls := tab.close()
	if len(calls) != 3 || len(b.recorded) != 0 || len(b.reserved) != 2 {
		t.Fatalf("%d calls on the tab, %d recorded, %d reserved; want 3, 0 and 2", len(calls), len(b.recorded), len(b.reserved))
	}
	for i, want := range []Call{
		{Purpose: purposeQuery, Model: "cheap", Usage: Usage{InputTokens: 3, CostMicros: 3}},
		{Purpose: purposeQuery, Model: "cheap", Usage: Usage{InputTokens: 4, CostMicros: 4}, Hold: b.reserved[0].ID},
		{Purpose: purposeRerank, Model: "dear", Usage: Usage{InputTokens: 2, CostMicros: 20}, Hold: b.reserved[1].ID},
	} {
		got := calls[i]
		if got.Purpose != want.Purpose || got.Model != want.Model || got.Usage != want.Usage || got.Hold != want.Hold || got.Conversation != "c" || got.Turn != "t" {
			t.Errorf("call %d = %+v, want %+v", i, got, want)
		}
	}
	// What comes too late for the turn, or belongs to none, is booked all the same.
	if _, err := p.Embedder(counting{}).Embed(ctx, []string{"a"}); err != nil || len(b.recorded) != 2 || b.recorded[0].Conversation != "c" {
		t.Errorf("after the turn: %v, recorded %+v", err, b.recorded)
	}
	failure := &ModelError{Kind: ErrRateLimited, Err: errors.New("slow down")}
	if _, err := p.Embedder(counting{failure}).Embed(t.Context(), []string{"a"}); !errors.Is(err, failure) || len(b.recorded) != 4 ||
		b.recorded[3].Outcome != "rate_limited" || b.recorded[2].Outcome != callOK || b.recorded[3].Purpose != purposeIndex {
		t.Errorf("without a turn: %v, recorded %+v", err, b.recorded)
	}
}

// ear hears at a price by the minute.
type ear struct{ heard int }

func (e *ear) Transcribe(context.Context, Recording) (Transcript, error) {
	e.heard++
	return Transcript{Text: "hello", Model: "ears", Usage: Usage{CostMicros: 5}}, nil
}

func (e *ear) TranscriptionCost(Recording) int64 { return 77 }

func TestARecordingIsHeardWithinTheLimits(t *testing.T) {
	b, e := &bank{}, &ear{}
	p := purseWith(b, dayLimit, nil)
	ctx, _ := onTab(t.Context(), Account{Conversation: "c"})
	out, err := p.Transcriber(e).Transcribe(ctx, Recording{})
	if err != nil || len(b.reserved) != 1 || b.reserved[0].Micros != 77 || b.reserved[0].Conversation != "c" || out.Hold != b.reserved[0].ID || out.Usage.CostMicros != 5 || out.Usage.Unpriced {
		t.Errorf("Transcribe() = %+v, %v, reserved %+v", out, err, b.reserved)
	}
	b.held.Refused = "visitor"
	if _, err := p.Transcriber(e).Transcribe(ctx, Recording{}); !overBudget(err) || e.heard != 1 {
		t.Errorf("Transcribe() = %v, heard %d times; want the budget's error and nothing heard", err, e.heard)
	}
}
