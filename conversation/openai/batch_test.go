package openai

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"frontdesk/knowledge"
)

func testBatcher(t *testing.T, h http.HandlerFunc) *Batcher {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	b, err := NewBatcher(Config{APIKey: testKey, BaseURL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// requests are n of so many bytes.
func requests(n, size int) iter.Seq2[BatchRequest, error] {
	return func(yield func(BatchRequest, error) bool) {
		text := strings.Repeat("x", size)
		for i := range n {
			if !yield(BatchRequest{ID: fmt.Sprint(i), Body: map[string]string{"input": text}}, nil) {
				return
			}
		}
	}
}

// swallow reads a form's file to its end without holding it, and counts its lines.
func swallow(r *http.Request, body io.Reader) (lines int) {
	r.Body = io.NopCloser(body)
	form, err := r.MultipartReader()
	if err != nil {
		return -1
	}
	for {
		part, err := form.NextPart()
		if err != nil {
			return lines
		}
		for in := bufio.NewScanner(part); part.FormName() == "file" && in.Scan(); lines++ {
		}
	}
}

func TestTheFileOfABatchIsSentAsItIsWritten(t *testing.T) {
	var lines atomic.Int64
	var key atomic.Value
	begun := make(chan struct{})
	b := testBatcher(t, func(w http.ResponseWriter, r *http.Request) {
		key.Store(r.Header.Get("Authorization"))
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/batches" {
			fmt.Fprint(w, `{"id":"b1","object":"batch","status":"validating"}`)
			return
		}
		first := make([]byte, 1)
		io.ReadFull(r.Body, first)
		close(begun) // what the last line waits for
		lines.Store(int64(swallow(r, io.MultiReader(bytes.NewReader(first), r.Body))))
		fmt.Fprint(w, `{"id":"f1","object":"file"}`)
	})
	all := func(yield func(BatchRequest, error) bool) {
		for r, err := range requests(1000, 1000) {
			if !yield(r, err) {
				return
			}
		}
		<-begun
		yield(BatchRequest{ID: "last"}, nil)
	}
	id, err := b.Submit(t.Context(), "tag", "/v1/embeddings", all)
	if err != nil || id != "b1" {
		t.Fatalf("Submit = %q, %v, want b1", id, err)
	}
	if n := lines.Load(); n != 1001 || key.Load() != "Bearer "+testKey {
		t.Errorf("%d lines came with the key %v, want 1001 with ours", n, key.Load() == "Bearer "+testKey)
	}
}

func TestABatchIsBounded(t *testing.T) {
	var batches atomic.Int64
	b := testBatcher(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/batches" {
			batches.Add(1)
		}
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"id":"x","object":"file"}`)
	})
	for name, all := range map[string]iter.Seq2[BatchRequest, error]{
		"requests": requests(BatchRequests+1, 1), "bytes": requests(BatchBytes/1_000_000+1, 1_000_000),
	} {
		if _, err := b.Submit(t.Context(), "tag", "/v1/embeddings", all); !errors.Is(err, ErrBatchTooLarge) {
			t.Errorf("Submit of too many %s = %v, want ErrBatchTooLarge", name, err)
		}
	}
	broken := errors.New("the database is gone")
	_, err := b.Submit(t.Context(), "tag", "/v1/embeddings", func(yield func(BatchRequest, error) bool) { yield(BatchRequest{}, broken) })
	if !errors.Is(err, broken) {
		t.Errorf("Submit of what cannot be read = %v, want its error", err)
	}
	if n := batches.Load(); n != 0 {
		t.Errorf("%d batches were started, want none of a file that is not whole", n)
	}
}

func TestWhatABatchDoesNotHoldIsLeftOut(t *testing.T) {
	var lines atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/files" {
			lines.Store(int64(swallow(r, r.Body)))
		}
		fmt.Fprint(w, `{"id":"x","object":"file"}`)
	}))
	t.Cleanup(srv.Close)
	cfg := Config{APIKey: testKey, BaseURL: srv.URL}
	e, err := NewEmbedder(cfg, "of-our-own", 3)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewBulk(cfg, e)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("x", 60_000) // of which each byte may take six
	given := 0
	_, err = b.Submit(t.Context(), "tag", func(yield func(knowledge.BulkText, error) bool) {
		for ; given < 1000 && yield(knowledge.BulkText{Key: fmt.Sprint(given), Text: text}, nil); given++ {
		}
	})
	if n := lines.Load(); err != nil || n < 500 || n >= 1000 || int(n) != given {
		t.Errorf("Submit = %v with %d lines of %d texts taken, want as many as surely fit", err, n, given)
	}
}

func TestAServerWithoutBatchesSaysSo(t *testing.T) {
	for _, status := range []int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented} {
		b := testBatcher(t, func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.WriteHeader(status)
		})
		if _, err := b.Submit(t.Context(), "tag", "/v1/embeddings", requests(2, 2)); !errors.Is(err, ErrNoBatches) {
			t.Errorf("Submit to a server that says %d = %v, want ErrNoBatches", status, err)
		}
		if _, err := b.Find(t.Context(), "tag"); !errors.Is(err, ErrNoBatches) {
			t.Errorf("Find at a server that says %d = %v, want ErrNoBatches", status, err)
		}
	}
	busy := testBatcher(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	if _, err := busy.Find(t.Context(), "tag"); err == nil || errors.Is(err, ErrNoBatches) || errors.Is(err, ErrNoSuchBatch) {
		t.Errorf("Find at a busy server = %v, want it to be tried again", err)
	}
}

func TestBatchesAreOfferedByOfficialServers(t *testing.T) {
	for base, want := range map[string]bool{"": true, "https://eu.api.openai.com/v1": true, "https://shop.openai.azure.com/openai/v1": true,
		"http://localhost:11434/v1": false, "https://openai.com.example/v1": false} {
		if got := BatchesOffered(Config{APIKey: testKey, BaseURL: base}); got != want {
			t.Errorf("BatchesOffered(%q) = %v, want %v", base, got, want)
		}
	}
	if BatchesOffered(Config{}) {
		t.Error("BatchesOffered without a key = true, want false")
	}
}

func TestNoTextOfABatchIsInItsErrors(t *testing.T) {
	for _, line := range []string{
		`{"custom_id":"a","response":{"status_code":400,"body":{"error":{"message":"bad input: my secret","code":"bad_input"}}}}`,
		`{"custom_id":"a","response":null,"error":{"code":"batch_expired","message":"my secret"}}`,
	} {
		r, err := readResult([]byte(line), scrubber(testKey))
		if err != nil || r.Body != nil || r.Why == "" || strings.Contains(r.Why, "secret") {
			t.Errorf("readResult(%s) = %+v, %v, want a reason without the text", line, r, err)
		}
	}
}

func FuzzReadResult(f *testing.F) {
	f.Add([]byte(`{"custom_id":"a","response":{"status_code":200,"body":{"data":[{"embedding":[1,2]}],"usage":{"total_tokens":3}}},"error":null}`))
	f.Add([]byte(`{"custom_id":"a","response":{"status_code":200,"body":{"data":[{"embedding":"AACAPwAAAEA="}]}}}`))
	f.Add([]byte(`{"custom_id":"a","response":{"status_code":429},"error":null}`))
	f.Add([]byte(`{"custom_id":"a","error":{"code":7}}`))
	f.Add([]byte(`{"custom_id":`))
	b := &Bulk{Embedder: &Embedder{dimensions: 2}}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := readResult(line, scrubber(""))
		if err != nil {
			return
		}
		if r.ID == "" || (r.Body == nil) == (r.Why == "") {
			t.Fatalf("readResult = %+v, want an id and either an answer or a reason", r)
		}
		if r.Body == nil {
			return
		}
		if v, used, why := b.vector(r.Body); why == "" && (len(v) != 2 || used < 0) {
			t.Errorf("vector = %v, %d, want two numbers", v, used)
		}
	})
}

func TestAVectorIsReadInEitherForm(t *testing.T) {
	for _, raw := range []string{`[1, 2]`, `"AACAPwAAAEA="`} {
		if v, ok := readVector(json.RawMessage(raw)); !ok || len(v) != 2 || v[0] != 1 || v[1] != 2 {
			t.Errorf("readVector(%s) = %v, %v, want 1 and 2", raw, v, ok)
		}
	}
	for _, raw := range []string{`"AACAPwA="`, `"%%"`, `{}`, `["a"]`, ``} {
		if v, ok := readVector(json.RawMessage(raw)); ok && len(v) > 0 {
			t.Errorf("readVector(%s) = %v, want nothing", raw, v)
		}
	}
}

func TestABatchCostsHalf(t *testing.T) {
	f, _ := Facts("text-embedding-3-small")
	if full, half := f.Cost(1_000_000, 0, 0), f.halved().Cost(1_000_000, 0, 0); full != 20_000 || half != 10_000 {
		t.Errorf("a million tokens cost %d and in a batch %d micros, want 20000 and 10000", full, half)
	}
}
