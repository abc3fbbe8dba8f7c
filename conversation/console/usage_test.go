package console

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// booked is a place with calls of every kind in its books.
func booked(t *testing.T) (*place, string) {
	t.Helper()
	p := newPlace(t)
	id := p.open()
	call := func(conversation_, purpose, model, outcome string, in, cached, out int, micros int64, took time.Duration) conversation.Call {
		return conversation.Call{Conversation: conversation_, Purpose: purpose, Model: model, Outcome: outcome, Duration: took,
			Usage: conversation.Usage{InputTokens: in, CachedTokens: cached, OutputTokens: out, CostMicros: micros, Unpriced: model == "own"}}
	}
	err := p.store.Record(t.Context(), []conversation.Call{
		call(id, "answer", "gpt-4o-mini", "ok", 1000, 500, 100, 173, 100*time.Millisecond),
		call(id, "answer", "gpt-4o-mini", "timeout", 0, 0, 0, 0, 3*time.Second),
		call(id, "answer", "gpt-4o-mini", "timeout", 0, 0, 0, 0, 5*time.Second),
		call(id, "answer", "gpt-4o-mini", "cut", 10, 0, 1, 2, time.Second),
		call(id, "answer", "gpt-4o-mini", "discarded", 100, 0, 10, 21, 200*time.Millisecond),
		call("", "embed", "own", "ok", 90, 0, 0, 0, 10*time.Millisecond),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, id
}

// open begins a conversation in which the customer has written.
func (p *place) open() string {
	p.t.Helper()
	st, err := p.engine.Open(p.t.Context(), conversation.Opening{Channel: "widget", Account: "a"})
	if err == nil {
		_, err = p.engine.Receive(p.t.Context(), conversation.Inbound{Conversation: st.Conversation, Channel: "widget", ExternalID: knowledge.NewID(), Text: "Hello?"})
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return st.Conversation
}

func TestUsageIsGroupedAsAskedAndAddsUp(t *testing.T) {
	p, _ := booked(t)
	viewer := bearer(p.token(staff.RoleViewer))
	for group, rows := range map[string]int{"": 1, "day": 1, "purpose": 2, "channel": 2, "outcome": 4, "day,model,purpose,channel": 2, "model,model": 2} {
		var v usageView
		got := p.do("GET", "/api/v1/usage?group="+group, nil, viewer)
		got.decode(t, &v)
		var sum usageSum
		for _, r := range v.Rows {
			sum.Calls, sum.Failed, sum.InputTokens, sum.CostUSD = sum.Calls+r.Calls, sum.Failed+r.Failed, sum.InputTokens+r.InputTokens, sum.CostUSD+r.CostUSD
		}
		if len(v.Rows) != rows || sum.Calls != 6 || sum.Failed != 3 || sum.InputTokens != 1200 || fmt.Sprintf("%.6f", sum.CostUSD) != "0.000196" {
			t.Errorf("group=%s: %d rows %+v, want %d that add up", group, len(v.Rows), v.Rows, rows)
		}
		if v.Totals.Calls != 6 || v.Totals.CostUSD != .000196 || v.Totals.Unpriced != 1 || v.Totals.Conversations != 1 || v.Totals.Resolved != 0 ||
			v.Totals.PerTalk == nil || *v.Totals.PerTalk != .000196 || v.Totals.PerResolved != nil || fmt.Sprintf("%.4f", v.Totals.CachedShare) != "0.4167" {
			t.Errorf("totals = %+v", v.Totals)
		}
		if group != "" && v.Total.Calls != v.Totals.Calls {
			t.Errorf("total = %+v, want the sums of the totals", v.Total)
		}
	}
	var v usageView
	p.do("GET", "/api/v1/usage?group=channel", nil, viewer).decode(t, &v)
	if r := v.Rows[1]; r.Channel != "widget" || r.Errors["timeout"] != 2 || r.Errors["cut"] != 1 || len(r.Errors) != 2 || r.P50 != 1000 || r.P95 != 5000 {
		t.Errorf("widget's row = %+v, want its errors by kind and its times", r)
	}
	v = usageView{}
	p.do("GET", "/api/v1/usage?group=outcome", nil, viewer).decode(t, &v)
	for _, r := range v.Rows {
		if r.Outcome == "timeout" && (r.P50 != 3000 || r.P95 != 5000) {
			t.Errorf("timeouts took %d and %d ms, want 3000 and 5000", r.P50, r.P95)
		}
	}
	for _, bad := range []string{"group=colour", "from=2026-11-02&to=2026-11-01", "from=yesterday"} {
		if got := p.do("GET", "/api/v1/usage?"+bad, nil, viewer); got.problem(t).Status != 422 {
			t.Errorf("usage?%s = %d, want 422", bad, got.code)
		}
		if got := p.do("GET", "/api/v1/usage.csv?"+bad, nil, viewer); got.problem(t).Status != 422 {
			t.Errorf("usage.csv?%s = %d, want 422", bad, got.code)
		}
	}
}

func TestAConversationsCallsAreListedWithTheirSum(t *testing.T) {
	p, id := booked(t)
	viewer := bearer(p.token(staff.RoleViewer))
	var v callsView
	p.do("GET", "/api/v1/conversations/"+id+"/usage", nil, viewer).decode(t, &v)
	if len(v.Calls) != 5 || v.Calls[0].Outcome != "discarded" || !v.Calls[0].Known || v.Total.Calls != 5 || v.Total.CostUSD != .000196 || v.Total.Failed != 3 {
		t.Errorf("calls = %+v, want five, the newest first", v)
	}
	v = callsView{}
	p.do("GET", "/api/v1/conversations/"+p.open()+"/usage", nil, viewer).decode(t, &v)
	if v.Calls == nil || len(v.Calls) != 0 || v.Total.Calls != 0 {
		t.Errorf("calls of a conversation without any = %+v", v)
	}
	if got := p.do("GET", "/api/v1/conversations/"+knowledge.NewID()+"/usage", nil, viewer); got.code != 404 {
		t.Errorf("an unknown conversation's usage = %d, want 404", got.code)
	}
}

func TestBudgetShowsWhereSpendingStands(t *testing.T) {
	p, _ := booked(t)
	viewer := bearer(p.token(staff.RoleViewer))
	var v budgetView
	p.do("GET", "/api/v1/budget", nil, viewer).decode(t, &v)
	if v.Day.Spent != .000196 || v.Day.Limit != nil || v.Day.Level != "ok" || !v.Day.Resets.After(time.Now()) || v.Visitor != nil {
		t.Errorf("budget = %+v, want what was spent and no limit", v)
	}
	micros := func(n int64) *int64 { return &n }
	for _, c := range []struct {
		spent, reserved, refused int64
		limit                    *int64
		want                     conversation.SpendLevel
	}{
		{10, 10, 0, nil, "ok"}, {10, 0, 0, micros(100), "ok"}, {70, 10, 0, micros(100), "warn"}, {100, 0, 0, micros(100), "spent"},
		{90, 0, 100, micros(100), "spent"}, {90, 0, 100, micros(200), "ok"}, {0, 0, 0, micros(0), "spent"},
	} {
		s := conversation.Spent{Micros: c.spent, Reserved: c.reserved, RefusedAt: c.refused}
		if got := s.Level(conversation.Spending{DayMicros: c.limit, Warn: .8}); got != c.want {
			t.Errorf("Level(%+v) = %s, want %s", c, got, c.want)
		}
	}
}

func TestModelsTellWhenTheyEnd(t *testing.T) {
	p := newPlace(t)
	p.console.now = func() time.Time { return time.Date(2027, 1, 4, 15, 0, 0, 0, time.UTC) }
	p.console.models = func() []conversation.ModelFact {
		return []conversation.ModelFact{{Name: "old", Tasks: []string{"answer"}, Known: true, Input: .15, Shutdown: time.Date(2027, 1, 14, 0, 0, 0, 0, time.UTC), Successor: "new"}, {Name: "own"}}
	}
	var v modelsView
	p.do("GET", "/api/v1/models", nil, bearer(p.token(staff.RoleViewer))).decode(t, &v)
	if len(v.Models) != 2 || v.Models[0].DaysLeft == nil || *v.Models[0].DaysLeft != 10 || v.Models[0].Shutdown != "2027-01-14" || v.Models[0].Input != .15 ||
		v.Models[1].DaysLeft != nil || v.Models[1].Known || v.Models[1].Tasks == nil {
		t.Errorf("models = %+v", v.Models)
	}
}

// rowsEngine is an engine whose books have as many rows as a test wants.
type rowsEngine struct {
	Engine
	rows int
	row  func(i int) conversation.UsageRow
	fail error
}

func (e rowsEngine) Usage(_ context.Context, _ conversation.UsageQuery, each func(conversation.UsageRow) error) error {
	for i := range e.rows {
		if err := each(e.row(i)); err != nil {
			return err
		}
	}
	return e.fail
}

// counter counts what it is written.
type counter struct {
	*httptest.ResponseRecorder
	n int
}

func (c *counter) Write(b []byte) (int, error) { c.n += len(b); return len(b), nil }

func TestAMillionRowsAreSentAsTheyCome(t *testing.T) {
	w := &counter{ResponseRecorder: httptest.NewRecorder()}
	behind, least := 0, len("2026-11-22,gpt,answer,,,1,0,,0,0,0,0,0.000000,0,0\r\n")
	e := rowsEngine{rows: 1_000_000, row: func(i int) conversation.UsageRow {
		behind = max(behind, i*least-w.n)
		return conversation.UsageRow{Day: "2026-11-22", Model: "gpt", Purpose: "answer", UsageSum: conversation.UsageSum{Calls: 1}}
	}}
	c := &Console{engine: e, now: time.Now}
	if err := c.usageCSV(w, httptest.NewRequest("GET", "/api/v1/usage.csv", nil), staff.Principal{}); err != nil {
		t.Fatal(err)
	}
	if w.n < 1_000_000*least {
		t.Errorf("%d bytes came, want a million rows of %d", w.n, least)
	}
	if behind > 64<<10 {
		t.Errorf("%d bytes were held back, want a few rows", behind)
	}
	// As JSON the same is refused.
	rec := httptest.NewRecorder()
	err := c.usage(rec, httptest.NewRequest("GET", "/api/v1/usage", nil), staff.Principal{})
	var p *Problem
	if !errors.As(err, &p) || p.Code != "too_many_rows" {
		t.Errorf("usage of a million rows = %v, want too_many_rows", err)
	}
}

func TestNoCellOfUsageIsAFormula(t *testing.T) {
	models := []string{`=cmd|' /C calc'!A0`, "+1", "-1", "@SUM(A1)", "\tx", "\r=x", "gpt-4o", "", "a=b", `say "hi", twice`}
	e := rowsEngine{rows: len(models), row: func(i int) conversation.UsageRow { return conversation.UsageRow{Model: models[i]} }}
	c := &Console{engine: e, now: time.Now}
	rec := httptest.NewRecorder()
	if err := c.usageCSV(rec, httptest.NewRequest("GET", "/api/v1/usage.csv", nil), staff.Principal{}); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(rec.Body).ReadAll()
	if err != nil || len(rows) != len(models)+1 {
		t.Fatalf("%d rows, %v; want %d", len(rows), err, len(models)+1)
	}
	for i, want := range models {
		got := rows[i+1][1]
		if strings.HasPrefix(got, "'") {
			got = got[1:]
		} else if want != "" && strings.ContainsRune("=+-@\t\r", rune(want[0])) {
			t.Errorf("cell %q is sent as it is", want)
		}
		if got != strings.ReplaceAll(want, "\r", "") { // encoding/csv drops it
			t.Errorf("cell %q came as %q", want, rows[i+1][1])
		}
	}
}

func TestAnExportThatFailsIsNoWholeFile(t *testing.T) {
	c := &Console{engine: rowsEngine{fail: errors.New("lost the database")}, now: time.Now}
	if err := c.usageCSV(httptest.NewRecorder(), httptest.NewRequest("GET", "/x", nil), staff.Principal{}); err == nil {
		t.Error("usageCSV() = nil, want the error where nothing was sent yet")
	}
	c.engine = rowsEngine{rows: 600, row: func(int) conversation.UsageRow { return conversation.UsageRow{} }, fail: errors.New("lost the database")}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.usageCSV(w, r, staff.Principal{}) }))
	defer srv.Close()
	res, err := http.Get(srv.URL)
	if err == nil {
		_, err = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	if err == nil {
		t.Error("a file that broke off was read without an error")
	}
}

func FuzzInert(f *testing.F) {
	for _, s := range []string{"=1", "", "a", "'=1", "\t", "ä"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := inert(s)
		if got != "" && strings.ContainsAny(got[:1], "=+-@\t\r\n") || got != s && got != "'"+s {
			t.Errorf("inert(%q) = %q", s, got)
		}
	})
}
