package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/webhook"
	"frontdesk/knowledge"
	"frontdesk/knowledge/crawl"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

var installation = bytes.Repeat([]byte{7}, 32)

// nothing is a Finder and a Counter for an engine whose bot nobody waits for.
type nothing struct{}

func (nothing) Find(context.Context, knowledge.Query) (knowledge.Result, error) {
	return knowledge.Result{}, nil
}
func (nothing) Count(s string) int                 { return len(strings.Fields(s)) }
func (nothing) Truncate(s string, most int) string { return s }

// replica is one server's part of it.
type replica struct {
	*conversation.Webhooks
	engine *conversation.Engine
	inbox  *conversation.Inbox
	store  *conversationdb.Store
	pool   *pgxpool.Pool
	log    *bytes.Buffer
	off    chan string
}

// within returns what lets the addresses of test servers be called.
func within(t *testing.T, list ...string) crawl.Allow {
	t.Helper()
	allow, err := crawl.ParseAllow(list)
	if err != nil {
		t.Fatal(err)
	}
	return allow
}

func newReplica(t *testing.T, databaseURL string, poster conversation.WebhookPoster) *replica {
	t.Helper()
	if poster == nil {
		poster = webhook.New(within(t, "127.0.0.1:*"), "Frontdesk", nil)
	}
	pool := dbtest.Connect(t, databaseURL)
	store := conversationdb.New(pool)
	e, err := conversation.New(conversation.Config{Concurrency: -1}, conversation.Deps{Store: store, Finder: nothing{}, Counter: nothing{}})
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{engine: e, inbox: conversation.NewInbox(e, store), store: store, pool: pool, log: &bytes.Buffer{}, off: make(chan string, 10)}
	r.Webhooks = conversation.NewWebhooks(store, store, conversation.WebhookConfig{
		Key: installation, Poster: poster, Poll: 5 * time.Millisecond, Log: slog.New(slog.NewTextHandler(r.log, nil)),
		Alert: func(_ context.Context, _, why string) { r.off <- why },
	})
	return r
}

// run delivers until the test ends.
func (r *replica) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { r.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
}

// says has somebody write and returns the conversation.
func (r *replica) says(t *testing.T, sender, text string) string {
	t.Helper()
	got, err := r.engine.Receive(t.Context(), conversation.Inbound{Channel: "slack", Account: "T1", Thread: sender, Sender: sender, SenderName: sender,
		ExternalID: knowledge.NewID(), Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return got.Conversation
}

func (r *replica) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := r.pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func (r *replica) value(t *testing.T, sql string, args ...any) (s string) {
	t.Helper()
	if err := r.pool.QueryRow(t.Context(), sql, args...).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// settled waits until no delivery of a webhook satisfies pending any more and returns
// its log, the newest first.
func (r *replica) settled(t *testing.T, id string, ok func([]conversation.WebhookDelivery) bool) []conversation.WebhookDelivery {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		list, _, err := r.WebhookLog(t.Context(), id, "", 100)
		if err != nil {
			t.Fatal(err)
		}
		if ok(list) {
			return list
		}
		if time.Now().After(deadline) {
			t.Fatalf("the log stays %+v", list)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func allSettled(list []conversation.WebhookDelivery) bool {
	for _, d := range list {
		if d.State == conversation.WebhookPending {
			return false
		}
	}
	return len(list) > 0
}

// call is a request that a receiver got.
type call struct {
	id, kind string
	verified bool
	data     map[string]any
	body     string
}

// receiver is a real HTTP server that verifies what it gets.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex // guards the rest
	secret  string
	calls   []call
	answers func(n int, w http.ResponseWriter) // how the n-th call is answered; nil: 204
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	var event struct {
		Type, ID  string
		Timestamp time.Time
		Data      map[string]any
	}
	if err != nil || json.Unmarshal(body, &event) != nil || event.ID != req.Header.Get("webhook-id") || event.Timestamp.IsZero() {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	r.calls = append(r.calls, call{event.ID, event.Type, verify(r.secret, req.Header, body), event.Data, string(body)})
	n, answers := len(r.calls), r.answers
	r.mu.Unlock()
	if answers == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answers(n, w)
}

func (r *receiver) trust(secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secret = secret
}

func (r *receiver) got() []call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]call{}, r.calls...)
}

// verify is what Standard Webhooks ask a receiver to do.
func verify(secret string, h http.Header, body []byte) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	at, bad := strconv.ParseInt(h.Get("webhook-timestamp"), 10, 64)
	if err != nil || bad != nil || time.Since(time.Unix(at, 0)).Abs() > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, key)
	io.WriteString(mac, h.Get("webhook-id")+"."+h.Get("webhook-timestamp")+".")
	mac.Write(body)
	for s := range strings.FieldsSeq(h.Get("webhook-signature")) {
		given, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, "v1,"))
		if err == nil && strings.HasPrefix(s, "v1,") && hmac.Equal(given, mac.Sum(nil)) {
			return true
		}
	}
	return false
}

// hook adds a webhook that leads to the receiver.
func (r *replica) hook(t *testing.T, to *receiver, events ...conversation.EventName) conversation.Webhook {
	t.Helper()
	w, secret, err := r.Add(t.Context(), to.URL+"/in?key=of-the-receiver", events, true)
	if err != nil {
		t.Fatal(err)
	}
	to.trust(secret)
	return w
}

// stray is an address at which nobody listens.
func stray(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}
