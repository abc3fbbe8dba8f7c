package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
)

const testKey = "sk-test-0123456789abcdef"

// fake is a model server that answers each request with the next of its handlers, and the last one
// from then on.
type fake struct {
	*httptest.Server
	mu       sync.Mutex // guards what follows
	handlers []http.HandlerFunc
	bodies   []map[string]any
}

func newFake(t *testing.T, handlers ...http.HandlerFunc) *fake {
	t.Helper()
	f := &fake{handlers: handlers}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		var body map[string]any
		if err = errors.Join(err, json.Unmarshal(raw, &body)); err != nil {
			t.Errorf("request body: %v", err)
		}
		r.Body = io.NopCloser(bytes.NewReader(raw))
		f.mu.Lock()
		n := min(len(f.bodies), len(f.handlers)-1)
		f.bodies = append(f.bodies, body)
		h := f.handlers[n]
		f.mu.Unlock()
		h(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fake) requests() []map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]map[string]any(nil), f.bodies...)
}

// clock is a time that passes only when told to, or when someone waits.
type clock struct {
	mu    sync.Mutex // guards what follows
	at    time.Time
	waits []time.Duration
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func (c *clock) wait(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.waits = append(c.waits, d)
	c.mu.Unlock()
	c.advance(d)
	return ctx.Err()
}

func (c *clock) waited() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Duration(nil), c.waits...)
}

// testModel returns a Model on the fake, with a log to look for secrets in.
func testModel(t *testing.T, f *fake, change func(*Config)) (*Model, *clock, *strings.Builder) {
	t.Helper()
	c, log := newClock(), &strings.Builder{}
	cfg := Config{
		APIKey: testKey, BaseURL: f.URL + "/v1", Models: []string{"gpt-4o-mini"},
		Logger: slog.New(slog.NewTextHandler(log, nil)), now: c.now, wait: c.wait,
	}
	if change != nil {
		change(&cfg)
	}
	m, err := New(cfg)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return m, c, log
}

const secretText = "my-parcel-is-lost-and-my-name-is-Zoe"

var question = conversation.ModelRequest{
	Messages: []conversation.PromptMessage{
		{Role: conversation.RoleSystem, Text: "Answer briefly."},
		{Role: conversation.RoleUser, Text: secretText},
	},
	MaxTokens: 200,
	User:      "c-7f3a",
}

// ask streams the question and returns the deltas joined.
func ask(t *testing.T, m *Model, req conversation.ModelRequest) (string, conversation.ModelReply, error) {
	t.Helper()
	var deltas strings.Builder
	reply, err := m.Stream(t.Context(), req, func(d string) { deltas.WriteString(d) })
	if err == nil && reply.Text != deltas.String() {
		t.Errorf("reply text = %q, but %q was emitted", reply.Text, deltas.String())
	}
	return deltas.String(), reply, err
}

// wantKind fails unless err is a *conversation.ModelError of the kind.
func wantKind(t *testing.T, err error, kind conversation.ErrorKind) *conversation.ModelError {
	t.Helper()
	failure, ok := err.(*conversation.ModelError)
	if !ok || failure.Kind != kind {
		t.Fatalf("Stream error = %v, want a ModelError of kind %q", err, kind)
	}
	for _, text := range []string{err.Error(), fmt.Sprintf("%+v %q", err, err)} {
		if strings.Contains(text, testKey) || strings.Contains(text, secretText) {
			t.Errorf("error %q holds a key or a customer's words", text)
		}
	}
	return failure
}

// stream answers with the lines as they are, each flushed.
func stream(lines ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, l := range lines {
			io.WriteString(w, l)
			w.(http.Flusher).Flush()
		}
	}
}

func delta(text string) string {
	return fmt.Sprintf(`data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":%q}}]}`+"\n\n", text)
}

func finish(reason string) string {
	return fmt.Sprintf(`data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":%q}]}`+"\n\n", reason)
}

const (
	usage = `data: {"id":"c","choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":50,"total_tokens":1050,"prompt_tokens_details":{"cached_tokens":400}}}` + "\n\n"
	done  = "data: [DONE]\n\n"
)

var fine = stream(delta("It is "), delta("on its way."), finish("stop"), usage, done)

func status(code int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		io.WriteString(w, body)
	}
}

func failing(code int, text, name string) http.HandlerFunc {
	return status(code, fmt.Sprintf(`{"error":{"message":%q,"type":"x","code":%q}}`, text, name))
}
