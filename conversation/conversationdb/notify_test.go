package conversationdb_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"
)

// replica is a desk whose hints go to the others of its database.
func replica(t *testing.T, url string, m conversation.Model) desk {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	store := conversationdb.New(dbtest.Connect(t, url))
	bus := store.Notifier(log)
	e, err := conversation.New(conversation.Config{
		Hold: time.Nanosecond, Poll: time.Hour, // only hints and the process' own wake-ups
		Gather: conversation.Gather{Quiet: 10 * time.Millisecond, Most: 100 * time.Millisecond},
	}, conversation.Deps{
		Store: store, Finder: passages{returns}, Model: m, Counter: tokens.For(""), Bus: bus, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{}, 2)
	go func() { e.Run(ctx, 5*time.Second); done <- struct{}{} }()
	go func() { bus.Run(ctx, e); done <- struct{}{} }()
	t.Cleanup(func() { cancel(); <-done; <-done })
	return desk{Engine: e, store: store}
}

// hear collects the events of a subscription until ok is satisfied with them.
func hear(t *testing.T, sub *conversation.Subscription, ok func([]conversation.Event) bool) []conversation.Event {
	t.Helper()
	var all []conversation.Event
	deadline := time.After(time.Minute)
	for !ok(all) {
		select {
		case <-sub.C():
			all = append(all, sub.Take()...)
		case <-deadline:
			t.Fatalf("heard only %+v", all)
		}
	}
	return all
}

func kind(k conversation.EventKind) func([]conversation.Event) bool {
	return func(es []conversation.Event) bool {
		for _, e := range es {
			if e.Kind == k {
				return true
			}
		}
		return false
	}
}

// acquainted waits until hints of a reach the watchers of b.
func acquainted(t *testing.T, a, b desk) {
	t.Helper()
	id := a.open(t)
	sub := b.Subscribe(id)
	defer sub.Close()
	for deadline := time.Now().Add(time.Minute); ; {
		if _, err := a.Note(t.Context(), id, conversation.Actor{Name: "Ana"}, "are you there?"); err != nil {
			t.Fatal(err)
		}
		select {
		case <-sub.C():
			return
		case <-time.After(100 * time.Millisecond):
			if time.Now().After(deadline) {
				t.Fatal("no hint crossed")
			}
		}
	}
}

func TestStreamAndTakeoverCrossReplicas(t *testing.T) {
	url := dbtest.URL(t)
	m := &model{reply: says("Yes, within thirty days [1]."), started: make(chan string, 1), gate: make(chan struct{})}
	a, b := replica(t, url, m), replica(t, url, m)
	acquainted(t, a, b)
	acquainted(t, b, a)

	id := a.open(t)
	watch := b.Subscribe(id)
	defer watch.Close()
	here := a.Subscribe(id)
	defer here.Close()
	a.write(t, id, "1", "Could I send it back?")
	<-m.started
	got := hear(t, watch, kind(conversation.EventDelta))
	for _, e := range got {
		if e.Kind == conversation.EventDelta && !strings.HasPrefix(e.Text, "Yes,") {
			t.Errorf("delta on the other replica = %q, want the answer's beginning", e.Text)
		}
	}
	// Taking over on the other replica ends the stream here before the model does.
	if _, err := b.Takeover(t.Context(), id, conversation.Actor{StaffID: "00000000-0000-4000-8000-000000000001", Name: "Ana"}); err != nil {
		t.Fatal(err)
	}
	hear(t, watch, kind(conversation.EventDiscard))
	hear(t, here, kind(conversation.EventDiscard))
	ms := a.until(t, id, last(conversation.AuthorSystem))
	for _, m := range ms {
		if m.Author == conversation.AuthorBot {
			t.Errorf("the bot's answer was stored: %s", show(ms))
		}
	}
}

func TestDeadReplicasTurnsAreTakenUpAtOnce(t *testing.T) {
	url := dbtest.URL(t)
	// A replica claims a turn and dies: its connections close, its lease does not end.
	dead := conversationdb.New(dbtest.Connect(t, url))
	ctx, die := context.WithCancel(t.Context())
	gone := make(chan struct{})
	lives := make(chan struct{}, 1)
	go func() {
		dead.Notifier(slog.New(slog.DiscardHandler)).Run(ctx, ears{lives})
		close(gone)
	}()
	<-lives
	st, err := dead.Open(t.Context(), conversation.Opening{Channel: "widget", Account: "default"})
	if err != nil {
		t.Fatal(err)
	}
	id := st.Conversation
	if _, err := dead.Receive(t.Context(), conversation.Inbound{Conversation: id, Text: "Can I send it back?"}, conversation.Gather{}); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := dead.Claim(t.Context(), id, time.Hour); !ok || err != nil {
		t.Fatalf("Claim = %v, %v", ok, err)
	}
	other := conversationdb.New(dbtest.Connect(t, url))
	if ts, err := other.ClaimDue(t.Context(), 10, nil, time.Hour); err != nil || len(ts) != 0 {
		t.Fatalf("ClaimDue beside a living replica = %d turns, %v, want none", len(ts), err)
	}
	die()
	<-gone
	var ts []conversation.Turn
	for deadline := time.Now().Add(time.Minute); len(ts) == 0 && time.Now().Before(deadline); {
		// Postgres notices the end of a connection in its own time.
		if ts, err = other.ClaimDue(t.Context(), 10, nil, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	if len(ts) != 1 || ts[0].Attempt != 2 {
		t.Errorf("ClaimDue after its death = %+v, want the turn", ts)
	}
}

// ears tells when its notifier has begun to listen.
type ears struct{ lives chan<- struct{} }

func (ears) Heard(string, int64)           {}
func (ears) HeardEvent(conversation.Event) {}
func (e ears) HeardGap()                   { e.lives <- struct{}{} }
