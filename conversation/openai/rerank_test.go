package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
)

func testReranker(t *testing.T, f *fake, change func(*Config)) *Reranker {
	t.Helper()
	c := newClock()
	cfg := Config{APIKey: testKey, BaseURL: f.URL + "/v1/", now: c.now, wait: c.wait}
	if change != nil {
		change(&cfg)
	}
	r, err := NewReranker(cfg, "bge-reranker")
	if err != nil {
		t.Fatalf("NewReranker: %v", err)
	}
	return r
}

// says answers with a body.
func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// byLength judges each document by its length, best first.
func byLength(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v1/rerank" || r.Header.Get("Authorization") != "Bearer "+testKey || r.Method != http.MethodPost {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	var req struct {
		Documents []string
		TopN      int `json:"top_n"`
	}
	json.NewDecoder(r.Body).Decode(&req)
	var results []map[string]any
	for i, d := range req.Documents {
		results = append(results, map[string]any{"index": i, "relevance_score": float64(len(d)) / 100, "document": map[string]string{"text": d}})
	}
	slices.Reverse(results)
	json.NewEncoder(w).Encode(map[string]any{"model": "bge-reranker", "results": results[:req.TopN]})
}

func TestScoresComeInTheOrderOfTheTexts(t *testing.T) {
	f := newFake(t, byLength)
	r := testReranker(t, f, nil)
	got, err := r.Rerank(t.Context(), "how long?", []string{"four", "a longer text", "\xff"})
	if err != nil || !slices.Equal(got, []float64{.04, .13, .03}) {
		t.Errorf("Rerank = %v, %v, want [.04 .13 .03]", got, err)
	}
	sent := f.requests()[0]
	if sent["model"] != "bge-reranker" || sent["query"] != "how long?" || sent["top_n"] != 3. || len(sent) != 4 {
		t.Errorf("sent %v, want model, query, documents and top_n", sent)
	}
	if got, err := r.Rerank(t.Context(), "x", nil); got != nil || err != nil || len(f.requests()) != 1 {
		t.Errorf("Rerank(no texts) = %v, %v after %d requests, want nothing asked", got, err, len(f.requests()))
	}
}

func TestWhatRerankingTookIsRead(t *testing.T) {
	for body, want := range map[string]int{
		`{"results":[{"index":0,"relevance_score":1}],"usage":{"total_tokens":9}}`:                   9,
		`{"results":[{"index":0,"relevance_score":1}],"usage":{"prompt_tokens":7,"total_tokens":5}}`: 7,
		`{"results":[{"index":0,"relevance_score":1}],"usage":{"total_tokens":-9}}`:                  0,
		`[{"index":0,"score":1}]`: 0,
	} {
		_, used, err := testReranker(t, newFake(t, says(200, body)), nil).RerankCounted(t.Context(), "q", []string{"a"})
		if err != nil || used.InputTokens != want {
			t.Errorf("RerankCounted with answer %s = %+v, %v, want %d tokens", body, used, err, want)
		}
	}
}

func TestEverySpellingOfScoresIsRead(t *testing.T) {
	for _, body := range []string{
		`{"results":[{"index":1,"relevance_score":0.25},{"index":0,"relevance_score":-3}]}`,
		`{"data":[{"index":0,"relevance_score":-3},{"index":1,"relevance_score":0.25}],"usage":{"total_tokens":9}}`,
		`[{"index":1,"score":0.25},{"index":0,"score":-3}]`,
	} {
		if got, err := testReranker(t, newFake(t, says(200, body)), nil).Rerank(t.Context(), "q", []string{"a", "b"}); err != nil || !slices.Equal(got, []float64{-3, .25}) {
			t.Errorf("Rerank with answer %s = %v, %v, want [-3 .25]", body, got, err)
		}
	}
}

func TestAnswersThatScoreAmissAreRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		h    http.HandlerFunc
		kind conversation.ErrorKind
	}{
		{"one missing", says(200, `{"results":[{"index":0,"relevance_score":1}]}`), conversation.ErrBadRequest},
		{"one too many", says(200, `{"results":[{"index":0,"relevance_score":1},{"index":1,"relevance_score":1},{"index":1,"relevance_score":1}]}`), conversation.ErrBadRequest},
		{"twice the same", says(200, `{"results":[{"index":0,"relevance_score":1},{"index":0,"relevance_score":1}]}`), conversation.ErrBadRequest},
		{"out of range", says(200, `{"results":[{"index":0,"relevance_score":1},{"index":2,"relevance_score":1}]}`), conversation.ErrBadRequest},
		{"negative", says(200, `{"results":[{"index":0,"relevance_score":1},{"index":-1,"relevance_score":1}]}`), conversation.ErrBadRequest},
		{"no index", says(200, `{"results":[{"relevance_score":1},{"index":1,"relevance_score":1}]}`), conversation.ErrBadRequest},
		{"no score", says(200, `{"results":[{"index":0},{"index":1,"relevance_score":1}]}`), conversation.ErrBadRequest},
		{"not a number", says(200, `{"results":[{"index":0,"relevance_score":NaN},{"index":1,"relevance_score":1}]}`), conversation.ErrUnavailable},
		{"too great a number", says(200, `{"results":[{"index":0,"relevance_score":1e999},{"index":1,"relevance_score":1}]}`), conversation.ErrUnavailable},
		{"no JSON", says(200, "<html>"), conversation.ErrUnavailable},
		{"nothing", says(200, ""), conversation.ErrUnavailable},
		{"endless", says(200, strings.Repeat(" ", maxRerankBody+1)), conversation.ErrUnavailable},
		{"away", says(503, "busy"), conversation.ErrUnavailable},
		{"no such model", says(404, `{"detail":"model `+testKey+` unknown"}`), conversation.ErrGone},
		{"elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		}, conversation.ErrUnavailable},
	} {
		got, err := testReranker(t, newFake(t, c.h), nil).Rerank(t.Context(), "q", []string{"a", "b"})
		var failure *conversation.ModelError
		if got != nil || !errors.As(err, &failure) || failure.Kind != c.kind || strings.Contains(fmt.Sprint(err), testKey) {
			t.Errorf("%s: Rerank = %v, %v, want %s without the key", c.name, got, err, c.kind)
		}
	}
}

func TestASlowRerankerIsGivenAPause(t *testing.T) {
	stop := make(chan struct{})
	f := newFake(t, func(http.ResponseWriter, *http.Request) { <-stop })
	defer close(stop)
	r := testReranker(t, f, func(c *Config) { c.Timeout = time.Millisecond })
	for range 50 {
		if _, err := r.Rerank(t.Context(), "q", []string{"a"}); err == nil {
			t.Fatal("Rerank = nil, want an error from a server that says nothing")
		}
	}
	if n := len(f.requests()); n >= 50 {
		t.Errorf("asked %d times in 50 calls, want the breaker to spare most", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Rerank(ctx, "q", []string{"a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Rerank(cancelled) = %v, want context.Canceled", err)
	}
}

func TestNewRerankerSaysWhatIsMissing(t *testing.T) {
	if _, err := NewReranker(Config{APIKey: testKey}, "m"); err == nil {
		t.Error("NewReranker without an address = nil, want an error: OpenAI offers none")
	}
	if _, err := NewReranker(Config{BaseURL: "http://localhost:1"}, ""); err == nil {
		t.Error("NewReranker without a model = nil, want an error")
	}
	if _, err := NewReranker(Config{BaseURL: "ftp://localhost"}, "m"); err == nil {
		t.Error("NewReranker(ftp) = nil, want an error")
	}
}

func FuzzReadScores(f *testing.F) {
	f.Add([]byte(`{"results":[{"index":1,"relevance_score":0.25},{"index":0,"relevance_score":-3}]}`))
	f.Add([]byte(`[{"index":1,"score":0.25},{"index":0,"score":1e308}]`))
	f.Add([]byte(`{"data":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		scores, err := readScores(body, 2)
		if (err == nil) != (len(scores) == 2) {
			t.Errorf("readScores(%q) = %v, %v, want two scores or an error", body, scores, err)
		}
	})
}
