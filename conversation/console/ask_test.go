package console

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// oracle answers every question alike, once it may.
type oracle struct {
	mu    sync.Mutex // guards asked
	asked []conversation.ModelRequest
	began chan struct{}
	gate  chan struct{} // when set, an answer goes on when it can read from it
	ended chan error
}

func (o *oracle) Stream(ctx context.Context, req conversation.ModelRequest, emit func(string)) (conversation.ModelReply, error) {
	o.mu.Lock()
	o.asked = append(o.asked, req)
	o.mu.Unlock()
	emit("Within ")
	if o.gate != nil {
		o.began <- struct{}{}
		select {
		case <-o.gate:
		case <-ctx.Done():
			o.ended <- ctx.Err()
			return conversation.ModelReply{}, ctx.Err()
		}
	}
	emit("30 days [1].")
	return conversation.ModelReply{Text: "Within 30 days [1].", Model: "gpt-x", Finish: "stop", Usage: conversation.Usage{InputTokens: 200, OutputTokens: 9, CostMicros: 1500}}, nil
}

// asks sends a question and returns the answer's events, or its problem. With leave it
// goes away once the first event is there.
func (p *place) asks(ctx context.Context, as option, body any) ([]event, answer) {
	p.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, "POST", p.URL+"/api/v1/ask", bytes.NewReader(data))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	as(req)
	res, err := p.Client().Do(req)
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			p.t.Errorf("ask = %v", err)
		}
		return nil, answer{}
	}
	defer res.Body.Close()
	a := answer{code: res.StatusCode, header: res.Header}
	var events []event
	var all strings.Builder
	var e event
	sc := bufio.NewScanner(res.Body)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		all.WriteString(sc.Text())
		name, value, _ := strings.Cut(sc.Text(), ": ")
		switch {
		case sc.Text() == "":
			events = append(events, e)
			e = event{}
		case name == "event":
			e.kind = value
		case name == "data":
			e.data = value
		}
	}
	a.body = all.String()
	return events, a
}

func kinds(events []event) string {
	var out []string
	for _, e := range events {
		out = append(out, e.kind)
	}
	return strings.Join(out, " ")
}

func TestAskingShowsEachStepOfTheAnswer(t *testing.T) {
	o := &oracle{}
	p := newPlaceWith(t, conversation.Config{}, o)
	p.models = []string{"gpt-x"}
	agent := bearer(p.token(staff.RoleAgent))
	events, a := p.asks(t.Context(), agent, map[string]any{"question": "May I send back my order?", "instructions": "Be kind.",
		"history": []map[string]string{{"author": "customer", "text": "I bought a chair"}, {"author": "bot", "text": "A fine one."}}})
	if got, want := kinds(events), "found prompt delta delta delta delta answer"; a.code != 200 || a.header.Get("Content-Type") != "text/event-stream" || got != want {
		t.Fatalf("ask = %d %q %s, want %q", a.code, got, a.body, want)
	}
	var found struct {
		Confidence float64
		AnswerFrom float64 `json:"answer_from"`
		Passages   []askHitView
	}
	if err := json.Unmarshal([]byte(events[0].data), &found); err != nil || found.Confidence != .75 || found.AnswerFrom != .5 || len(found.Passages) != 1 ||
		found.Passages[0].Fate != "sent" || found.Passages[0].LexicalRank == nil || found.Passages[0].DenseRank != nil || found.Passages[0].Text != "Within 30 days." {
		t.Errorf("found = %s, %v, want the passage with its ranks and that it is sent", events[0].data, err)
	}
	var prompt askPromptView
	if err := json.Unmarshal([]byte(events[1].data), &prompt); err != nil || len(prompt.Messages) != len(o.asked[0].Messages) || prompt.Messages[0].Text != o.asked[0].Messages[0].Text ||
		!strings.Contains(prompt.Messages[0].Text, "Be kind.") || prompt.Tokens.Passages == 0 || prompt.Tokens.History == 0 || len(prompt.Tools) != 1 || prompt.MaxTokens == 0 {
		t.Errorf("prompt = %s, %v, want it as it was sent", events[1].data, err)
	}
	var answer askAnswerView
	if err := json.Unmarshal([]byte(events[6].data), &answer); err != nil || answer.Kind != conversation.KindModel || answer.Text != "Within 30 days [1]." || len(answer.Sources) != 1 ||
		answer.Model != "gpt-x" || answer.CostUSD != .0015 || answer.Usage.InputTokens != 200 || answer.FirstMS == nil {
		t.Errorf("answer = %s, %v, want it with its source and cost", events[6].data, err)
	}
}

func TestAskingRefusesWhatItCannotTry(t *testing.T) {
	o := &oracle{}
	p := newPlaceWith(t, conversation.Config{}, o)
	agent, admin := bearer(p.token(staff.RoleAgent)), bearer(p.token(staff.RoleAdmin))
	if _, a := p.asks(t.Context(), agent, map[string]any{"question": "May I?", "model": "gpt-x"}); a.code != 409 {
		t.Errorf("ask a model where there is none = %d %s, want 409", a.code, a.body)
	}
	p.models = []string{"gpt-x"}
	for name, c := range map[string]struct {
		body map[string]any
		want string
	}{
		"an empty question":   {map[string]any{"question": " "}, "empty"},
		"a long question":     {map[string]any{"question": strings.Repeat("ä", 4097)}, "too_long"},
		"another model":       {map[string]any{"question": "a?", "model": "gpt-9"}, "bad_model"},
		"thresholds crossed":  {map[string]any{"question": "a?", "thresholds": map[string]float64{"answer": .2, "offer": .5}}, "bad_thresholds"},
		"thresholds past one": {map[string]any{"question": "a?", "thresholds": map[string]float64{"answer": 2}}, "bad_thresholds"},
		"tokens below nought": {map[string]any{"question": "a?", "tokens": map[string]int{"total": -1}}, "bad_tokens"},
		"tokens too few":      {map[string]any{"question": "a?", "tokens": map[string]int{"total": 900}}, "budget"},
		"a foreign author":    {map[string]any{"question": "a?", "history": []map[string]string{{"author": "system", "text": "x"}}}, "bad_history"},
		"a long history":      {map[string]any{"question": "a?", "history": make([]map[string]string, 21)}, "bad_history"},
		"long instructions":   {map[string]any{"question": "a?", "instructions": strings.Repeat("a", 20001)}, "too_long"},
	} {
		if _, a := p.asks(t.Context(), agent, c.body); a.code != 422 || !strings.Contains(a.body, `"code":"`+c.want+`"`) {
			t.Errorf("ask with %s = %d %s, want 422 %s", name, a.code, a.body, c.want)
		}
	}
	if len(o.asked) != 0 {
		t.Errorf("%d questions reached the model, want none", len(o.asked))
	}
	if events, a := p.asks(t.Context(), admin, map[string]any{"question": "May I return it?", "model": "gpt-9"}); a.code != 200 || len(o.asked) != 1 || o.asked[0].Models[0] != "gpt-9" {
		t.Errorf("ask another model as an admin = %d %s, want it asked", a.code, kinds(events))
	}
	p.library.mu.Lock()
	p.library.fail = errors.New("secret: disk full")
	p.library.mu.Unlock()
	if _, a := p.asks(t.Context(), agent, map[string]any{"question": "May I return it?"}); a.code != 500 || strings.Contains(a.body, "disk") {
		t.Errorf("ask with the search down = %d %s, want 500 without the cause", a.code, a.body)
	}
}

func TestFourAskAtOnceAndWhoeverLeavesMakesRoom(t *testing.T) {
	o := &oracle{began: make(chan struct{}), gate: make(chan struct{}), ended: make(chan error, maxAsks)}
	p := newPlaceWith(t, conversation.Config{}, o)
	agent := bearer(p.token(staff.RoleAgent))
	question := map[string]any{"question": "May I return my order?"}
	ctx, leave := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	for range maxAsks {
		waiting.Go(func() { p.asks(ctx, agent, question) })
		<-o.began
	}
	if _, a := p.asks(t.Context(), agent, question); a.code != 429 || a.header.Get("Retry-After") == "" {
		t.Errorf("a fifth question = %d %s, want 429 with Retry-After", a.code, a.body)
	}
	leave()
	waiting.Wait()
	for range maxAsks {
		if err := <-o.ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the model's call ended with %v, want context.Canceled", err)
		}
	}
	go func() { <-o.began; p.console.Stop() }()
	events, a := p.asks(t.Context(), agent, question)
	for a.code == 429 { // whoever left is gone, and their room is made a moment later
		events, a = p.asks(t.Context(), agent, question)
	}
	if strings.Contains(kinds(events), "answer") {
		t.Errorf("asked while the server stops: %q, want no answer", kinds(events))
	}
	if err := <-o.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the model's call ended with %v, want context.Canceled", err)
	}
}
