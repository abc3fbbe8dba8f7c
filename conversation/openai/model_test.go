package openai

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
)

func TestAnswerStreamsWithUsageAndCost(t *testing.T) {
	f := newFake(t, fine)
	var calls []Call
	m, _, _ := testModel(t, f, func(c *Config) { c.Observe = func(call Call) { calls = append(calls, call) } })
	text, reply, err := ask(t, m, question)
	if err != nil {
		t.Fatal(err)
	}
	// 600 fresh at 0.15, 400 cached at 0.075, 50 out at 0.60 dollars a million.
	want := conversation.ModelReply{Text: "It is on its way.", Model: "gpt-4o-mini", Finish: "stop",
		Usage: conversation.Usage{InputTokens: 1000, CachedTokens: 400, OutputTokens: 50, CostMicros: 150}}
	if text != want.Text || !reflect.DeepEqual(reply, want) {
		t.Errorf("Stream = %q, %+v, want %+v", text, reply, want)
	}
	if len(calls) != 1 || calls[0].Model != "gpt-4o-mini" || calls[0].Attempts != 1 || calls[0].Kind != "" || calls[0].Usage != want.Usage {
		t.Errorf("Observe was told %+v, want one good call", calls)
	}
	body := f.requests()[0]
	if body["max_tokens"] != 200.0 || body["user"] != "c-7f3a" || body["stream"] != true || body["max_completion_tokens"] != nil {
		t.Errorf("request = %v, want the parameters that compatible servers know", body)
	}
}

func TestOpenAIGetsTheNewParameterNames(t *testing.T) {
	m, _, _ := testModel(t, newFake(t, fine), func(c *Config) { c.BaseURL = "" })
	for model, effort := range map[string]string{"gpt-4o-mini": "", "gpt-6-luna": "none", "gpt-5-mini": "minimal"} {
		p, sent, err := m.build(model, question)
		if err != nil {
			t.Fatal(err)
		}
		if string(p.ReasoningEffort) != effort || p.SafetyIdentifier.Value != "c-7f3a" || p.PromptCacheKey.Value != "c-7f3a" || p.User.Valid() {
			t.Errorf("build(%s) = %+v, want effort %q and the user as safety and cache key", model, p, effort)
		}
		room := int64(200)
		if effort == "minimal" {
			room += reasoningRoom
		}
		if p.MaxCompletionTokens.Value != room || p.MaxTokens.Valid() {
			t.Errorf("build(%s) leaves %v tokens, want max_completion_tokens %d; sent %v", model, p.MaxCompletionTokens, room, sent)
		}
	}
}

func TestModelWithoutToolsIsSentNone(t *testing.T) {
	m, _, _ := testModel(t, newFake(t, fine), nil)
	req := question
	req.Tools = []conversation.Tool{{Name: "hand_over", Parameters: json.RawMessage(`{"type":"object"}`)}}
	for model, want := range map[string]int{"gpt-4o-mini": 1, "gpt-6.1-sol": 0, "some-local-model": 1} {
		p, _, err := m.build(model, req)
		if err != nil || len(p.Tools) != want {
			t.Errorf("build(%s) has %d tools, %v, want %d", model, len(p.Tools), err, want)
		}
	}
}

func TestRateLimitIsWaitedOutAsLongAsTheServerSays(t *testing.T) {
	for _, c := range []struct {
		header, value string
		want          time.Duration
	}{
		{"Retry-After", "2", 2 * time.Second},
		{"Retry-After-Ms", "150", 150 * time.Millisecond},
		{"Retry-After", "Sun, 22 Nov 2026 12:00:03 GMT", 3 * time.Second},
	} {
		f := newFake(t, status(429, `{"error":{"message":"slow down","code":"rate_limit_exceeded"}}`, c.header, c.value), fine)
		m, clock, _ := testModel(t, f, nil)
		text, _, err := ask(t, m, question)
		if err != nil || text != "It is on its way." {
			t.Errorf("%s %s: Stream = %q, %v, want the answer", c.header, c.value, text, err)
		}
		if got := clock.waited(); len(got) != 1 || got[0] != c.want {
			t.Errorf("%s %s: waited %v, want %v", c.header, c.value, got, c.want)
		}
	}
}

func TestLongRetryAfterIsNotWaitedOut(t *testing.T) {
	f := newFake(t, status(429, `{"error":{"message":"slow down"}}`, "Retry-After", "40"))
	m, clock, _ := testModel(t, f, nil)
	_, _, err := ask(t, m, question)
	if failure := wantKind(t, err, conversation.ErrRateLimited); failure.RetryAfter != 40*time.Second {
		t.Errorf("RetryAfter = %v, want 40s", failure.RetryAfter)
	}
	if n := len(f.requests()); n != 1 || len(clock.waited()) != 0 {
		t.Errorf("%d requests, waits %v, want one request and no wait", n, clock.waited())
	}
}

func TestServerErrorIsRetriedAndThenReported(t *testing.T) {
	m, _, _ := testModel(t, newFake(t, status(500, "oops"), fine), nil)
	if text, _, err := ask(t, m, question); err != nil || text != "It is on its way." {
		t.Errorf("Stream after one 500 = %q, %v, want the answer", text, err)
	}
	f := newFake(t, status(503, "<html>"+secretText))
	m, clock, _ := testModel(t, f, nil)
	_, _, err := ask(t, m, question)
	wantKind(t, err, conversation.ErrUnavailable)
	if n := len(f.requests()); n != maxAttempts {
		t.Errorf("%d requests, want %d", n, maxAttempts)
	}
	var total time.Duration
	for _, d := range clock.waited() {
		total += d
	}
	if total > maxWait {
		t.Errorf("waited %v in all, want at most %v", total, maxWait)
	}
}

func TestHopelessErrorsAreNotRetried(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		kind    conversation.ErrorKind
	}{
		"invalid key":        {failing(401, "Incorrect API key provided: "+testKey, "invalid_api_key"), conversation.ErrAuth},
		"forbidden":          {failing(403, "Country not supported", ""), conversation.ErrAuth},
		"spent quota":        {failing(429, "You exceeded your current quota", "insufficient_quota"), conversation.ErrQuota},
		"gone model":         {failing(404, "The model does not exist", "model_not_found"), conversation.ErrGone},
		"gone, error string": {status(404, `{"error":"model \"x\" not found, try pulling it first"}`), conversation.ErrGone},
		"too long":           {failing(400, "maximum context length is 8192: "+secretText, "context_length_exceeded"), conversation.ErrBadRequest},
		"vllm":               {status(400, `{"object":"error","message":"`+secretText+`","type":"BadRequestError","code":400}`), conversation.ErrBadRequest},
		"fastapi":            {status(422, `{"detail":[{"loc":["body","x"],"input":"`+secretText+`"}]}`), conversation.ErrBadRequest},
		"filtered":           {failing(400, "The prompt was filtered", "content_filter"), conversation.ErrContentFilter},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, c.handler)
			m, _, log := testModel(t, f, nil)
			_, _, err := ask(t, m, question)
			wantKind(t, err, c.kind)
			if n := len(f.requests()); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
			if strings.Contains(log.String(), testKey) || strings.Contains(log.String(), secretText) {
				t.Errorf("the log holds a key or a customer's words: %s", log)
			}
		})
	}
}

func TestGoneModelGivesWayToTheNextAndIsRemembered(t *testing.T) {
	gone := failing(404, "The model `gpt-4o-mini` has been deprecated", "model_not_found")
	f := newFake(t, gone, fine, fine, gone, fine)
	m, clock, _ := testModel(t, f, func(c *Config) { c.Models = []string{"gpt-4o-mini", "gpt-6-luna"} })
	models := func() (list []string) {
		for _, r := range f.requests() {
			list = append(list, r["model"].(string))
		}
		return list
	}
	for range 2 {
		if _, reply, err := ask(t, m, question); err != nil || reply.Model != "gpt-6-luna" {
			t.Fatalf("Stream = %+v, %v, want an answer of gpt-6-luna", reply, err)
		}
	}
	if want := []string{"gpt-4o-mini", "gpt-6-luna", "gpt-6-luna"}; !reflect.DeepEqual(models(), want) {
		t.Errorf("models asked = %v, want %v", models(), want)
	}
	clock.advance(goneFor)
	if _, _, err := ask(t, m, question); err != nil || len(models()) != 5 {
		t.Errorf("after a while: %v, models asked %v, want the first model tried again", err, models())
	}
}

func TestARequestMayNameItsModel(t *testing.T) {
	f := newFake(t, fine, fine)
	m, _, _ := testModel(t, f, func(c *Config) { c.Models = []string{"gpt-4o-mini"} })
	named := question
	named.Models = []string{"gpt-6-luna"}
	for req, want := range map[*conversation.ModelRequest]string{&named: "gpt-6-luna", &question: "gpt-4o-mini"} {
		if _, reply, err := ask(t, m, *req); err != nil || reply.Model != want {
			t.Errorf("Stream with models %v = %+v, %v, want an answer of %s", req.Models, reply, err, want)
		}
	}
}

func TestAllModelsGoneIsSaidWithoutAsking(t *testing.T) {
	f := newFake(t, failing(404, "no", "model_not_found"))
	m, _, _ := testModel(t, f, nil)
	for range 3 {
		_, _, err := ask(t, m, question)
		wantKind(t, err, conversation.ErrGone)
	}
	if n := len(f.requests()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

func TestRefusedParametersAreLeftOutFromThenOn(t *testing.T) {
	req := question
	req.Tools = []conversation.Tool{{Name: "hand_over", Description: "d", Parameters: json.RawMessage(`{"type":"object"}`)}}
	for name, c := range map[string]struct {
		code   int
		body   string
		absent string
		other  string // sent in its place
	}{
		"usage":          {400, `{"error":{"message":"Unrecognized request argument supplied: stream_options"}}`, "stream_options", ""},
		"mistral":        {422, `{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}}`, "stream_options", ""},
		"new limit name": {400, `{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","param":"max_tokens","code":"unsupported_parameter"}}`, "max_tokens", "max_completion_tokens"},
		"ollama tools":   {400, `{"error":"registry.ollama.ai/library/gemma:2b does not support tools"}`, "tools", ""},
		"vllm tools":     {400, `{"object":"error","message":"\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set"}`, "tools", ""},
		"user":           {400, `{"error":{"message":"Unknown parameter: 'user'."}}`, "user", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, status(c.code, c.body), fine)
			m, clock, _ := testModel(t, f, nil)
			for range 2 {
				if _, _, err := ask(t, m, req); err != nil {
					t.Fatalf("Stream: %v", err)
				}
			}
			got := f.requests()
			if len(got) != 3 || got[0][c.absent] == nil || got[1][c.absent] != nil || got[2][c.absent] != nil {
				t.Errorf("requests = %v, want %s only in the first of three", got, c.absent)
			}
			if c.other != "" && got[2][c.other] == nil {
				t.Errorf("request = %v, want %s", got[2], c.other)
			}
			if len(clock.waited()) != 0 {
				t.Errorf("waited %v, want none: nothing is to be waited for", clock.waited())
			}
		})
	}
}

func TestServerThatRefusesEverythingIsLeftInTheEnd(t *testing.T) {
	f := newFake(t, status(400, `{"error":{"message":"unknown parameters: stream_options, max_tokens, max_completion_tokens, 'user'"}}`))
	m, _, _ := testModel(t, f, nil)
	_, _, err := ask(t, m, question)
	wantKind(t, err, conversation.ErrBadRequest)
	if n := len(f.requests()); n != 5 {
		t.Errorf("%d requests, want 5: one more for each parameter", n)
	}
}

func TestCancelledContextReturnsAtOnceAndClosesTheConnection(t *testing.T) {
	closed := make(chan struct{})
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		stream(delta("It is "))(w, r)
		<-r.Context().Done()
		close(closed)
	})
	var calls []Call
	m, _, _ := testModel(t, f, func(c *Config) { c.Observe = func(call Call) { calls = append(calls, call) } })
	ctx, cancel := context.WithCancel(t.Context())
	reply, err := m.Stream(ctx, question, func(string) { cancel() })
	if err != context.Canceled {
		t.Errorf("Stream error = %v, want the context's own", err)
	}
	if reply.Text != "It is " || !reply.Usage.Estimated {
		t.Errorf("reply = %+v, want what was emitted and an estimate of its usage", reply)
	}
	if len(calls) != 1 || calls[0].Kind != Canceled {
		t.Errorf("Observe was told %+v, want one cancelled call", calls)
	}
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Error("the server still holds the connection")
	}
}

func TestDeadServerIsGivenAPauseAndProbed(t *testing.T) {
	f := newFake(t, status(400, "{}"))
	m, clock, _ := testModel(t, f, nil)
	f.Server.Close()
	for range breakAfter {
		_, _, err := ask(t, m, question)
		wantKind(t, err, conversation.ErrUnavailable)
	}
	before := len(clock.waited())
	_, _, err := ask(t, m, question)
	if failure := wantKind(t, err, conversation.ErrUnavailable); failure.RetryAfter <= 0 || failure.RetryAfter > firstPause {
		t.Errorf("RetryAfter = %v, want the rest of the pause", failure.RetryAfter)
	}
	if len(clock.waited()) != before {
		t.Error("the open circuit let a call through")
	}
}

func TestLocalServerNeedsNoKeyAndOpenAIDoes(t *testing.T) {
	if _, err := New(Config{Models: []string{"gpt-4o-mini"}}); err != ErrNoKey {
		t.Errorf("New without key and URL = %v, want ErrNoKey", err)
	}
	t.Setenv("OPENAI_API_KEY", "sk-from-the-environment")
	var auth []string
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		auth = r.Header["Authorization"]
		fine(w, r)
	})
	m, _, _ := testModel(t, f, func(c *Config) { c.APIKey = "" })
	if _, _, err := ask(t, m, question); err != nil || auth != nil {
		t.Errorf("Stream without a key = %v with Authorization %q, want success and none", err, auth)
	}
	for _, u := range []string{"localhost:8000", "ftp://x/v1", "/v1", "http://%zz"} {
		if _, err := New(Config{BaseURL: u, Models: []string{"m"}}); err == nil {
			t.Errorf("New with base URL %q succeeded", u)
		}
	}
}

func TestManyCallsAtOnce(t *testing.T) {
	// What a server does not know it never does, whichever call is first to ask.
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Model         string
			StreamOptions any `json:"stream_options"`
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Errorf("request body: %v", err)
		}
		switch {
		case asked.Model == "gpt-4o-mini":
			failing(404, "gone", "model_not_found")(w, r)
		case asked.StreamOptions != nil:
			status(400, `{"error":{"message":"Unknown parameter: 'stream_options'."}}`)(w, r)
		default:
			fine(w, r)
		}
	})
	m, _, _ := testModel(t, f, func(c *Config) { c.Models = []string{"gpt-4o-mini", "gpt-6-luna"} })
	var wg sync.WaitGroup
	for range 60 {
		wg.Go(func() {
			// Some find the first model gone and a parameter refused, in any order; none notices.
			var deltas strings.Builder
			reply, err := m.Stream(t.Context(), question, func(d string) { deltas.WriteString(d) })
			if err != nil || reply.Text != "It is on its way." || deltas.String() != reply.Text {
				t.Errorf("Stream = %q, %v, emitted %q", reply.Text, err, deltas.String())
			}
		})
	}
	wg.Wait()
	if text, _, err := ask(t, m, question); err != nil || text != "It is on its way." {
		t.Errorf("Stream afterwards = %q, %v, want the answer", text, err)
	}
}

func TestPrintedConfigHoldsNoKey(t *testing.T) {
	cfg := Config{APIKey: testKey, Models: []string{"gpt-4o-mini"}}
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", cfg, cfg, cfg, cfg), fmt.Sprintf("%v %+v %#v", m, m, m)} {
		if strings.Contains(text, testKey) {
			t.Errorf("%s holds the key", text)
		}
	}
}
