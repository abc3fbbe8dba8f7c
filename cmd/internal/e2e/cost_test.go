package e2e

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/cmd/internal/fakeai"
	"frontdesk/cmd/internal/proc"
	"frontdesk/cmd/internal/visitor"
	"frontdesk/knowledge"
)

// billed is what calls of a model cost by the provider's price list, in millionths of a
// dollar, each call rounded up.
func billed(bills []fakeai.Bill) (micros int64, in, cached, out, calls int64) {
	for _, b := range bills {
		thousandths := int64(b.Input-b.Cached)*150 + int64(b.Cached)*75 + int64(b.Output)*600
		switch b.Model {
		case "text-embedding-3-small":
			thousandths = int64(b.Input) * 20
		case "gpt-4o-mini-transcribe":
			thousandths = int64(b.Input)*3000 + int64(b.Output)*5000
		case "judge":
			thousandths = int64(b.Input) * 50
		}
		micros += (thousandths + 999) / 1000
		in, cached, out, calls = in+int64(b.Input), cached+int64(b.Cached), out+int64(b.Output), calls+1
	}
	return micros, in, cached, out, calls
}

// TestEveryCallIsBookedToTheMicroDollar has the whole program answer, rewrite, sum up,
// embed, rerank, listen, help staff, be superseded and be interrupted, and compares its
// books with the provider's.
func TestEveryCallIsBookedToTheMicroDollar(t *testing.T) {
	var n atomic.Int64
	ai, o := setup(t, func(r fakeai.Request) fakeai.Reply {
		i := int(n.Add(1))
		reply := fakeai.Reply{Input: 1100 + 13*i, Cached: 128 * (i % 9), Running: true, Text: "You have sixty days [1]."}
		switch {
		case strings.HasPrefix(r.Messages[0].Content, "You prepare searches"):
			reply.Text = "Until when may boots be sent back?"
		case strings.HasPrefix(r.Messages[0].Content, "You keep notes"):
			reply.Text = "The customer asks about boots."
		case strings.HasPrefix(r.Messages[0].Content, "You brief a colleague"):
			reply.Text = "Boots, to be sent back."
		case strings.HasPrefix(r.Messages[0].Content, "You translate"):
			reply.Text = "Sie haben sechzig Tage."
		case strings.Contains(r.Turn(), "INTERRUPT") && !strings.Contains(r.Turn(), "Never mind"):
			reply.Text, reply.HangAfter = "You have sixty days to wait for it", 4
		case strings.Contains(r.Turn(), "CUT"):
			reply.Text, reply.CutAfter = "You have sixty days for it", 3
		case strings.Contains(r.Turn(), "REFUSE"):
			return fakeai.Reply{Status: 400, Error: "content_filter"}
		}
		return reply
	})
	ai.Hear(func(fakeai.Heard) string { return "How long have I got for sending back boots that do not fit?" })
	o.Env = append(o.Env, "OPENAI_EMBEDDING_MODEL=text-embedding-3-small", "OPENAI_EMBEDDING_DIMENSIONS=64", "RERANK_MODEL=judge")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	s, err := proc.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Kill()
	staff := staffOf(t, o, s.URL)
	// Of a model that nobody knows the price is set.
	staff.do(http.MethodPut, "/api/v1/settings/prices", map[string]any{"version": 0,
		"models": map[string]any{"judge": map[string]float64{"input": .05, "cached": .05, "output": 0}}}, nil, 200)

	talk := func(v *visitor.Visitor, text string) {
		t.Helper()
		seq, err := v.Send(ctx, knowledge.NewID(), text)
		if err != nil {
			t.Fatal(err)
		}
		answer(t, ctx, v, seq)
	}
	first, err := visitor.New(ctx, http.DefaultClient, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("I wore these brown boots on the way to work and they pinch me every single day. ", 90)
	for i := range 4 {
		talk(first, fmt.Sprintf("%d. How long have I got for sending back boots that do not fit? %s", i, long))
	}
	talk(first, "CUT How long have I got for sending back boots?")
	talk(first, "REFUSE How long have I got for sending back boots?")

	second, err := visitor.New(ctx, http.DefaultClient, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	talk(second, "Xylophones")
	talk(second, "and what about it?")

	third, err := visitor.New(ctx, http.DefaultClient, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	voice, err := third.Upload(ctx, "voice.oga", opus())
	if err != nil {
		t.Fatal(err)
	}
	seq, err := third.SendFiles(ctx, knowledge.NewID(), "", voice)
	if err != nil {
		t.Fatal(err)
	}
	answer(t, ctx, third, seq)
	spoken := "/api/v1/conversations/" + staff.newest()
	staff.post(spoken+"/suggest", nil, 200)
	staff.post(spoken+"/summarize", nil, 200)
	staff.post(spoken+"/translate", map[string]string{"text": "You have sixty days.", "to": "de"}, 200)

	for i, interrupt := range []func(v *visitor.Visitor, id string){
		func(_ *visitor.Visitor, id string) { staff.post("/api/v1/conversations/"+id+"/takeover", nil, 200) },
		func(v *visitor.Visitor, _ string) { talk(v, "Never mind. How long have I got for sending back boots?") },
	} {
		v, err := visitor.New(ctx, http.DefaultClient, s.URL)
		if err != nil {
			t.Fatal(err)
		}
		seq, err := v.Send(ctx, knowledge.NewID(), "INTERRUPT How long have I got for sending back boots that do not fit?")
		if err != nil {
			t.Fatal(err)
		}
		heard := ""
		err = v.Watch(ctx, seq, func(e visitor.Event) bool {
			if e.Name == "delta" {
				var d struct{ Text string }
				json.Unmarshal(e.Raw, &d)
				heard += d.Text
			}
			return !strings.Contains(heard, "days")
		})
		if err != nil {
			t.Fatalf("interruption %d: heard %q: %v", i, heard, err)
		}
		interrupt(v, staff.newest())
	}

	type sums struct {
		Calls  int64
		In     int64   `json:"input_tokens"`
		Cached int64   `json:"cached_tokens"`
		Out    int64   `json:"output_tokens"`
		Cost   float64 `json:"cost_usd"`
	}
	type row struct {
		Purpose, Outcome string
		sums
	}
	var usage struct {
		Rows   []row
		Totals struct {
			sums
			Conversations int64
			Share         float64 `json:"cached_share"`
		}
	}
	micros := func(usd float64) int64 { return int64(math.Round(usd * 1e6)) }
	deadline := time.Now().Add(20 * time.Second)
	var want [4]int64
	for same := false; !same; {
		staff.do(http.MethodGet, "/api/v1/usage?group=purpose,outcome", nil, &usage, 200)
		want[0], want[1], want[2], want[3], _ = billed(ai.Bills())
		got := usage.Totals
		same = [4]int64{micros(got.Cost), got.In, got.Cached, got.Out} == want
		if !same && time.Now().After(deadline) {
			t.Fatalf("booked %d micro-dollars for %d, %d cached, %d out; the provider counted %v\n%+v\n%+v", micros(got.Cost), got.In, got.Cached, got.Out, want, usage.Rows, ai.Bills())
		}
		time.Sleep(20 * time.Millisecond)
	}
	seen := map[string]bool{}
	byRow := int64(0)
	for _, r := range usage.Rows {
		seen[r.Purpose], seen[r.Outcome] = true, true
		byRow += micros(r.Cost)
	}
	if byRow != want[0] {
		t.Errorf("rows sum up to %d, the total is %d", byRow, want[0])
	}
	for _, name := range []string{"answer", "rewrite", "summary", "embed", "embed_query", "rerank", "transcribe", "suggest", "summarize", "translate", "ok", "cut", "content_filter", "cancelled"} {
		if !seen[name] {
			t.Errorf("nothing was booked as %s; rows: %+v", name, usage.Rows)
		}
	}
	if usage.Totals.Conversations != 5 || usage.Totals.Share <= 0 {
		t.Errorf("totals = %+v, want five conversations and a cached share", usage.Totals)
	}

	var budget struct {
		Day struct {
			SpentUSD float64  `json:"spent_usd"`
			Limit    *float64 `json:"limit_usd"`
			Level    string
		}
	}
	staff.do(http.MethodGet, "/api/v1/budget", nil, &budget, 200)
	if micros(budget.Day.SpentUSD) != want[0] || budget.Day.Limit != nil || budget.Day.Level != "ok" {
		t.Errorf("budget = %+v, want the same sum and no limit", budget.Day)
	}
	var talks struct{ Conversations []struct{ ID string } }
	staff.do(http.MethodGet, "/api/v1/conversations", nil, &talks, 200)
	perTalk := int64(0)
	for _, c := range talks.Conversations {
		var v struct {
			Calls []struct {
				Cost  float64 `json:"cost_usd"`
				Known bool
			}
			Total sums
		}
		staff.do(http.MethodGet, "/api/v1/conversations/"+c.ID+"/usage", nil, &v, 200)
		sum := int64(0)
		for _, call := range v.Calls {
			sum += micros(call.Cost)
		}
		if sum != micros(v.Total.Cost) || len(v.Calls) == 0 {
			t.Errorf("conversation %s: calls of %d, total of %d", c.ID, sum, micros(v.Total.Cost))
		}
		perTalk += sum
	}
	if documents := costOf(usage.Rows, "embed", func(r row) (string, float64) { return r.Purpose, r.Cost }); perTalk+documents != want[0] {
		t.Errorf("conversations cost %d and documents %d, together not %d", perTalk, documents, want[0])
	}
	if got := sheetCost(t, staff); got != want[0] {
		t.Errorf("the CSV file sums up to %d, want %d", got, want[0])
	}
}

func costOf[R any](rows []R, purpose string, of func(R) (string, float64)) (micros int64) {
	for _, r := range rows {
		if p, cost := of(r); p == purpose {
			micros += int64(math.Round(cost * 1e6))
		}
	}
	return micros
}

// sheetCost sums the column cost_usd of the exported file.
func sheetCost(t *testing.T, c colleague) (micros int64) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+"/api/v1/usage.csv?group=day,model,purpose,channel", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	rows, err := csv.NewReader(bufio.NewReader(res.Body)).ReadAll()
	if err != nil || len(rows) < 2 || res.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Fatalf("usage.csv = %q %v, %v", rows, res.Header, err)
	}
	for _, row := range rows[1:] {
		var usd float64
		fmt.Sscan(row[12], &usd)
		micros += int64(math.Round(usd * 1e6))
	}
	return micros
}
