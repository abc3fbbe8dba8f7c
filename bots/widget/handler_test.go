package widget

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
)

// newTestHandler returns the routes of a handler over a fake engine, changed by
// edit when given.
func newTestHandler(t testing.TB, edit func(*Config)) (*http.ServeMux, *fakeEngine) {
	t.Helper()
	engine := newFakeEngine()
	c := Config{Engine: engine, Key: bytes.Repeat([]byte("k"), keyBytes), Script: bundled}
	if edit != nil {
		edit(&c)
	}
	mux := http.NewServeMux()
	New(c).Routes(mux)
	return mux, engine
}

// call posts a body, as JSON unless it is a string, and returns the answer.
func call(t testing.TB, h http.Handler, path, token string, body any) *httptest.ResponseRecorder {
	t.Helper()
	text, ok := body.(string)
	if !ok {
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		text = string(b)
	}
	r := httptest.NewRequest(http.MethodPost, "/widget/v1/"+path, strings.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func openSession(t testing.TB, h http.Handler) sessionReply {
	t.Helper()
	w := call(t, h, "sessions", "", map[string]any{})
	var s sessionReply
	if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil || w.Code != http.StatusOK || s.Token == "" || s.Conversation == "" {
		t.Fatalf("POST sessions = %d %s, want a session", w.Code, w.Body)
	}
	return s
}

func message(id, text string) map[string]any { return map[string]any{"id": id, "text": text} }

// wantProblem checks that an answer is a problem with the status and no
// internal words.
func wantProblem(t testing.TB, what string, w *httptest.ResponseRecorder, code int) {
	t.Helper()
	var p problem
	err := json.Unmarshal(w.Body.Bytes(), &p)
	if w.Code != code || err != nil || p.Status != code || p.Title == "" || p.Detail == "" || p.Type == "" || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s = %d %s (%v), want a problem of status %d", what, w.Code, w.Body, err, code)
	}
	if strings.Contains(w.Body.String(), "widget:") || strings.Contains(w.Body.String(), "conversation:") {
		t.Errorf("%s: internal words in %s", what, w.Body)
	}
}

func TestMessageIsAcceptedOnceForItsID(t *testing.T) {
	h, engine := newTestHandler(t, nil)
	s := openSession(t, h)
	id := randomUUID()
	for range 3 {
		w := call(t, h, "messages", s.Token, message(strings.ToUpper(id), "hello"))
		if w.Code != http.StatusAccepted || strings.TrimSpace(w.Body.String()) != `{"seq":1}` {
			t.Fatalf("POST messages = %d %s, want 202 and seq 1", w.Code, w.Body)
		}
	}
	wantProblem(t, "same id, other text", call(t, h, "messages", s.Token, message(id, "other")), http.StatusConflict)
	if got := engine.texts(t, s.Conversation); !slices.Equal(got, []string{"hello"}) {
		t.Errorf("stored %q, want the message once", got)
	}
}

func TestSessionIsRenewedForTheSameConversation(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	h, engine := newTestHandler(t, func(c *Config) { c.Now = func() time.Time { return now } })
	first := openSession(t, h)
	now = now.Add(tokenLife - time.Minute)
	w := call(t, h, "sessions", first.Token, map[string]any{"identity": map[string]string{"name": "Bo"}})
	var second sessionReply
	if err := json.Unmarshal(w.Body.Bytes(), &second); err != nil || second.Conversation != first.Conversation || second.Token == first.Token {
		t.Fatalf("renewal = %d %s, want another token for %s", w.Code, w.Body, first.Conversation)
	}
	if got := engine.profiles[first.Conversation].Name; got != "Bo" {
		t.Errorf("name after renewal = %q, want Bo", got)
	}
	now = now.Add(2 * time.Minute)
	wantProblem(t, "expired token", call(t, h, "messages", first.Token, message(randomUUID(), "x")), http.StatusUnauthorized)
	wantProblem(t, "renewal with an expired token", call(t, h, "sessions", first.Token, map[string]any{}), http.StatusUnauthorized)
	if w := call(t, h, "messages", second.Token, message(randomUUID(), "x")); w.Code != http.StatusAccepted {
		t.Errorf("renewed token = %d %s, want 202", w.Code, w.Body)
	}
	if len(engine.rooms) != 1 {
		t.Errorf("%d conversations, want 1", len(engine.rooms))
	}
}

func TestHandoffAndBack(t *testing.T) {
	h, engine := newTestHandler(t, nil)
	s := openSession(t, h)
	for _, step := range []struct {
		body  string
		owner conversation.Owner
	}{{`{}`, conversation.OwnerQueue}, {`{}`, conversation.OwnerQueue}, {`{"cancel":true}`, conversation.OwnerBot}} {
		w := call(t, h, "handoff", s.Token, step.body)
		var state stateEvent
		if err := json.Unmarshal(w.Body.Bytes(), &state); err != nil || w.Code != http.StatusOK || state.Owner != step.owner {
			t.Errorf("POST handoff %s = %d %s, want owner %s", step.body, w.Code, w.Body, step.owner)
		}
	}
	engine.setFail(conversation.ErrNotCurrent)
	wantProblem(t, "handoff while it is not possible", call(t, h, "handoff", s.Token, `{}`), http.StatusConflict)
}

func TestFeedback(t *testing.T) {
	h, engine := newTestHandler(t, nil)
	s := openSession(t, h)
	engine.say(t, s.Conversation, conversation.Message{Author: conversation.AuthorBot, Text: "hi"})
	if w := call(t, h, "feedback", s.Token, `{"seq":1,"helpful":false}`); w.Code != http.StatusNoContent {
		t.Errorf("POST feedback = %d %s, want 204", w.Code, w.Body)
	}
	if helpful, given := engine.rooms[s.Conversation].feedback[1]; !given || helpful {
		t.Errorf("stored %v, %v, want a thumb down", helpful, given)
	}
	wantProblem(t, "no such message", call(t, h, "feedback", s.Token, `{"seq":9,"helpful":true}`), http.StatusNotFound)
	wantProblem(t, "no seq", call(t, h, "feedback", s.Token, `{"helpful":true}`), http.StatusUnprocessableEntity)
	wantProblem(t, "no thumb", call(t, h, "feedback", s.Token, `{"seq":1}`), http.StatusUnprocessableEntity)
	delete(engine.rooms, s.Conversation)
	wantProblem(t, "conversation gone", call(t, h, "feedback", s.Token, `{"seq":1,"helpful":true}`), http.StatusUnauthorized)
}

func TestHostileRequestsGetAProblem(t *testing.T) {
	h, engine := newTestHandler(t, nil)
	s := openSession(t, h)
	id := randomUUID()
	quoted := func(text string) string { return fmt.Sprintf(`{"id":%q,"text":%s}`, id, quote(text)) }
	for _, c := range []struct {
		name, method, path, token, kind, body string
		code                                  int
	}{
		{"empty", "POST", "messages", s.Token, "application/json", quoted(" \n "), 422},
		{"no text", "POST", "messages", s.Token, "application/json", `{"id":"` + id + `"}`, 422},
		{"8001 characters", "POST", "messages", s.Token, "application/json", quoted(strings.Repeat("ü", 8001)), 413},
		{"100 KB without a space", "POST", "messages", s.Token, "application/json", quoted(strings.Repeat("a", 100<<10)), 413},
		{"invalid UTF-8 in the text", "POST", "messages", s.Token, "application/json", `{"id":"` + id + "\",\"text\":\"a\xff\"}", 400},
		{"invalid UTF-8 elsewhere", "POST", "messages", s.Token, "application/json", `{"id":"` + id + "\",\"text\":\"a\",\"\xc3\x28\":1}", 400},
		{"no UUID", "POST", "messages", s.Token, "application/json", `{"id":"42","text":"a"}`, 422},
		{"no id", "POST", "messages", s.Token, "application/json", `{"text":"a"}`, 422},
		{"SQL as id", "POST", "messages", s.Token, "application/json", `{"id":"'; drop table messages; --","text":"a"}`, 422},
		{"text of another type", "POST", "messages", s.Token, "application/json", `{"id":"` + id + `","text":7}`, 422},
		{"attachments", "POST", "messages", s.Token, "application/json", `{"id":"` + id + `","text":"a","attachments":[{}]}`, 422},
		{"half JSON", "POST", "messages", s.Token, "application/json", `{"id":`, 400},
		{"no body", "POST", "messages", s.Token, "application/json", ``, 400},
		{"null", "POST", "messages", s.Token, "application/json", `null`, 400},
		{"array", "POST", "messages", s.Token, "application/json", `[]`, 400},
		{"two values", "POST", "messages", s.Token, "application/json", quoted("a") + `{}`, 400},
		{"deeply nested", "POST", "messages", s.Token, "application/json", strings.Repeat("[", 20000), 400},
		{"form", "POST", "messages", s.Token, "application/x-www-form-urlencoded", `text=a`, 415},
		{"text/plain", "POST", "messages", s.Token, "text/plain", quoted("a"), 415},
		{"no content type", "POST", "messages", s.Token, "", quoted("a"), 415},
		{"other charset", "POST", "messages", s.Token, "application/json; charset=utf-16", quoted("a"), 415},
		{"no token", "POST", "messages", "", "application/json", quoted("a"), 401},
		{"conversation id as token", "POST", "messages", s.Conversation, "application/json", quoted("a"), 401},
		{"garbage token", "POST", "messages", strings.Repeat("A", 76), "application/json", quoted("a"), 401},
		{"cut token", "POST", "messages", s.Token[:75], "application/json", quoted("a"), 401},
		{"events without token", "GET", "events", "", "", "", 401},
		{"events after nonsense", "GET", "events?after=x", s.Token, "", "", 422},
		{"events after a negative number", "GET", "events?after=-1", s.Token, "", "", 422},
		{"handoff without token", "POST", "handoff", "", "application/json", `{}`, 401},
		{"feedback without token", "POST", "feedback", "", "application/json", `{}`, 401},
		{"wrong method", "GET", "messages", s.Token, "", "", 405},
		{"DELETE", "DELETE", "sessions", s.Token, "", "", 405},
		{"files", "POST", "files", s.Token, "multipart/form-data; boundary=x", "--x--", 422},
		{"elsewhere", "GET", "../../etc/passwd%00", s.Token, "", "", 404},
		{"key", "POST", "sessions", "", "application/json", `{"key":"<script>"}`, 422},
		{"locale", "POST", "sessions", "", "application/json", `{"locale":"en'; --"}`, 422},
		{"e-mail", "POST", "sessions", "", "application/json", `{"identity":{"email":"a@b@c <x>"}}`, 422},
		{"long name", "POST", "sessions", "", "application/json", `{"identity":{"name":"` + strings.Repeat("n", 500) + `"}}`, 422},
		{"context of another type", "POST", "sessions", "", "application/json", `{"context":{"a":{"b":1}}}`, 422},
		{"long context", "POST", "sessions", "", "application/json", `{"context":{"a":"` + strings.Repeat("n", 500) + `"}}`, 422},
	} {
		r := httptest.NewRequest(c.method, "/widget/v1/"+c.path, strings.NewReader(c.body))
		r.URL.Path = strings.ReplaceAll(r.URL.Path, "..", "x")
		if c.kind != "" {
			r.Header.Set("Content-Type", c.kind)
		}
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		wantProblem(t, c.name, w, c.code)
		if c.code == http.StatusMethodNotAllowed && !strings.Contains(w.Header().Get("Allow"), "OPTIONS") {
			t.Errorf("%s: Allow %q, want the methods", c.name, w.Header().Get("Allow"))
		}
	}
	if got := engine.texts(t, s.Conversation); len(got) != 0 {
		t.Errorf("stored %q, want nothing", got)
	}
}

func TestUnexpectedErrorIsLoggedWithoutWhatTheCustomerWrote(t *testing.T) {
	var logged bytes.Buffer
	h, engine := newTestHandler(t, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&logged, nil)) })
	s := openSession(t, h)
	engine.setFail(errors.New("disk on fire"))
	wantProblem(t, "broken engine", call(t, h, "messages", s.Token, message(randomUUID(), "my secret")), http.StatusInternalServerError)
	if !strings.Contains(logged.String(), "disk on fire") {
		t.Errorf("log %q, want the error", logged.String())
	}
	if strings.Contains(logged.String(), "secret") || strings.Contains(logged.String(), s.Token) {
		t.Errorf("log %q has the text or the token", logged.String())
	}
}

func TestCORS(t *testing.T) {
	open, _ := newTestHandler(t, nil)
	closed, _ := newTestHandler(t, func(c *Config) { c.AllowedOrigins = []string{"https://shop.example/"} })
	for _, c := range []struct {
		h            http.Handler
		origin, want string
		code         int
	}{
		{open, "https://any.example", "*", 200},
		{closed, "https://shop.example", "https://shop.example", 200},
		{closed, "https://evil.example", "", 403},
		{closed, "null", "", 403},
		{closed, "", "", 200},
		{closed, "http://example.com", "", 200}, // the server itself, as httptest names it
	} {
		r := httptest.NewRequest(http.MethodPost, "/widget/v1/sessions", strings.NewReader(`{}`))
		r.Header.Set("Content-Type", "application/json")
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		w := httptest.NewRecorder()
		c.h.ServeHTTP(w, r)
		if got := w.Header().Get("Access-Control-Allow-Origin"); w.Code != c.code || got != c.want {
			t.Errorf("from %q: %d, allowed %q, want %d, %q", c.origin, w.Code, got, c.code, c.want)
		}
		if w.Header().Get("Access-Control-Allow-Credentials") != "" {
			t.Error("credentials are allowed")
		}
	}
	r := httptest.NewRequest(http.MethodOptions, "/widget/v1/messages", nil)
	r.Header.Set("Origin", "https://any.example")
	w := httptest.NewRecorder()
	open.ServeHTTP(w, r)
	if got := w.Header().Get("Access-Control-Allow-Headers"); w.Code != http.StatusNoContent || !strings.Contains(got, "Authorization") {
		t.Errorf("preflight = %d %v, want 204 with the headers", w.Code, w.Header())
	}
}

func TestDemoPage(t *testing.T) {
	mux := http.NewServeMux()
	DemoRoutes(mux)
	for path, kind := range map[string]string{"/": "text/html", "/demo/demo.css": "text/css", "/demo/demo.js": "text/javascript", "/favicon.ico": "image/svg+xml", "/favicon.svg": "image/svg+xml", "/robots.txt": "text/plain"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) || w.Body.Len() == 0 {
			t.Errorf("GET %s = %d %s", path, w.Code, w.Header().Get("Content-Type"))
		}
		if !strings.Contains(w.Header().Get("Content-Security-Policy"), "require-trusted-types-for 'script'") {
			t.Errorf("GET %s has no policy", path)
		}
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/other", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("GET /other = %d, want 404", w.Code)
	}
}
