package console

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// event is one server-sent event.
type event struct{ kind, data string }

// watch opens the event stream and sends what comes; the channel is closed when
// the stream ends.
func (p *place) watch(as option) <-chan event {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	p.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", p.URL+"/api/v1/events", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	as(req)
	res, err := p.Client().Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		p.t.Fatalf("events = %d %s, want an event stream", res.StatusCode, res.Header.Get("Content-Type"))
	}
	out := make(chan event, 1000)
	first := make(chan struct{})
	go func() {
		defer close(out)
		defer res.Body.Close()
		var e event
		opened := false
		for sc := bufio.NewScanner(res.Body); sc.Scan(); {
			name, value, _ := strings.Cut(sc.Text(), ": ")
			switch {
			case sc.Text() == "" && e.kind != "":
				out <- e
				e = event{}
			case name == "event":
				e.kind = value
			case name == "data":
				e.data = value
			case !opened: // the comment that says: from here on nothing is missed
				opened = true
				close(first)
			}
		}
	}()
	select {
	case <-first:
	case <-time.After(10 * time.Second):
		p.t.Fatal("the event stream did not begin")
	}
	return out
}

// await returns the next event of a kind that holds the text.
func await(t *testing.T, from <-chan event, kind, text string) event {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case e, open := <-from:
			if !open {
				t.Fatalf("the stream ended before a %s with %q", kind, text)
			}
			if e.kind == kind && strings.Contains(e.data, text) {
				return e
			}
		case <-deadline:
			t.Fatalf("there was no %s with %q", kind, text)
		}
	}
}

func TestStaffHearEveryMessage(t *testing.T) {
	p := newPlace(t)
	agent := p.token(staff.RoleAgent)
	heard := p.watch(bearer(agent))
	id := p.conversation("Where is my parcel?")
	var m messageView
	if err := json.Unmarshal([]byte(await(t, heard, "message", "parcel").data), &m); err != nil {
		t.Fatal(err)
	}
	if m.Conversation != id || m.Seq != 1 || m.Author != conversation.AuthorCustomer {
		t.Errorf("heard %+v, want the customer's first message", m)
	}
	p.do("POST", "/api/v1/conversations/"+id+"/takeover", nil, bearer(agent))
	await(t, heard, "state", `"owner":"staff"`)
	p.do("POST", "/api/v1/conversations/"+id+"/reply", map[string]string{"text": "line one\nline two"}, bearer(agent))
	await(t, heard, "message", `line one\nline two`)
	p.do("POST", "/api/v1/conversations/"+id+"/note", map[string]string{"text": "for us only"}, bearer(agent))
	await(t, heard, "message", `"note":true`)
}

func TestAHintWithoutMessageIsReadFromTheLog(t *testing.T) {
	p := newPlace(t)
	id := p.conversation("written on another replica")
	heard := p.watch(bearer(p.token(staff.RoleViewer)))
	p.engine.HeardEvent(conversation.Event{Kind: conversation.EventMessage, Conversation: id})
	await(t, heard, "message", "written on another replica")
	p.engine.HeardEvent(conversation.Event{Kind: conversation.EventState, Conversation: id})
	await(t, heard, "state", id)
	p.engine.HeardEvent(conversation.Event{Kind: conversation.EventDelta, Conversation: id, Turn: "t", Text: "a piece"})
	await(t, heard, "delta", "a piece")
	p.engine.HeardEvent(conversation.Event{Kind: conversation.EventTyping, Conversation: id, Name: "Ana"})
	await(t, heard, "typing", "Ana")
}

func TestARevokedTokenStopsListening(t *testing.T) {
	p := newPlace(t)
	p.console.beat = 20 * time.Millisecond
	secret, token, err := p.staff.CreateToken(t.Context(), "watcher", staff.RoleViewer)
	if err != nil {
		t.Fatal(err)
	}
	heard := p.watch(bearer(secret))
	if err := p.staff.RevokeToken(t.Context(), token.ID); err != nil {
		t.Fatal(err)
	}
	ended(t, heard)
}

func TestStoppingEndsTheStreams(t *testing.T) {
	p := newPlace(t)
	heard := p.watch(bearer(p.token(staff.RoleViewer)))
	p.console.Stop()
	p.console.Stop() // again does nothing
	ended(t, heard)
}

func TestStreamsAreBounded(t *testing.T) {
	p := newPlace(t)
	p.console.streams = make(chan struct{}, 1)
	token := p.token(staff.RoleViewer)
	p.watch(bearer(token))
	if got := p.do("GET", "/api/v1/events", nil, bearer(token)); got.code != 503 || got.header.Get("Retry-After") == "" {
		t.Errorf("one stream too many = %d, want 503 with Retry-After", got.code)
	}
}

func ended(t *testing.T, heard <-chan event) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case _, open := <-heard:
			if !open {
				return
			}
		case <-deadline:
			t.Fatal("the stream goes on")
		}
	}
}

// Of two messages stored on two replicas at once the newer may be told first.
func TestAMessageFromElsewhereIsToldThoughANewerOneWas(t *testing.T) {
	p := newPlace(t)
	id := p.conversation("first")
	heard := p.watch(bearer(p.token(staff.RoleViewer)))
	if _, err := p.engine.Receive(t.Context(), conversation.Inbound{Conversation: id, Channel: "widget", Account: "shop", ExternalID: "2", Text: "told at once"}); err != nil {
		t.Fatal(err)
	}
	await(t, heard, "message", "told at once")
	p.engine.HeardEvent(conversation.Event{Kind: conversation.EventMessage, Conversation: id})
	await(t, heard, "message", "first")

	// Now the stream knows where it is: what is missing below a newer one is read with it.
	const elsewhere = `WITH c AS (UPDATE conversations SET seq = seq + 1 WHERE id = $1 RETURNING id, seq, episode)
		INSERT INTO messages (conversation_id, seq, author, body, episode) SELECT id, seq, 'customer', 'missed here', episode FROM c`
	if err := p.exec(elsewhere, id); err != nil {
		t.Fatal(err)
	}
	if _, err := p.engine.Receive(t.Context(), conversation.Inbound{Conversation: id, Channel: "widget", Account: "shop", ExternalID: "4", Text: "the newer one"}); err != nil {
		t.Fatal(err)
	}
	await(t, heard, "message", "missed here")
	await(t, heard, "message", "the newer one")
}
