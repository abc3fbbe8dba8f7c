package openai

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"frontdesk/conversation"
	"frontdesk/knowledge/tokens"
)

// numbers embeds each text as the number it begins with, and lists the vectors backwards.
func numbers(dimensions int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var req struct{ Input []string }
		json.NewDecoder(r.Body).Decode(&req)
		data := make([]map[string]any, len(req.Input))
		for i, text := range req.Input {
			v := make([]float64, dimensions)
			fmt.Sscan(text, &v[0])
			data[len(data)-1-i] = map[string]any{"object": "embedding", "index": i, "embedding": v}
		}
		w.Header().Set("Content-Type", "text/plain") // as some servers say
		json.NewEncoder(w).Encode(map[string]any{"object": "list", "data": data,
			"usage": map[string]int{"prompt_tokens": 100 * len(data), "total_tokens": 100 * len(data)}})
	}
}

func testEmbedder(t *testing.T, f *fake, model string, dimensions int) (*Embedder, *[]Call) {
	t.Helper()
	c, calls := newClock(), &[]Call{}
	e, err := NewEmbedder(Config{APIKey: testKey, BaseURL: f.URL, now: c.now, wait: c.wait,
		Observe: func(call Call) { *calls = append(*calls, call) }}, model, dimensions)
	if err != nil {
		t.Fatalf("NewEmbedder: %v", err)
	}
	return e, calls
}

func TestVectorsComeInTheOrderOfTheTexts(t *testing.T) {
	f := newFake(t, numbers(1536))
	e, calls := testEmbedder(t, f, "text-embedding-3-small", 0)
	var texts []string
	for i := range 2*batchTexts + 3 {
		texts = append(texts, strconv.Itoa(i)+" boots")
	}
	got, err := e.Embed(t.Context(), texts)
	if err != nil || len(got) != len(texts) {
		t.Fatalf("Embed = %d vectors, %v, want %d", len(got), err, len(texts))
	}
	for i, v := range got {
		if len(v) != e.Dimensions() || v[0] != float32(i) {
			t.Fatalf("vector %d begins with %v and has %d numbers, want %d and %d", i, v[0], len(v), i, e.Dimensions())
		}
	}
	if n := len(f.requests()); n != 3 || f.requests()[0]["dimensions"] != nil {
		t.Errorf("%d requests, the first %v, want 3 without dimensions", n, f.requests()[0])
	}
	// 6,400 tokens at 0.02 dollars a million.
	if u := (*calls)[0].Usage; u.InputTokens != 6400 || u.CostMicros != 128 {
		t.Errorf("usage = %+v, want 6400 tokens for 128 micros", u)
	}
}

func TestBatchesStayBelowTheTokenLimit(t *testing.T) {
	f := newFake(t, numbers(1536))
	e, _ := testEmbedder(t, f, "text-embedding-3-small", 0)
	long := strings.Repeat("parcel ", 9000)
	if _, err := e.Embed(t.Context(), []string{long, long, long, long, long, long, long, long, long, long, long, long, long, long}); err != nil {
		t.Fatal(err)
	}
	enc := tokens.For("text-embedding-3-small")
	for _, r := range f.requests() {
		total := 0
		for _, text := range r["input"].([]any) {
			n := enc.Count(text.(string))
			if total += n; n > 8192 || n < 8000 {
				t.Errorf("a text has %d tokens, want it cut to just 8192", n)
			}
		}
		if total > batchTokens {
			t.Errorf("a request has %d tokens, want at most %d", total, batchTokens)
		}
	}
}

func TestOtherDimensionsAreAskedForUnlessRefused(t *testing.T) {
	f := newFake(t, numbers(256))
	e, _ := testEmbedder(t, f, "text-embedding-3-large", 256)
	if _, err := e.Embed(t.Context(), []string{"1"}); err != nil || f.requests()[0]["dimensions"] != 256.0 {
		t.Errorf("Embed = %v with %v, want dimensions 256", err, f.requests()[0])
	}
	f = newFake(t, status(400, `{"message":"Model \"bge-m3\" does not support matryoshka representation, changing output dimensions will lead to poor results."}`), numbers(1024))
	e, _ = testEmbedder(t, f, "bge-m3", 1024)
	for range 2 {
		if _, err := e.Embed(t.Context(), []string{"1"}); err != nil {
			t.Fatal(err)
		}
	}
	if r := f.requests(); len(r) != 3 || r[0]["dimensions"] != 1024.0 || r[1]["dimensions"] != nil || r[2]["dimensions"] != nil {
		t.Errorf("requests = %v, want dimensions only in the first of three", r)
	}
}

func TestUnknownDimensionsHaveToBeConfigured(t *testing.T) {
	if _, err := NewEmbedder(Config{BaseURL: "http://localhost:8000/v1"}, "bge-m3", 0); err == nil {
		t.Error("NewEmbedder without dimensions succeeded")
	}
	if _, err := NewEmbedder(Config{}, "text-embedding-3-small", 0); err != ErrNoKey {
		t.Errorf("NewEmbedder without key and URL = %v, want ErrNoKey", err)
	}
}

func TestWrongVectorsAreAnErrorAndNotIndexed(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"too short":   numbers(8),
		"one missing": status(200, `{"data":[{"index":0,"embedding":[1]}]}`),
		"one twice":   status(200, `{"data":[{"index":1,"embedding":[1,2]},{"index":1,"embedding":[1,2]}]}`),
		"beyond":      status(200, `{"data":[{"index":7,"embedding":[1,2]},{"index":1,"embedding":[1,2]}]}`),
	} {
		e, _ := testEmbedder(t, newFake(t, h), "local", 2)
		got, err := e.Embed(t.Context(), []string{"1", "2"})
		var failure *conversation.ModelError
		if got != nil || !errors.As(err, &failure) || failure.Kind != conversation.ErrBadRequest {
			t.Errorf("%s: Embed = %v, %v, want a bad_request", name, got, err)
		}
	}
}

func TestVectorsWithoutIndexesKeepTheirOrder(t *testing.T) {
	e, calls := testEmbedder(t, newFake(t, status(200, `{"data":[{"embedding":[1,2]},{"embedding":[3,4]}]}`)), "local", 2)
	got, err := e.Embed(t.Context(), []string{"one", "two"})
	if err != nil || got[0][0] != 1 || got[1][0] != 3 {
		t.Errorf("Embed = %v, %v, want the server's order", got, err)
	}
	if u := (*calls)[0].Usage; !u.Estimated || u.InputTokens != 2 || u.CostMicros != 0 {
		t.Errorf("usage = %+v, want an estimate of 2 tokens without a price", u)
	}
}

func TestEmbeddingFaultsAreRetriedOrReported(t *testing.T) {
	e, calls := testEmbedder(t, newFake(t, status(429, `{}`, "Retry-After", "1"), status(500, "oops"), numbers(2)), "local", 2)
	if _, err := e.Embed(t.Context(), []string{"1"}); err != nil || (*calls)[0].Attempts != 3 {
		t.Errorf("Embed = %v after %+v, want success at the third attempt", err, *calls)
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		kind    conversation.ErrorKind
	}{
		"quota":             {failing(429, "spent", "insufficient_quota"), conversation.ErrQuota},
		"gone":              {failing(404, "no such model", "model_not_found"), conversation.ErrGone},
		"error with 200":    {status(200, `{"error":{"code":"invalid_api_key"}}`), conversation.ErrAuth},
		"not JSON":          {status(200, "<html>"), conversation.ErrUnavailable},
		"an endless answer": {status(200, strings.Repeat(" ", maxBody+1)), conversation.ErrUnavailable},
	} {
		e, _ := testEmbedder(t, newFake(t, c.handler), "local", 2)
		_, err := e.Embed(t.Context(), []string{"1"})
		var failure *conversation.ModelError
		if !errors.As(err, &failure) || failure.Kind != c.kind {
			t.Errorf("%s: Embed error = %v, want kind %q", name, err, c.kind)
		}
	}
}

func TestEmptyTextIsNotEmbedded(t *testing.T) {
	f := newFake(t, numbers(2))
	e, _ := testEmbedder(t, f, "local", 2)
	if _, err := e.Embed(t.Context(), []string{"1", " \n"}); err == nil || len(f.requests()) != 0 {
		t.Errorf("Embed of a blank text = %v after %d requests, want an error and none", err, len(f.requests()))
	}
	if got, err := e.Embed(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("Embed(nil) = %v, %v, want nothing", got, err)
	}
}
