package widget

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
)

// frame is one event of a stream as a browser reads it; a comment has only kind.
type frame struct{ id, kind, data string }

// listener reads a stream over a real connection.
type listener struct {
	t      testing.TB
	answer *http.Response
	frames *bufio.Scanner
	close  func()
}

type eventServer struct {
	engine *fakeEngine
	widget *Handler
	server *httptest.Server
	h      http.Handler
}

func newEventServer(t *testing.T, edit func(*Config)) *eventServer {
	t.Helper()
	e := newFakeEngine()
	c := Config{Engine: e, Key: bytes.Repeat([]byte("k"), keyBytes), Script: bundled}
	if edit != nil {
		edit(&c)
	}
	w := New(c)
	mux := http.NewServeMux()
	w.Routes(mux)
	s := &eventServer{e, w, httptest.NewServer(mux), mux}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), waitAtMost)
		defer cancel()
		if err := w.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown = %v, want every stream ended", err)
		}
		s.server.Close()
	})
	return s
}

// listen opens a stream with the token; the query starts with "?" or is empty.
func (s *eventServer) listen(t testing.TB, token, query string, header ...string) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), waitAtMost)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.server.URL+"/widget/v1/events"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatalf("GET events: %v", err)
	}
	l := &listener{t: t, answer: answer, frames: bufio.NewScanner(answer.Body), close: func() { cancel(); answer.Body.Close() }}
	l.frames.Buffer(nil, 1<<20)
	l.frames.Split(func(data []byte, _ bool) (int, []byte, error) {
		if i := bytes.Index(data, []byte("\n\n")); i >= 0 {
			return i + 2, data[:i], nil
		}
		return 0, nil, nil
	})
	t.Cleanup(l.close)
	return l
}

func (l *listener) next() frame {
	l.t.Helper()
	if !l.frames.Scan() {
		l.t.Fatalf("stream ended: %v", l.frames.Err())
	}
	var f frame
	for _, line := range strings.Split(l.frames.Text(), "\n") {
		switch name, value, _ := strings.Cut(line, ": "); name {
		case "id":
			f.id = value
		case "event":
			f.kind = value
		case "data":
			f.data = value
		case ":":
			f.kind = ":"
		}
	}
	return f
}

// want reads the next events and compares "kind id text" of each.
func (l *listener) want(want ...string) {
	l.t.Helper()
	for _, w := range want {
		f := l.next()
		var data struct{ Text, Turn, Owner, Name string }
		if f.data != "" {
			if err := json.Unmarshal([]byte(f.data), &data); err != nil {
				l.t.Fatalf("event %+v: %v", f, err)
			}
		}
		got := strings.TrimSpace(strings.Join(slices.DeleteFunc([]string{f.kind, f.id, data.Owner, data.Turn, data.Text, data.Name}, func(s string) bool { return s == "" }), " "))
		if f.kind == "message" {
			got = strings.Join([]string{f.kind, f.id, data.Text}, " ")
		}
		if got != w {
			l.t.Fatalf("event %q (%+v), want %q", got, f, w)
		}
	}
}

func TestStreamTellsStateThenLogThenWhatHappens(t *testing.T) {
	s := newEventServer(t, nil)
	session := openSession(t, s.h)
	id := session.Conversation
	call(t, s.h, "messages", session.Token, message(randomUUID(), "one"))
	s.engine.say(t, id, conversation.Message{Author: conversation.AuthorBot, Text: "two"})
	l := s.listen(t, session.Token, "?after=0")
	if kind := l.answer.Header.Get("Content-Type"); kind != "text/event-stream" || l.answer.Header.Get("Access-Control-Allow-Origin") != "*" || l.answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("head %v, want an event stream for any origin", l.answer.Header)
	}
	l.want("state bot", "message 1 one", "message 2 two")
	s.engine.delta(id, "t1", "thr")
	l.want("delta t1 thr")
	s.engine.discard(id, "t1")
	l.want("discard t1")
	s.engine.typing(id, "Ana")
	l.want("typing Ana")
	s.engine.takeOver(t, id, "Ana")
	l.want("state staff Ana")
	s.engine.say(t, id, conversation.Message{Author: conversation.AuthorStaff, Name: "Ana", Text: "line\nbreak\r\n\r\nid: 99"})
	l.want("message 3 line\nbreak\r\n\r\nid: 99")
}

func TestStreamResumes(t *testing.T) {
	s := newEventServer(t, nil)
	session := openSession(t, s.h)
	for i := 1; i <= recentMessages+50; i++ {
		s.engine.say(t, session.Conversation, conversation.Message{Author: conversation.AuthorBot, Text: fmt.Sprint("m", i)})
	}
	s.listen(t, session.Token, "?after=249").want("state bot", "message 250 m250")
	s.listen(t, session.Token, "?after=1", "Last-Event-ID", "249").want("state bot", "message 250 m250")
	s.listen(t, session.Token, "").want("state bot", "message 51 m51", "message 52 m52")
	l := s.listen(t, session.Token, "?after=0")
	l.want("state bot")
	for i := 1; i <= recentMessages+50; i++ {
		l.want(fmt.Sprintf("message %d m%d", i, i))
	}
}

func TestNotesNeverReachTheCustomer(t *testing.T) {
	s := newEventServer(t, nil)
	session := openSession(t, s.h)
	id := session.Conversation
	say := func(author conversation.Author, text string, note bool) {
		s.engine.say(t, id, conversation.Message{Author: author, Text: text, Note: note})
	}
	say(conversation.AuthorStaff, "note before", true)
	say(conversation.AuthorStaff, "one", false)
	l := s.listen(t, session.Token, "?after=0")
	l.want("state bot", "message 2 one")
	say(conversation.AuthorStaff, "note between", true)
	say(conversation.AuthorStaff, "two", false)
	say(conversation.AuthorStaff, "note after", true)
	say(conversation.AuthorStaff, "three", false)
	l.want("message 4 two", "message 6 three")
}

func TestHintWithoutMessageReadsTheLog(t *testing.T) {
	s := newEventServer(t, nil)
	session := openSession(t, s.h)
	id := session.Conversation
	l := s.listen(t, session.Token, "?after=0")
	l.want("state bot")
	// Another replica stored these, so only a hint arrives here.
	err := s.engine.with(id, func(r *room) error {
		for _, text := range []string{"one", "two"} {
			r.state.Seq++
			r.log = append(r.log, conversation.Message{Seq: r.state.Seq, Author: conversation.AuthorBot, Text: text, Turn: "t1"})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.engine.hub.Publish(conversation.Event{Kind: conversation.EventMessage, Conversation: id})
	l.want("message 1 one", "message 2 two")
	// A late piece of the finished answer says nothing new.
	s.engine.delta(id, "t1", "late")
	s.engine.say(t, id, conversation.Message{Author: conversation.AuthorStaff, Text: "three"})
	l.want("message 3 three")
}

func TestStateWithoutItsValueIsReadAnew(t *testing.T) {
	s := newEventServer(t, nil)
	session := openSession(t, s.h)
	l := s.listen(t, session.Token, "")
	l.want("state bot")
	err := s.engine.with(session.Conversation, func(r *room) error {
		r.state.Owner = conversation.OwnerQueue
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []conversation.EventKind{conversation.EventState, conversation.EventRead} {
		s.engine.hub.Publish(conversation.Event{Kind: kind, Conversation: session.Conversation})
		l.want("state queue")
	}
}

func TestHintOfManyMessagesRepeatsNothing(t *testing.T) {
	s := newEventServer(t, nil)
	session := openSession(t, s.h)
	id := session.Conversation
	l := s.listen(t, session.Token, "?after=0")
	l.want("state bot")
	const many = 3*logPage + 1
	// Holding the engine back has all of it told in one go.
	err := s.engine.with(id, func(r *room) error {
		s.engine.delta(id, "t1", "piece")
		s.engine.typing(id, "Ana")
		for i := 1; i <= many; i++ {
			r.log = append(r.log, conversation.Message{Seq: int64(i), Author: conversation.AuthorStaff, Text: "m"})
		}
		r.state.Seq = many
		s.engine.hub.Publish(conversation.Event{Kind: conversation.EventMessage, Conversation: id})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	l.want("delta t1 piece", "typing Ana")
	for i := 1; i <= many; i++ {
		l.want(fmt.Sprintf("message %d m", i))
	}
}

func TestMessageThatOvertookAnotherWaitsForIt(t *testing.T) {
	s := newEventServer(t, nil)
	session := openSession(t, s.h)
	id := session.Conversation
	l := s.listen(t, session.Token, "?after=0")
	l.want("state bot")
	first := conversation.Message{Seq: 1, Conversation: id, Author: conversation.AuthorBot, Text: "one"}
	second := conversation.Message{Seq: 2, Conversation: id, Author: conversation.AuthorBot, Text: "two"}
	err := s.engine.with(id, func(r *room) error {
		r.log, r.state.Seq = append(r.log, first, second), 2
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []conversation.Message{second, first} {
		s.engine.hub.Publish(conversation.Event{Kind: conversation.EventMessage, Conversation: id, Message: &m})
	}
	s.engine.typing(id, "end")
	l.want("message 1 one", "message 2 two", "typing end")
}

func TestQuietStreamBeats(t *testing.T) {
	s := newEventServer(t, nil)
	s.widget.beat = time.Millisecond
	l := s.listen(t, openSession(t, s.h).Token, "")
	l.want("state bot", ":", ":")
}

func TestStreamOfAnotherConversationIsSilent(t *testing.T) {
	s := newEventServer(t, nil)
	mine, other := openSession(t, s.h), openSession(t, s.h)
	l := s.listen(t, mine.Token, "")
	l.want("state bot")
	s.engine.say(t, other.Conversation, conversation.Message{Author: conversation.AuthorBot, Text: "not for you"})
	s.engine.say(t, mine.Conversation, conversation.Message{Author: conversation.AuthorBot, Text: "for you"})
	l.want("message 1 for you")
}

func TestStreamsAreBoundedAndGiveTheirPlaceBack(t *testing.T) {
	s := newEventServer(t, nil)
	session := openSession(t, s.h)
	var open []*listener
	for range streamsPerVisitor {
		l := s.listen(t, session.Token, "")
		l.want("state bot")
		open = append(open, l)
	}
	refused := s.listen(t, session.Token, "")
	if refused.answer.StatusCode != http.StatusTooManyRequests || refused.answer.Header.Get("Retry-After") == "" {
		t.Errorf("stream %d = %d, want 429 with Retry-After", streamsPerVisitor+1, refused.answer.StatusCode)
	}
	open[0].close()
	waitUntil(t, "the place", func() bool { return s.widget.streams.open() < streamsPerVisitor })
	s.listen(t, session.Token, "").want("state bot")
}

func TestShutdownEndsStreamsCleanly(t *testing.T) {
	s := newEventServer(t, nil)
	session := openSession(t, s.h)
	l := s.listen(t, session.Token, "")
	l.want("state bot")
	ctx, cancel := context.WithTimeout(context.Background(), waitAtMost)
	defer cancel()
	if err := s.widget.Shutdown(ctx); err != nil {
		t.Fatalf("Shutdown = %v, want nil", err)
	}
	if l.frames.Scan() || l.frames.Err() != nil {
		t.Errorf("after Shutdown: %q, %v, want a clean end", l.frames.Text(), l.frames.Err())
	}
	if got := s.listen(t, session.Token, "").answer.StatusCode; got != http.StatusServiceUnavailable {
		t.Errorf("new stream = %d, want 503", got)
	}
}

func TestStreamWithoutHijackingWorks(t *testing.T) {
	s := newEventServer(t, nil)
	session := openSession(t, s.h)
	ctx, cancel := context.WithCancel(context.Background())
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/widget/v1/events", nil)
	r.Header.Set("Authorization", "Bearer "+session.Token)
	w := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.h.ServeHTTP(w, r)
	}()
	waitUntil(t, "the stream", func() bool { return s.widget.streams.open() == 1 })
	cancel()
	<-done
	if !strings.HasPrefix(w.Body.String(), "event: state\n") || w.Header().Get("Content-Type") != "text/event-stream" {
		t.Errorf("got %v %q, want the state", w.Header(), w.Body)
	}
	waitUntil(t, "its end", func() bool { return s.widget.streams.open() == 0 })
}

func TestVisitorWhoTakesNothingIsDropped(t *testing.T) {
	near, far := net.Pipe() // nobody reads from far
	defer far.Close()
	e := newFakeEngine()
	closing := make(chan struct{})
	conn := &hijacked{near, make(chan struct{}), time.Millisecond}
	go conn.watch()
	s := &stream{engine: e, to: conn, closing: closing, beat: time.Millisecond, sub: e.Subscribe("x")}
	s.run(conn.gone) // returns, since the first heartbeat cannot be written
	s.sub.Close()
	conn.close()
}

func TestSubscriptionEndsWithTheStream(t *testing.T) {
	s := newEventServer(t, nil)
	session := openSession(t, s.h)
	l := s.listen(t, session.Token, "")
	l.want("state bot")
	if !s.engine.hub.Watching(session.Conversation) {
		t.Fatal("nobody watches the conversation, want the stream")
	}
	l.close()
	waitUntil(t, "the end of the watch", func() bool { return !s.engine.hub.Watching(session.Conversation) })
	s.engine.setFail(context.DeadlineExceeded)
	if got := s.listen(t, session.Token, "").answer.StatusCode; got != http.StatusServiceUnavailable {
		t.Errorf("stream while the log cannot be read = %d, want 503", got)
	}
	waitUntil(t, "its place", func() bool { return s.widget.streams.open() == 0 && !s.engine.hub.Watching(session.Conversation) })
}
