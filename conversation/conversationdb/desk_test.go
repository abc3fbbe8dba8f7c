package conversationdb_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

// wall is a staff channel in memory.
type wall struct {
	mu      sync.Mutex // guards the rest
	threads map[string]*wallThread
	opened  []string // conversations, in order
	fail    func(what string) error
	changed chan struct{} // gets a value, never waiting, after every call
}

type wallThread struct {
	status string
	posts  []string
	gone   bool
}

func newWall() *wall {
	return &wall{threads: map[string]*wallThread{}, changed: make(chan struct{}, 1), fail: func(string) error { return nil }}
}

func (w *wall) call(what string, do func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer func() {
		select {
		case w.changed <- struct{}{}:
		default:
		}
	}()
	if err := w.fail(what); err != nil {
		return err
	}
	return do()
}

// refuse has calls fail from now on, or with nil no longer.
func (w *wall) refuse(fail func(what string) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail = fail; fail == nil {
		w.fail = func(string) error { return nil }
	}
}

func (w *wall) Place() (conversation.DeskPlace, bool) {
	return conversation.DeskPlace{Account: "acme", Chat: "C1"}, true
}

func (w *wall) Open(_ context.Context, c conversation.DeskCase) (thread, root string, err error) {
	err = w.call("open", func() error {
		w.opened = append(w.opened, c.State.Conversation)
		thread = fmt.Sprint("t", len(w.opened))
		w.threads[thread] = &wallThread{status: c.Status()}
		return nil
	})
	return thread, thread, err
}

func (w *wall) in(what string, t conversation.DeskThread, do func(*wallThread)) error {
	return w.call(what, func() error {
		th := w.threads[t.Thread]
		if th == nil || th.gone {
			return fmt.Errorf("%w: deleted", conversation.ErrDeskGone)
		}
		do(th)
		return nil
	})
}

func (w *wall) Show(_ context.Context, t conversation.DeskThread, c conversation.DeskCase) error {
	return w.in("show", t, func(th *wallThread) { th.status = c.Status() })
}

func (w *wall) Post(_ context.Context, t conversation.DeskThread, m conversation.Message) error {
	return w.in("post", t, func(th *wallThread) {
		words := string(m.Author) + ": " + m.Text
		if m.Note {
			words = "note: " + m.Text
		}
		th.posts = append(th.posts, words)
	})
}

func (w *wall) Tell(_ context.Context, t conversation.DeskThread, words string) error {
	return w.in("tell", t, func(th *wallThread) { th.posts = append(th.posts, "desk: "+words) })
}

func (w *wall) posts(thread string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if th := w.threads[thread]; th != nil {
		return slices.Clone(th.posts)
	}
	return nil
}

func (w *wall) status(thread string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if th := w.threads[thread]; th != nil {
		return th.status
	}
	return ""
}

func (w *wall) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for !ok() {
		select {
		case <-w.changed:
		case <-poll.C:
		case <-deadline:
			w.mu.Lock()
			defer w.mu.Unlock()
			for id, th := range w.threads {
				t.Logf("%s (%s): %q", id, th.status, th.posts)
			}
			t.Fatalf("%s: not in time", what)
		}
	}
}

// counter is an engine with its desks on a database that it may share.
type counter struct {
	*conversation.Engine
	desks *conversation.Desks
	store *conversationdb.Store
	pool  *pgxpool.Pool
	wall  *wall
	stop  func() // ends the desks, and waits
}

func newCounter(t *testing.T, url string, w *wall, undo time.Duration) *counter {
	t.Helper()
	pool := dbtest.Connect(t, url)
	store := conversationdb.New(pool)
	e, err := conversation.New(conversation.Config{Poll: 10 * time.Millisecond, Backoff: time.Millisecond}, conversation.Deps{
		Store: store, Finder: passages{}, Counter: tokens.For(""), Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	d := conversation.NewDesks(e, store, conversation.DeskConfig{Undo: undo, Link: func(id string) string { return "https://desk.example.com/" + id }})
	d.Serve("slack", w)
	r := &counter{Engine: e, desks: d, store: store, pool: pool, wall: w}
	r.start(t)
	return r
}

func (r *counter) start(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); r.desks.Run(ctx) }()
	r.stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(r.stop)
	// Conversations that begin after this have their threads.
	r.wall.until(t, "the desk is known", func() bool {
		var known bool
		err := r.pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM desks WHERE channel = 'slack')`).Scan(&known)
		return err == nil && known
	})
}

// says stores a customer's message; the conversation is that of the thread.
func (r *counter) says(t *testing.T, thread, id, text string) string {
	t.Helper()
	got, err := r.Receive(t.Context(), conversation.Inbound{
		Channel: "fake", Account: "a", Thread: thread, Sender: "u" + thread, SenderName: "Cleo", ExternalID: id, Text: text,
	})
	if err != nil {
		t.Fatal(err)
	}
	return got.Conversation
}

func (r *counter) queue(t *testing.T, id string) {
	t.Helper()
	if _, err := r.Handoff(t.Context(), id, conversation.Actor{}, conversation.ReasonAsked); err != nil {
		t.Fatal(err)
	}
}

// person makes an account linked to an id of the platform.
func (r *counter) person(t *testing.T, name string, role staff.Role, external string) conversation.Actor {
	t.Helper()
	s := conversationdb.NewStaffStore(r.pool)
	a, err := s.AddAccount(t.Context(), staff.Account{Email: strings.ToLower(name) + "@example.com", Name: name, Role: role}, "x")
	if err == nil && external != "" {
		_, err = s.SetLink(t.Context(), staff.Link{Channel: "slack", ExternalID: external}, a.Email)
	}
	if err != nil {
		t.Fatal(err)
	}
	return conversation.Actor{StaffID: a.ID, Name: name}
}

// voice is what a person writes in a thread.
func voice(thread, sender, id, text string) conversation.DeskVoice {
	return conversation.DeskVoice{
		Channel: "slack", DeskPlace: conversation.DeskPlace{Account: "acme", Chat: "C1"}, Thread: thread, Sender: sender, ID: "C1:" + id, Text: text,
	}
}

func (r *counter) said(t *testing.T, v conversation.DeskVoice) conversation.DeskReply {
	t.Helper()
	got, err := r.desks.Said(t.Context(), v)
	if err != nil {
		t.Fatalf("Said(%q) = %v, want no error", v.Text, err)
	}
	return got
}

func (r *counter) press(t *testing.T, v conversation.DeskVoice, a conversation.DeskAction, key string) string {
	t.Helper()
	words, err := r.desks.Press(t.Context(), v, a, key)
	if err != nil {
		t.Fatalf("Press(%s) = %v, want no error", a, err)
	}
	return words
}

// due ends the time in which what was written can be taken back.
func (r *counter) due(t *testing.T) {
	t.Helper()
	if _, err := r.pool.Exec(t.Context(), `UPDATE desk_sends SET due_at = now()`); err != nil {
		t.Fatal(err)
	}
}

// log is all of a conversation as the customer may see it.
func (r *counter) log(t *testing.T, id string) []string {
	t.Helper()
	ms, err := r.Messages(t.Context(), id, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range ms {
		out = append(out, string(m.Author)+": "+m.Text)
	}
	return out
}

func (r *counter) state(t *testing.T, id string) conversation.State {
	t.Helper()
	st, err := r.State(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func holds(list []string, words string) int {
	n := 0
	for _, s := range list {
		if strings.Contains(s, words) {
			n++
		}
	}
	return n
}

var errBusy = &conversation.SendError{RetryAfter: time.Millisecond, Err: errors.New("429")}
