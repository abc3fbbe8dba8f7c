package slack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	testTeam = "T061EG9R6"
	testBot  = "U0BOTUSER"
	botToken = "xoxb-secret-token"
)

// posted is a message as the fake workspace holds it.
type posted struct {
	Channel, Thread, TS, Text, Blocks, Metadata string
	Streaming, Deleted                          bool
}

// fault is what happens to one call instead of its success, or after it.
type fault struct {
	status int    // 0: 200
	code   string // Slack's word for what is wrong
	retry  string // Retry-After
	after  bool   // the call is carried out, and only its answer lost
	block  bool   // nothing is answered until the caller gives up
}

// fakeSlack is a workspace that keeps what is posted, and fails when told to.
type fakeSlack struct {
	*httptest.Server
	changed chan struct{} // gets a value, never waiting, after every call

	mu       sync.Mutex // guards the rest
	messages []*posted
	calls    []string // methods, in order
	forms    []url.Values
	faults   map[string][]fault
	next     int
	scopes   string
	headers  []string // Authorization of every call
	files    fakeFiles
}

func newFakeSlack(t testing.TB) *fakeSlack {
	f := &fakeSlack{faults: map[string][]fault{}, changed: make(chan struct{}, 1), next: 1000}
	f.scopes = "app_mentions:read,assistant:write,channels:history,chat:write,files:read,files:write,groups:history,im:history,mpim:history,users:read"
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

func (f *fakeSlack) fail(method string, fs ...fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults[method] = append(f.faults[method], fs...)
}

func (f *fakeSlack) serve(w http.ResponseWriter, r *http.Request) {
	if f.serveFile(w, r) {
		return
	}
	method := strings.TrimPrefix(r.URL.Path, "/")
	r.ParseForm()
	f.mu.Lock()
	f.calls = append(f.calls, method)
	f.forms = append(f.forms, r.Form)
	f.headers = append(f.headers, r.Header.Get("Authorization"))
	var broken *fault
	if fs := f.faults[method]; len(fs) > 0 {
		broken, f.faults[method] = &fs[0], fs[1:]
	}
	var answer map[string]any
	if broken == nil || broken.after {
		answer = f.do(method, r.Form)
	}
	scopes := f.scopes
	f.mu.Unlock()
	defer func() {
		select {
		case f.changed <- struct{}{}:
		default:
		}
	}()
	if broken != nil {
		switch {
		case broken.block:
			<-r.Context().Done()
			return
		case broken.after && broken.code == "":
			panic(http.ErrAbortHandler)
		}
		if broken.retry != "" {
			w.Header().Set("Retry-After", broken.retry)
		}
		if broken.status != 0 {
			w.WriteHeader(broken.status)
			fmt.Fprint(w, "<html>oops</html>")
			return
		}
		answer = map[string]any{"ok": false, "error": broken.code}
	}
	w.Header().Set("X-OAuth-Scopes", scopes)
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(answer)
}

// do carries out a call. The lock is held.
func (f *fakeSlack) do(method string, v url.Values) map[string]any {
	ok := map[string]any{"ok": true}
	find := func() *posted {
		for _, m := range f.messages {
			if m.Channel == v.Get("channel") && m.TS == v.Get("ts") && !m.Deleted {
				return m
			}
		}
		return nil
	}
	switch method {
	case "files.info", "files.getUploadURLExternal", "files.completeUploadExternal":
		return f.doFile(method, v)
	case "auth.test":
		return map[string]any{"ok": true, "team": "Acme", "user": "frontdesk", "team_id": testTeam, "user_id": testBot, "bot_id": "B0BOTID1"}
	case "users.info":
		return map[string]any{"ok": true, "user": map[string]any{"id": v.Get("user"), "real_name": "Ana Gómez"}}
	case "chat.postMessage", "chat.startStream":
		f.next++
		m := &posted{Channel: v.Get("channel"), Thread: v.Get("thread_ts"), TS: fmt.Sprintf("1763900000.%06d", f.next), Text: v.Get("text") + v.Get("markdown_text"),
			Blocks: v.Get("blocks"), Metadata: v.Get("metadata"), Streaming: method == "chat.startStream"}
		f.messages = append(f.messages, m)
		return map[string]any{"ok": true, "channel": m.Channel, "ts": m.TS}
	case "chat.appendStream", "chat.stopStream", "chat.update", "chat.delete":
		m := find()
		switch {
		case m == nil:
			return map[string]any{"ok": false, "error": "message_not_found"}
		case method == "chat.appendStream":
			m.Text += v.Get("markdown_text")
		case method == "chat.stopStream" && !m.Streaming:
			return map[string]any{"ok": false, "error": "message_not_in_streaming_state"}
		case method == "chat.stopStream":
			m.Streaming = false
		case m.Streaming:
			return map[string]any{"ok": false, "error": "streaming_state_conflict"}
		case method == "chat.delete":
			m.Deleted = true
		default:
			m.Text, m.Blocks, m.Metadata = v.Get("text"), v.Get("blocks"), v.Get("metadata")
		}
		return map[string]any{"ok": true, "channel": m.Channel, "ts": m.TS}
	case "conversations.replies", "conversations.history":
		list := []map[string]any{}
		for _, m := range f.messages {
			if m.Channel == v.Get("channel") && m.Thread == v.Get("ts") && !m.Deleted {
				entry := map[string]any{"type": "message", "user": testBot, "bot_id": "B0BOTID1", "ts": m.TS, "text": m.Text}
				if m.Metadata != "" {
					entry["metadata"] = json.RawMessage(m.Metadata)
				}
				list = append(list, entry)
			}
		}
		ok["messages"] = list
	}
	return ok
}

// visible are the messages that nobody deleted.
func (f *fakeSlack) visible() []posted {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []posted
	for _, m := range f.messages {
		if !m.Deleted {
			out = append(out, *m)
		}
	}
	return out
}

func (f *fakeSlack) called(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c == method {
			n++
		}
	}
	return n
}

// form returns the arguments of the last call of a method.
func (f *fakeSlack) form(method string) url.Values {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, c := range slices.Backward(f.calls) {
		if c == method {
			return f.forms[i]
		}
	}
	return nil
}

// until waits for what is checked after every call to Slack, and now and then.
func (f *fakeSlack) until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for !ok() {
		select {
		case <-f.changed:
		case <-poll.C:
		case <-deadline:
			t.Fatalf("%s did not come about; calls: %v; messages: %+v", what, f.calls, f.visible())
		}
	}
}
