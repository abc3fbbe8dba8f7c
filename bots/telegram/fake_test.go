package telegram

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"
)

const (
	token    = "777001:TEST-secret_half"
	patience = 30 * time.Second // how long a test waits for what must come
)

// call is one request a bot made.
type call struct {
	method string
	params map[string]string
	ok     bool // it was answered without a fault
}

// platform is a Bot API in the test's hands.
type platform struct {
	*httptest.Server
	mu       sync.Mutex // guards the rest
	calls    []call
	updates  []json.RawMessage
	ids      []int64
	offset   int64
	messages int
	plain    bool                // groups have no topics
	script   map[string][]string // answers of a method, the next first
	changed  chan struct{}       // closed and made anew when something happens
	delay    map[string]chan struct{}
	file     http.HandlerFunc // answers downloads
}

func newPlatform(t *testing.T) *platform {
	p := &platform{script: map[string][]string{}, changed: make(chan struct{}), messages: 100, delay: map[string]chan struct{}{}}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(func() { p.CloseClientConnections(); p.Close() })
	return p
}

func (p *platform) serve(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/file/bot"+token+"/") {
		p.file(w, r)
		return
	}
	method, ok := strings.CutPrefix(r.URL.Path, "/bot"+token+"/")
	if !ok {
		http.Error(w, `{"ok":false,"error_code":404,"description":"Not Found"}`, http.StatusNotFound)
		return
	}
	params := readParams(r)
	p.mu.Lock()
	hold := p.delay[method]
	var answer string
	if s := p.script[method]; len(s) > 0 {
		answer, p.script[method] = s[0], s[1:]
	}
	p.calls = append(p.calls, call{method, params, answer == ""})
	p.wake()
	p.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-r.Context().Done():
			return
		}
	}
	if answer == "" {
		answer = p.answer(r.Context(), method, params)
	}
	if code, body, ok := strings.Cut(answer, " "); ok && len(code) == 3 {
		var status int
		fmt.Sscan(code, &status)
		w.WriteHeader(status)
		answer = body
	}
	io.WriteString(w, answer)
}

// wake tells waiters that something happened; p.mu is held.
func (p *platform) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *platform) answer(ctx context.Context, method string, params map[string]string) string {
	switch method {
	case "getMe":
		return `{"ok":true,"result":{"id":777001,"is_bot":true,"first_name":"Shop help","username":"ShopHelpBot"}}`
	case "getFile":
		return `{"ok":true,"result":{"file_id":"` + params["file_id"] + `","file_unique_id":"u","file_size":4,"file_path":"photos/file_7.jpg"}}`
	case "sendPhoto", "sendVoice", "sendVideo", "sendDocument":
		p.mu.Lock()
		defer p.mu.Unlock()
		p.messages++
		return fmt.Sprintf(`{"ok":true,"result":{"message_id":%d,"date":1763800000,"chat":{"id":%s,"type":"supergroup"}}}`, p.messages, params["chat_id"])
	case "sendMessage":
		p.mu.Lock()
		defer p.mu.Unlock()
		p.messages++
		return fmt.Sprintf(`{"ok":true,"result":{"message_id":%d,"date":1763800000,"chat":{"id":%s,"type":"private"},"text":"x"}}`, p.messages, params["chat_id"])
	case "getUpdates":
		return p.pending(ctx, params)
	case "getChat":
		return fmt.Sprintf(`{"ok":true,"result":{"id":%s,"type":"supergroup","title":"Staff","is_forum":%t,"accent_color_id":1,"max_reaction_count":1}}`, params["chat_id"], !p.plain)
	case "createForumTopic":
		p.mu.Lock()
		defer p.mu.Unlock()
		p.messages++
		return fmt.Sprintf(`{"ok":true,"result":{"message_thread_id":%d,"name":"x","icon_color":1}}`, p.messages)
	case "getWebhookInfo":
		return `{"ok":true,"result":{"url":"https://desk.example.com/telegram/webhook","has_custom_certificate":false,"pending_update_count":0}}`
	}
	return `{"ok":true,"result":true}`
}

// pending answers getUpdates as Telegram does: what is below the offset is
// forgotten, and with nothing new it waits.
func (p *platform) pending(ctx context.Context, params map[string]string) string {
	var offset int64
	fmt.Sscan(params["offset"], &offset)
	for {
		p.mu.Lock()
		p.offset = max(p.offset, offset)
		var out []json.RawMessage
		for i, id := range p.ids {
			if id >= offset {
				out = append(out, p.updates[i])
			}
		}
		changed := p.changed
		p.mu.Unlock()
		if len(out) > 0 || params["timeout"] == "0" {
			b, _ := json.Marshal(map[string]any{"ok": true, "result": append([]json.RawMessage{}, out...)})
			return string(b)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ""
		}
	}
}

func readParams(r *http.Request) map[string]string {
	params := map[string]string{}
	kind, attrs, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/json" {
		var m map[string]json.RawMessage
		json.NewDecoder(r.Body).Decode(&m)
		for k, v := range m {
			params[k] = strings.Trim(string(v), `"`)
		}
		return params
	}
	form := multipart.NewReader(r.Body, attrs["boundary"])
	for {
		part, err := form.NextPart()
		if err != nil {
			return params
		}
		b, _ := io.ReadAll(part)
		if params[part.FormName()] = string(b); part.FileName() != "" {
			params["file"] = part.FileName() + " " + string(b)
		}
	}
}

// post has an update fetched next.
func (p *platform) post(raw []byte) {
	var id struct {
		ID int64 `json:"update_id"`
	}
	json.Unmarshal(raw, &id)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.updates, p.ids = append(p.updates, raw), append(p.ids, id.ID)
	p.wake()
}

// answers sets what the next calls of a method get.
func (p *platform) answers(method string, bodies ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script[method] = append(p.script[method], bodies...)
}

// wait returns the calls of a method once there are n.
func (p *platform) wait(t *testing.T, method string, n int) []call {
	t.Helper()
	deadline := time.After(patience)
	for {
		p.mu.Lock()
		var got []call
		for _, c := range p.calls {
			if c.method == method {
				got = append(got, c)
			}
		}
		changed := p.changed
		p.mu.Unlock()
		if len(got) >= n {
			return got
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("%d calls of %s, want %d", len(got), method, n)
		}
	}
}

// fast is a timing for tests: nothing is waited for longer than it must be.
var fast = timing{
	poll: 10 * time.Second, first: time.Millisecond, most: 2 * time.Millisecond, slow: 3 * time.Millisecond,
	draft: 2 * time.Millisecond, inspect: time.Millisecond, answer: 10 * time.Second, fetch: 10 * time.Second,
}

// newBot returns a bot at p that obeys no limits. No line it logs holds the token.
func newBot(t *testing.T, p *platform, e Engine, change func(*Config)) *Bot {
	t.Helper()
	log := &safeBuffer{}
	cfg := Config{Token: token, APIURL: p.URL, Engine: e, Threads: fakeThreads{}, Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	if change != nil {
		change(&cfg)
	}
	b, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	b.timing = fast
	b.limits.all = rate.NewLimiter(rate.Inf, 1)
	b.limits.fresh = func(int64) *rate.Limiter { return rate.NewLimiter(rate.Inf, 1) }
	t.Cleanup(func() {
		if s := log.String(); strings.Contains(s, "secret_half") || strings.Contains(s, "hook-secret") {
			t.Errorf("the log holds a secret:\n%s", s)
		}
	})
	return b
}

// start runs b until the test ends.
func start(t *testing.T, b *Bot) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); b.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

// until waits for a condition that no channel tells of.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not in time", what)
		}
		time.Sleep(time.Millisecond)
	}
}
