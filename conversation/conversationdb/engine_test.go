package conversationdb_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

// passages finds the same hits for every question.
type passages []knowledge.Hit

func (p passages) Find(_ context.Context, q knowledge.Query) (knowledge.Result, error) {
	r := knowledge.Result{Query: q.Text, Hits: p}
	if len(p) > 0 {
		r.Confidence = 0.9
	}
	return r, nil
}

// model answers with reply, after waiting on gate where there is one.
type model struct {
	mu      sync.Mutex // guards asked
	asked   []conversation.ModelRequest
	started chan string   // gets the customer's turn when a call has streamed its first piece
	gate    chan struct{} // a call goes on when it can read from it
	reply   func(req conversation.ModelRequest) (conversation.ModelReply, error)
}

func (m *model) Stream(ctx context.Context, req conversation.ModelRequest, emit func(string)) (conversation.ModelReply, error) {
	m.mu.Lock()
	m.asked = append(m.asked, req)
	m.mu.Unlock()
	r, err := m.reply(req)
	first, rest, _ := strings.Cut(r.Text, " ")
	emit(first)
	if m.started != nil {
		m.started <- req.Messages[len(req.Messages)-1].Text
	}
	if m.gate != nil {
		select {
		case <-m.gate:
		case <-ctx.Done():
			return conversation.ModelReply{}, ctx.Err()
		}
	}
	if err != nil {
		return conversation.ModelReply{}, err
	}
	if rest != "" {
		emit(" " + rest)
	}
	return r, nil
}

func says(text string) func(conversation.ModelRequest) (conversation.ModelReply, error) {
	return func(conversation.ModelRequest) (conversation.ModelReply, error) {
		return conversation.ModelReply{Text: text, Model: "test", Finish: "stop"}, nil
	}
}

var returns = knowledge.Hit{
	Passage:     knowledge.Passage{ID: "p1", Title: "Can I return it?", Text: "Yes, within 30 days.", Document: "FAQ", IsEntry: true},
	LexicalRank: 1, LexicalScore: 9, Score: 1,
}

// desk is an engine at work on a database.
type desk struct {
	*conversation.Engine
	store *conversationdb.Store
	pool  *pgxpool.Pool
}

func run(t *testing.T, url string, find conversation.Finder, m conversation.Model) desk {
	t.Helper()
	return runGathering(t, url, find, m, conversation.Gather{Quiet: 10 * time.Millisecond, Most: 100 * time.Millisecond})
}

// runGathering is run with what makes several messages one turn.
func runGathering(t *testing.T, url string, find conversation.Finder, m conversation.Model, g conversation.Gather) desk {
	t.Helper()
	pool := dbtest.Connect(t, url)
	store := conversationdb.New(pool)
	e, err := conversation.New(conversation.Config{
		Hold: time.Nanosecond, Poll: 20 * time.Millisecond, Lease: 2 * time.Second,
		Gather: g,
	}, conversation.Deps{
		Store: store, Finder: find, Model: m, Counter: tokens.For("gpt-4o-mini"), Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { e.Run(ctx, 5*time.Second); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return desk{e, store, pool}
}

func (d desk) open(t *testing.T) string {
	t.Helper()
	st, err := d.Open(t.Context(), conversation.Opening{Channel: "widget", Account: "default", Locale: "en"})
	if err != nil {
		t.Fatal(err)
	}
	return st.Conversation
}

func (d desk) write(t *testing.T, id, external, text string) conversation.Receipt {
	t.Helper()
	r, err := d.Receive(t.Context(), conversation.Inbound{Conversation: id, Channel: "widget", ExternalID: external, Text: text})
	if err != nil {
		t.Fatalf("Receive(%q) = %v", text, err)
	}
	return r
}

// until waits for the log to satisfy ok and returns it.
func (d desk) until(t *testing.T, id string, ok func([]conversation.Message) bool) []conversation.Message {
	t.Helper()
	sub := d.Subscribe(id)
	defer sub.Close()
	deadline := time.After(20 * time.Second)
	for {
		ms, err := d.Transcript(t.Context(), id, 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if ok(ms) {
			return ms
		}
		select {
		case <-sub.C():
			sub.Take()
		case <-time.After(50 * time.Millisecond):
		case <-deadline:
			t.Fatalf("the log never got there: %s", show(ms))
		}
	}
}

func last(a conversation.Author) func([]conversation.Message) bool {
	return func(ms []conversation.Message) bool { return len(ms) > 0 && ms[len(ms)-1].Author == a }
}

func show(ms []conversation.Message) string {
	var b strings.Builder
	for _, m := range ms {
		fmt.Fprintf(&b, "\n%d %s: %s", m.Seq, m.Author, m.Text)
	}
	return b.String()
}

func TestQuestionIsAnsweredWithItsSource(t *testing.T) {
	m := &model{reply: says("Yes, within 30 days [1]. See also [7].")}
	d := run(t, dbtest.URL(t), passages{returns}, m)
	id := d.open(t)
	d.write(t, id, "a", "Could I send something back?")
	ms := d.until(t, id, last(conversation.AuthorBot))
	got := ms[len(ms)-1]
	if got.Text != "Yes, within 30 days [1]. See also ." || len(got.Sources) != 1 || got.Sources[0].Passage != "p1" {
		t.Errorf("answer = %q with %v, want the invented citation gone and one source", got.Text, got.Sources)
	}
	why := got.Why
	if why == nil || why.Kind != conversation.KindModel || why.Model != "test" || len(why.Passages) != 1 || !why.Passages[0].Sent || !why.Passages[0].Cited {
		t.Errorf("why = %+v, want the model, the passage it was sent and that it cited it", why)
	}
	public, err := d.Messages(t.Context(), id, 0, 10)
	if err != nil || len(public) != 2 || public[1].Why != nil {
		t.Errorf("Messages() = %+v, %v, want no reasons for the customer", public, err)
	}
}

func TestWithoutModelThePassageIsQuoted(t *testing.T) {
	d := run(t, dbtest.URL(t), passages{returns}, nil)
	id := d.open(t)
	d.write(t, id, "a", "Could I send something back?")
	ms := d.until(t, id, last(conversation.AuthorBot))
	if got := ms[len(ms)-1]; !strings.Contains(got.Text, returns.Text) || len(got.Sources) != 1 {
		t.Errorf("answer = %q with %v, want the passage quoted with its source", got.Text, got.Sources)
	}
}

func TestNothingFoundTwiceBringsAPerson(t *testing.T) {
	d := run(t, dbtest.URL(t), passages{}, nil)
	id := d.open(t)
	d.write(t, id, "a", "What is the airspeed of a swallow?")
	d.until(t, id, last(conversation.AuthorBot))
	d.write(t, id, "b", "And of a laden one?")
	d.until(t, id, last(conversation.AuthorSystem))
	st, err := d.State(t.Context(), id)
	if err != nil || st.Owner != conversation.OwnerQueue || st.Position != 1 || st.WaitingSince.IsZero() {
		t.Errorf("State() = %+v, %v, want first in the queue", st, err)
	}
	r := d.write(t, id, "c", "Hello?")
	if r.DueIn >= 0 {
		t.Errorf("Receive in the queue made a turn due in %v, want none", r.DueIn)
	}
}

func TestRepeatIsStoredOnceAndAnotherTextRefused(t *testing.T) {
	d := run(t, dbtest.URL(t), passages{returns}, nil)
	id := d.open(t)
	first := d.write(t, id, "same", "Can I return it?")
	again := d.write(t, id, "same", "Can I return it?")
	if again.Seq != first.Seq || !again.Repeat {
		t.Errorf("Receive(repeat) = %+v, want seq %d as a repeat", again, first.Seq)
	}
	_, err := d.Receive(t.Context(), conversation.Inbound{Conversation: id, ExternalID: "same", Text: "Something else"})
	if err != conversation.ErrConflict {
		t.Errorf("Receive(same id, other text) = %v, want ErrConflict", err)
	}
}

func TestTurnsLeftByAnOutageAreAllTakenUp(t *testing.T) {
	url := dbtest.URL(t)
	store := conversationdb.New(dbtest.Connect(t, url))
	const left = 100 // more than one look takes
	var ids []string
	for range left {
		st, err := store.Open(t.Context(), conversation.Opening{Channel: "widget", Account: "default", Locale: "en"})
		if err != nil {
			t.Fatal(err)
		}
		in := conversation.Inbound{Conversation: st.Conversation, Channel: "widget", ExternalID: "a", Text: "Could I send something back?"}
		if _, err := store.Receive(t.Context(), in, conversation.Gather{}); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, st.Conversation)
	}
	d := run(t, url, passages{returns}, nil)
	for _, id := range ids {
		d.until(t, id, last(conversation.AuthorBot))
	}
}

func TestLookingForTurnsUsesUpNoAttempts(t *testing.T) {
	s := conversationdb.New(dbtest.New(t))
	st, err := s.Open(t.Context(), conversation.Opening{Channel: "widget", Account: "default"})
	if err != nil {
		t.Fatal(err)
	}
	id := st.Conversation
	if _, err := s.Receive(t.Context(), conversation.Inbound{Conversation: id, Text: "Could I send it back?"}, conversation.Gather{}); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if ts, err := s.ClaimDue(t.Context(), 10, []string{id}, time.Minute); err != nil || len(ts) != 0 {
			t.Fatalf("ClaimDue(but not that one) = %d turns, %v, want none", len(ts), err)
		}
	}
	for _, release := range []struct {
		retry time.Duration
		next  int
	}{{-1, 1}, {-1, 1}, {0, 2}, {-1, 2}} { // one given back unbegun was none
		turn, ok, err := s.Claim(t.Context(), id, time.Minute)
		if err != nil || !ok {
			t.Fatalf("Claim = %v, %v", ok, err)
		}
		if due, err := s.Release(t.Context(), turn, release.retry); err != nil || due != 0 {
			t.Fatalf("Release(%d) = due in %s, %v; want at once", release.retry, due, err)
		}
		if turn, ok, err = s.Claim(t.Context(), id, time.Minute); err != nil || !ok || turn.Attempt != release.next {
			t.Fatalf("Claim after Release(%d) = attempt %d, %v, %v, want %d", release.retry, turn.Attempt, ok, err, release.next)
		}
		if _, err := s.Release(t.Context(), turn, -1); err != nil {
			t.Fatal(err)
		}
	}
}
