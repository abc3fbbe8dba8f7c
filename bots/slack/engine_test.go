package slack

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
)

// fakeEngine keeps conversations by thread, in memory.
type fakeEngine struct {
	hub *conversation.Hub

	mu       sync.Mutex // guards the rest
	received []conversation.Inbound
	states   map[string]conversation.State
	ids      map[string]string // conversation by account and thread
	notes    []string
	handoffs []string
	thumbs   []string
	scores   []string
	names    []string
	fail     error
}

func newFakeEngine() *fakeEngine {
	return &fakeEngine{hub: conversation.NewHub(), states: map[string]conversation.State{}, ids: map[string]string{}}
}

func (e *fakeEngine) Receive(_ context.Context, in conversation.Inbound) (conversation.Receipt, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fail != nil {
		return conversation.Receipt{}, e.fail
	}
	text, err := conversation.Clean(in.Text)
	if err != nil && len(in.Attachments) == 0 {
		return conversation.Receipt{}, err
	}
	in.Text = text
	key := in.Account + " " + in.Thread
	id := e.ids[key]
	for _, r := range e.received {
		if r.Account+" "+r.Thread == key && r.ExternalID == in.ExternalID {
			if r.Text != in.Text {
				return conversation.Receipt{}, conversation.ErrConflict
			}
			return conversation.Receipt{Conversation: id, Repeat: true, Attachments: make([]conversation.Attachment, len(r.Attachments))}, nil
		}
	}
	if id == "" {
		id = fmt.Sprintf("conversation-%d", len(e.ids)+1)
		e.ids[key] = id
		e.states[id] = conversation.State{Conversation: id, Owner: conversation.OwnerBot}
	}
	e.received = append(e.received, in)
	st := e.states[id]
	st.Seq++
	st.Epoch++
	e.states[id] = st
	return conversation.Receipt{Conversation: id, Seq: st.Seq, State: st}, nil
}

func (e *fakeEngine) Thread(_ context.Context, channel, account, thread string) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fail != nil {
		return "", e.fail
	}
	if id := e.ids[account+" "+thread]; id != "" && channel == Channel {
		return id, nil
	}
	return "", conversation.ErrNotFound
}

func (e *fakeEngine) State(_ context.Context, id string) (conversation.State, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.states[id], nil
}

func (e *fakeEngine) Handoff(_ context.Context, id string, _ conversation.Actor, r conversation.Reason) (conversation.State, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.handoffs = append(e.handoffs, id+" "+string(r))
	return e.states[id], e.fail
}

func (e *fakeEngine) Feedback(_ context.Context, id string, seq int64, helpful bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if seq != 2 {
		return conversation.ErrNotFound
	}
	e.thumbs = append(e.thumbs, fmt.Sprint(id, " ", seq, " ", helpful))
	return e.fail
}

func (e *fakeEngine) Score(_ context.Context, where conversation.Inbound, seq int64, score int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.fail != nil:
		return e.fail
	case seq != 2:
		return conversation.ErrNotFound
	case where.Sender != "U061F7AUR":
		return conversation.ErrNotYours
	}
	e.scores = append(e.scores, fmt.Sprint(where.Conversation, " ", where.Account, " ", score))
	return nil
}

func (e *fakeEngine) Choose(ctx context.Context, where conversation.Inbound, seq int64, option int) (conversation.Receipt, error) {
	if seq != 2 || option > 2 {
		return conversation.Receipt{}, conversation.ErrNotFound
	}
	where.Text, where.ExternalID = fmt.Sprint("option ", option), fmt.Sprint("option/", seq, "/", option)
	return e.Receive(ctx, where)
}

func (e *fakeEngine) Note(_ context.Context, id string, by conversation.Actor, text string) (conversation.Message, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.notes = append(e.notes, id+" "+by.Name+": "+text)
	return conversation.Message{}, e.fail
}

func (e *fakeEngine) Describe(_ context.Context, id string, p conversation.Profile) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.names = append(e.names, p.Name)
	return nil
}

func (e *fakeEngine) OpenFile(context.Context, string, string) (conversation.File, error) {
	return conversation.File{}, conversation.ErrNoFile
}

func (e *fakeEngine) Forward(context.Context, string, string) (conversation.File, error) {
	return conversation.File{}, conversation.ErrNoFile
}

func (e *fakeEngine) Subscribe(id string) *conversation.Subscription { return e.hub.Subscribe(id) }

// texts are the received texts with their threads, in order.
func (e *fakeEngine) texts() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []string
	for _, in := range e.received {
		out = append(out, in.Thread+" "+in.Text)
	}
	return out
}

// answer appends the bot's message as a finished turn does.
func (e *fakeEngine) answer(id, turn, text string) conversation.Message {
	e.mu.Lock()
	st := e.states[id]
	st.Seq++
	e.states[id] = st
	e.mu.Unlock()
	m := conversation.Message{Conversation: id, Seq: st.Seq, Author: conversation.AuthorBot, Text: text, Turn: turn, At: time.Now()}
	e.hub.Publish(conversation.Event{Kind: conversation.EventMessage, Conversation: id, Message: &m})
	return m
}

// rig is a bot between a fake engine and a fake workspace.
type rig struct {
	*Bot
	engine *fakeEngine
	slack  *fakeSlack
	mux    *http.ServeMux

	mu       sync.Mutex // guards outcomes
	outcomes []string
}

const secret = "8f742231b10e8888abcd99yyyzzz85a5"

// newRig makes a bot that has been told who it is, unless by is given.
func newRig(t testing.TB, change func(*Config)) *rig {
	r := &rig{engine: newFakeEngine(), slack: newFakeSlack(t), mux: http.NewServeMux()}
	c := Config{Engine: r.engine, Threads: r.engine, BotToken: botToken, SigningSecret: secret, APIURL: r.slack.URL, Count: func(o string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.outcomes = append(r.outcomes, o)
	}}
	if change != nil {
		change(&c)
	}
	r.Bot = New(c)
	r.pace.every = time.Millisecond
	r.me.Store(&identity{Team: testTeam, User: testBot, Bot: "B0BOTID1", Name: "frontdesk"})
	r.Routes(r.mux)
	t.Cleanup(r.tasks.close)
	return r
}

func (r *rig) last() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.outcomes) == 0 {
		return ""
	}
	return r.outcomes[len(r.outcomes)-1]
}

// deliver posts a signed body, as Slack does, and returns the status.
func (r *rig) deliver(t testing.TB, path, body string) int {
	t.Helper()
	rec := httptest.NewRecorder()
	r.mux.ServeHTTP(rec, signed(path, body, secret, time.Now()))
	return rec.Code
}

// recorded returns a payload of testdata.
func recorded(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}
