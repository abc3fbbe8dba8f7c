package telegram

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"frontdesk/conversation"
)

// fakeEngine notes what it is given.
type fakeEngine struct {
	mu    sync.Mutex // guards the rest
	in    []conversation.Inbound
	did   []string
	fail  []error // of the next calls of Receive
	owner conversation.Owner
	hub   *conversation.Hub
}

func newFakeEngine() *fakeEngine {
	return &fakeEngine{hub: conversation.NewHub(), owner: conversation.OwnerBot}
}

const fakeID = "11112222-3333-4444-8555-666677778888"

func (e *fakeEngine) Receive(_ context.Context, in conversation.Inbound) (conversation.Receipt, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.fail) > 0 {
		err := e.fail[0]
		if e.fail = e.fail[1:]; err != nil {
			return conversation.Receipt{}, err
		}
		panic("told to")
	}
	e.in = append(e.in, in)
	return conversation.Receipt{Conversation: fakeID, Seq: int64(len(e.in)), DueIn: 0}, nil
}

func (e *fakeEngine) note(what string) (conversation.State, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.did = append(e.did, what)
	if what == "bot" && e.owner == conversation.OwnerStaff {
		return conversation.State{}, conversation.ErrNotCurrent
	}
	return conversation.State{Owner: e.owner}, nil
}

func (e *fakeEngine) State(context.Context, string) (conversation.State, error) {
	return conversation.State{Owner: e.owner, Locale: "en"}, nil
}

func (e *fakeEngine) Handoff(context.Context, string, conversation.Actor, conversation.Reason) (conversation.State, error) {
	return e.note("handoff")
}

func (e *fakeEngine) ChooseBot(context.Context, string) (conversation.State, error) {
	return e.note("bot")
}

func (e *fakeEngine) Feedback(_ context.Context, id string, seq int64, helpful bool) error {
	if seq == 404 {
		return conversation.ErrNotFound
	}
	_, err := e.note(fmt.Sprint("feedback ", seq, helpful))
	return err
}

func (e *fakeEngine) Score(_ context.Context, where conversation.Inbound, seq int64, score int) error {
	switch seq {
	case 404:
		return conversation.ErrNotFound
	case 403:
		return conversation.ErrNotYours
	case 409:
		return conversation.ErrNotCurrent
	}
	_, err := e.note(fmt.Sprint(where.Sender, " scored ", score, " by ", seq, " of ", where.Conversation[:4]))
	return err
}

func (e *fakeEngine) Choose(_ context.Context, where conversation.Inbound, seq int64, option int) (conversation.Receipt, error) {
	if seq == 404 {
		return conversation.Receipt{}, conversation.ErrNotFound
	}
	e.note(fmt.Sprint(where.Sender, " chose ", seq, "/", option))
	return conversation.Receipt{Conversation: where.Conversation, Seq: 5, DueIn: 0}, nil
}

func (e *fakeEngine) Remark(_ context.Context, _, key, text string) error {
	_, err := e.note("remark " + key + ": " + text)
	return err
}

func (e *fakeEngine) OpenFile(context.Context, string, string) (conversation.File, error) {
	return conversation.File{}, conversation.ErrNoFile
}

func (e *fakeEngine) Forward(context.Context, string, string) (conversation.File, error) {
	return conversation.File{}, conversation.ErrNoFile
}

func (e *fakeEngine) Subscribe(id string) *conversation.Subscription { return e.hub.Subscribe(id) }

func (e *fakeEngine) received() []conversation.Inbound {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]conversation.Inbound{}, e.in...)
}

func (e *fakeEngine) done() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.did, ", ")
}

type fakeThreads struct{ moved chan string }

func (fakeThreads) EnsureThread(context.Context, conversation.Inbound) (string, error) {
	return fakeID, nil
}

func (fakeThreads) Thread(context.Context, string, string, string) (string, error) {
	return fakeID, nil
}

func (f fakeThreads) MoveThread(_ context.Context, _, _, from, to string) error {
	if f.moved != nil {
		f.moved <- from + " to " + to
	}
	return nil
}

type safeBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func payload(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
