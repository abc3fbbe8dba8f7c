package console

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/bots/browsertest"
	"frontdesk/bots/widget"
	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/media"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
	"frontdesk/knowledge/extract"
	"frontdesk/knowledge/lexical"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"
)

const password = "correct horse battery"

// library is a Documents and a Finder in memory.
type library struct {
	mu      sync.Mutex // guards all
	docs    map[string]knowledge.Document
	content map[string][]byte
	entries []knowledge.Entry
	queries []knowledge.Query
	deleted []knowledge.Deleted
	found   []knowledge.Hit // in place of the one it finds otherwise
	fail    error
}

func (l *library) AddFile(_ context.Context, name string, content []byte) (knowledge.Added, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return knowledge.Added{}, l.fail
	}
	d := knowledge.Document{ID: knowledge.NewID(), Name: name, Status: knowledge.StatusQueued, Bytes: int64(len(content))}
	l.docs[d.ID], l.content[d.ID] = d, content
	out := knowledge.Added{Documents: []knowledge.Document{d}}
	if strings.HasSuffix(name, ".zip") {
		out.Archive = true
		out.PassedOver = []knowledge.PassedOver{{Name: "logo.png", Reason: fmt.Errorf("%w: images are not read", knowledge.ErrUnsupported)}}
	}
	return out, nil
}

func (l *library) AddEntry(ctx context.Context, e knowledge.Entry) (string, error) {
	l.mu.Lock()
	l.entries = append(l.entries, e)
	l.mu.Unlock()
	added, err := l.AddFile(ctx, e.Question, []byte(e.Answer))
	if err != nil {
		return "", err
	}
	return added.Documents[0].ID, nil
}

func (l *library) SaveEntry(ctx context.Context, _ string, e knowledge.Entry) (string, error) {
	return l.AddEntry(ctx, e)
}

func (l *library) Document(_ context.Context, id string) (knowledge.Document, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d, ok := l.docs[id]
	if !ok {
		return d, knowledge.ErrNotFound
	}
	return d, nil
}

func (l *library) Documents(context.Context, string, int) ([]knowledge.Document, string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []knowledge.Document
	for _, d := range l.docs {
		out = append(out, d)
	}
	return out, "", nil
}

func (l *library) DeleteDocument(ctx context.Context, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.docs[id]; !ok {
		return knowledge.ErrNotFound
	}
	l.deleted = append(l.deleted, knowledge.Deleted{Document: l.docs[id], At: time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC), By: knowledge.PersonOf(ctx)})
	delete(l.docs, id)
	return nil
}

func (l *library) RetryDocument(ctx context.Context, id string) (knowledge.Document, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d, ok := l.docs[id]
	if !ok {
		return d, knowledge.ErrNotFound
	}
	d.Status, d.Error, d.UpdatedAt = knowledge.StatusQueued, "", time.Now()
	l.docs[id] = d
	return d, nil
}

// Changes returns everything: the console is to tell each change once.
func (l *library) Changes(context.Context, time.Time) (knowledge.Changes, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := knowledge.Changes{At: time.Now()}
	for _, d := range l.docs {
		out.Documents = append(out.Documents, d)
	}
	return out, nil
}

func (l *library) Find(_ context.Context, q knowledge.Query) (knowledge.Result, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queries = append(l.queries, q)
	if l.fail != nil {
		return knowledge.Result{}, l.fail
	}
	if l.found != nil {
		return knowledge.Result{Query: q.Text, Confidence: .75, Hits: l.found}, nil
	}
	return knowledge.Result{Query: q.Text, Confidence: .75, Hits: []knowledge.Hit{{
		Passage: knowledge.Passage{ID: "p1", Title: "Returns", Text: "Within 30 days.", Document: "faq.csv", IsEntry: true},
		Score:   .0163, LexicalRank: 1, LexicalScore: 7.5,
	}}}, nil
}

// place is a console under test: real staff, real conversations, real HTTP.
type place struct {
	*httptest.Server
	t       *testing.T
	console *Console
	staff   *staff.Service
	engine  *conversation.Engine
	store   *conversationdb.Store
	library *library
	curator *curator
	sites   *siteList
	gaps    *conversation.Gaps
	inbox   *conversation.Inbox
	tests   *testSet
	models  []string // that the console takes for those that answer
	exec    func(sql string, args ...any) error
	secure  bool // what the console is told of the connection
	log     *bytes.Buffer
	down    atomic.Bool // whether it breaks every connection
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := newPlaceWith(t, conversation.Config{}, nil)
	p.silence()
	return p
}

// silence has the bot say nothing, where nobody waits for it and its answers would come between: an engine takes no turn
// once it has ended.
func (p *place) silence() {
	ended, end := context.WithCancel(p.t.Context())
	end()
	p.engine.Run(ended, time.Second)
}

// newPlaceWith is a place whose bot answers with a model, once it runs.
func newPlaceWith(t *testing.T, cfg conversation.Config, model conversation.Model) *place {
	t.Helper()
	p := &place{t: t, log: &bytes.Buffer{}, library: &library{docs: map[string]knowledge.Document{}, content: map[string][]byte{}}, sites: &siteList{}}
	pool := dbtest.New(t)
	p.exec = func(sql string, args ...any) error { _, err := pool.Exec(t.Context(), sql, args...); return err }
	p.gaps = conversation.NewGaps(conversation.GapConfig{Settle: -1}, conversation.GapDeps{Store: conversationdb.New(pool), Words: lexical.Bag{},
		Entries: p.library, Finder: p.library, Counter: tokens.For("gpt-4o-mini")})
	p.staff = staff.New(conversationdb.NewStaffStore(pool), nil)
	p.store = conversationdb.New(pool)
	var err error
	p.engine, err = conversation.New(cfg, conversation.Deps{Store: p.store, Finder: p.library, Model: model, Counter: tokens.For("gpt-4o-mini"), Reader: media.New(media.Config{Detect: extract.Detect, Extract: extract.Extract, Counter: tokens.For("gpt-4o-mini")})})
	if err != nil {
		t.Fatal(err)
	}
	p.inbox = conversation.NewInbox(p.engine, p.store)
	p.tests = newTestSet(pool, p.library)
	p.console, err = New(Options{Asks: p.engine, Tests: p.tests, Models: p.modelFacts, Staff: p.staff, Documents: p.library, Sites: p.sites, Gaps: p.gaps, Inbox: p.inbox, Finder: p.library, Engine: p.engine, Events: p.engine,
		Log: slog.New(slog.NewTextHandler(p.log, nil)), Secure: func(*http.Request) bool { return p.secure }})
	if err != nil {
		t.Fatal(err)
	}
	p.console.pages = bundled
	p.withHooks()
	f, _ := p.withFAQ()
	p.curator = &curator{library: p.library, faq: f}
	p.console.curation = p.curator
	mux := http.NewServeMux()
	p.console.Register(mux)
	widget.DemoRoutes(mux)
	// In place of the chat, what its tag says.
	mux.HandleFunc("GET /widget.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		io.WriteString(w, "document.querySelector('main').append(new URLSearchParams(document.currentScript.dataset).toString())")
	})
	shaken := browsertest.Shake(mux)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.down.Load() {
			panic(http.ErrAbortHandler)
		}
		shaken.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	t.Cleanup(p.console.Stop)
	return p
}

// token returns a new API token's secret.
func (p *place) token(role staff.Role) string {
	p.t.Helper()
	secret, _, err := p.staff.CreateToken(p.t.Context(), "token of "+string(role), role)
	if err != nil {
		p.t.Fatal(err)
	}
	return secret
}

// cookie signs a new member of staff in and returns their cookie.
func (p *place) cookie(role staff.Role) *http.Cookie {
	p.t.Helper()
	email := string(role) + "@example.com"
	if _, err := p.staff.Add(p.t.Context(), email, password, role); err != nil {
		p.t.Fatal(err)
	}
	res := p.do("POST", "/api/v1/login", map[string]string{"email": email, "password": password})
	if res.code != 200 || len(res.cookies) != 1 {
		p.t.Fatalf("login = %d %s with %d cookies, want 200 with one", res.code, res.body, len(res.cookies))
	}
	return res.cookies[0]
}

type answer struct {
	code    int
	header  http.Header
	cookies []*http.Cookie
	body    string
}

// decode reads the answer's JSON.
func (a answer) decode(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		t.Fatalf("answer %d %q: %v", a.code, a.body, err)
	}
}

func (a answer) problem(t *testing.T) Problem {
	t.Helper()
	var p Problem
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("answer %d %q is %s, want application/problem+json", a.code, a.body, got)
		return p
	}
	a.decode(t, &p)
	if p.Status != a.code || p.Title == "" || p.Type == "" {
		t.Errorf("problem %+v of a %d lacks status, title or type", p, a.code)
	}
	return p
}

type option func(*http.Request)

func bearer(token string) option {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func with(c *http.Cookie) option { return func(r *http.Request) { r.AddCookie(c) } }

func header(name, value string) option { return func(r *http.Request) { r.Header.Set(name, value) } }

// do sends a request; a body that is no reader goes as JSON.
func (p *place) do(method, path string, body any, options ...option) answer {
	p.t.Helper()
	var in io.Reader
	media := "application/json"
	switch b := body.(type) {
	case nil:
		media = ""
	case io.Reader:
		in = b
	default:
		data, err := json.Marshal(b)
		if err != nil {
			p.t.Fatal(err)
		}
		in = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.URL+path, in)
	if err != nil {
		p.t.Fatal(err)
	}
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	for _, o := range options {
		o(req)
	}
	res, err := p.Client().Do(req)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	a := answer{code: res.StatusCode, header: res.Header, cookies: res.Cookies()}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		return a // it would not end
	}
	data, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	a.body = string(data)
	return a
}

// conversation starts one with a customer's message and returns its id.
func (p *place) conversation(text string) string {
	p.t.Helper()
	st, err := p.engine.Open(p.t.Context(), conversation.Opening{Channel: "widget", Account: "shop"})
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.engine.Receive(p.t.Context(), conversation.Inbound{Conversation: st.Conversation, Channel: "widget", Account: "shop", ExternalID: knowledge.NewID(), Text: text}); err != nil {
		p.t.Fatal(err)
	}
	return st.Conversation
}

// usageRows is what was booked within the hour, by day, model and purpose.
func usageRows(ctx context.Context, e *conversation.Engine) (rows []conversation.UsageRow, err error) {
	q := conversation.UsageQuery{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour),
		Groups: []conversation.UsageGroup{conversation.ByDay, conversation.ByModel, conversation.ByPurpose}}
	err = e.Usage(ctx, q, func(r conversation.UsageRow) error { rows = append(rows, r); return nil })
	return rows, err
}

// modelFacts are the models in use.
func (p *place) modelFacts() []conversation.ModelFact {
	out := make([]conversation.ModelFact, len(p.models))
	for i, name := range p.models {
		out[i] = conversation.ModelFact{Name: name, Tasks: []string{string(conversation.TaskAnswer)}}
	}
	return out
}
