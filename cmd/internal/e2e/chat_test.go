package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/cmd/internal/fakeai"
	"frontdesk/cmd/internal/fakechat"
	"frontdesk/cmd/internal/proc"
)

// Every secret of these tests has this word in it, so that one search of all that the
// program says finds any of them.
const canary = "canary"

const (
	slackToken    = "xoxb-canary-bot"
	slackAppToken = "xapp-canary-app"
	slackSecret   = "canary-signing-secret"
	telegramToken = "777001:canary-half"
	hookSecret    = "canary-hook"
	staffChannel  = "C0STAFF01"
	slackAna      = "U0ANA0001"
)

// patience is how long a test waits for what must come.
const patience = time.Minute

// chats is a server with both platforms, and what it is run with.
type chats struct {
	t        *testing.T
	ctx      context.Context
	slack    *fakechat.Slack
	telegram *fakechat.Telegram
	ai       *fakeai.Server
	o        proc.Options
	server   *proc.Server
	said     *record
	client   *http.Client
}

// record keeps all that the program writes.
type record struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}

// newChats makes platforms that serve and says how a server is run with them.
func newChats(t *testing.T, answer func(fakeai.Request) fakeai.Reply, environ ...string) *chats {
	t.Helper()
	ai, o := setup(t, answer)
	c := &chats{t: t, ai: ai, slack: fakechat.NewSlack(slackToken), telegram: fakechat.NewTelegram(telegramToken), said: &record{}, client: &http.Client{}}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	c.ctx = ctx
	o.Output = io.MultiWriter(t.Output(), c.said)
	o.Env = append(o.Env, "LOG_LEVEL=debug", "OPENAI_API_KEY=sk-canary", "ADMIN_PASSWORD=canary canary canary", "METRICS_TOKEN=canary-metrics",
		"SLACK_BOT_TOKEN="+slackToken, "SLACK_SIGNING_SECRET="+slackSecret, "SLACK_API_URL="+listen(t, c.slack)+"/api", "SLACK_STAFF_CHANNEL="+staffChannel,
		"TELEGRAM_BOT_TOKEN="+telegramToken, "TELEGRAM_API_URL="+listen(t, c.telegram), "DESK_UNDO_SECONDS=0")
	o.Env = append(o.Env, environ...)
	c.o = o
	return c
}

// listen serves h until the test ends.
func listen(t *testing.T, h http.Handler) string {
	srv := httptest.NewServer(h)
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	return srv.URL
}

// start runs the server until the test ends.
func (c *chats) start() {
	c.t.Helper()
	s, err := proc.Start(c.ctx, c.o)
	if err != nil {
		c.t.Fatal(err)
	}
	c.server = s
	c.t.Cleanup(s.Kill)
}

// run runs another command of the program beside the server.
func (c *chats) run(stdin string, args ...string) string {
	c.t.Helper()
	cmd := exec.CommandContext(c.ctx, c.o.Bin, args...)
	cmd.Env = append(c.o.Env, "PATH="+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"))
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil && args[0] != "doctor" { // which ends with 1 when something is amiss
		c.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// hire makes Ana a member of staff who answers on Slack.
func (c *chats) hire() {
	c.t.Helper()
	c.run("canary canary canary\n", "staff", "add", "ana@example.com", "--role", "agent", "--password-stdin")
	c.run("", "staff", "link", "ana@example.com", "--slack", slackAna)
}

// channel is how a channel stands, by /readyz, which is 200 all the while.
type channel struct {
	OK     bool
	Detail string
}

func (c *chats) channels() map[string]channel {
	c.t.Helper()
	var rep struct{ Channels map[string]channel }
	if code := c.get("/readyz", &rep); code != http.StatusOK {
		c.t.Fatalf("readyz = %d, want 200 whatever a platform does", code)
	}
	return rep.Channels
}

func (c *chats) get(path string, into any) int {
	c.t.Helper()
	res, err := c.client.Get(c.server.URL + path)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode
}

// until waits until /readyz says so of a channel.
func (c *chats) until(name string, ok bool, says string) string {
	c.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		got := c.channels()[name]
		if got.OK == ok && strings.Contains(got.Detail, says) {
			return got.Detail
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("readyz says of %s %+v, want %v and %q", name, got, ok, says)
		}
	}
}

// slackPosts sends what Slack would, signed, and returns the status.
func (c *chats) slackPosts(path string, body []byte) int {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.ctx, http.MethodPost, c.server.URL+path, bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	fakechat.SignSlack(req.Header, slackSecret, body)
	res, err := c.client.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// stamp makes ids of Slack's messages.
var stamp struct {
	sync.Mutex
	n int
}

func nextStamp() string {
	stamp.Lock()
	defer stamp.Unlock()
	stamp.n++
	return fmt.Sprintf("%d.%06d", time.Now().Unix(), 500_000+stamp.n)
}

// slackSays is a customer's, or in the staff channel a colleague's, message.
func (c *chats) slackSays(channel, user, thread, text string) {
	c.t.Helper()
	if code := c.slackPosts("/slack/events", fakechat.SlackMessage(channel, user, nextStamp(), thread, text)); code != http.StatusOK {
		c.t.Fatalf("an event = %d, want 200", code)
	}
}

// hookSays posts an update to the Telegram webhook.
func (c *chats) hookSays(update []byte) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.ctx, http.MethodPost, c.server.URL+"/telegram/webhook", bytes.NewReader(update))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("X-Telegram-Bot-Api-Secret-Token", hookSecret)
	res, err := c.client.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		c.t.Fatalf("an update = %d, want 200", res.StatusCode)
	}
}

// waiter is either platform.
type waiter interface {
	Wait(ctx context.Context, place string, ok func(fakechat.Post) bool) (fakechat.Post, error)
}

// reads waits until a message with words stands in a place.
func (c *chats) reads(p waiter, place string, words ...string) fakechat.Post {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, patience)
	defer cancel()
	m, err := p.Wait(ctx, place, func(m fakechat.Post) bool {
		for _, w := range words {
			if !strings.Contains(m.Text+m.Buttons, w) {
				return false
			}
		}
		return true
	})
	if err != nil {
		c.t.Fatalf("want %q: %v", words, err)
	}
	return m
}

// keepsSecrets looks through all that the program has shown anybody for a secret:
// its log at the finest level, its endpoints and what doctor prints.
func (c *chats) keepsSecrets(staff colleague) {
	c.t.Helper()
	seen := map[string]string{"the log": c.said.String(), "doctor": c.run("", "doctor") + c.run("", "doctor", "--json")}
	paths := []string{"/readyz", "/healthz", "/metrics", "/api/v1/openapi.json", "/api/v1/conversations", "/api/v1/usage", "/api/v1/staff/links"}
	var list struct{ Conversations []struct{ ID string } }
	staff.do(http.MethodGet, "/api/v1/conversations", nil, &list, 200)
	for _, conv := range list.Conversations {
		paths = append(paths, "/api/v1/conversations/"+conv.ID, "/api/v1/conversations/"+conv.ID+"/messages")
	}
	for _, path := range paths {
		req, err := http.NewRequestWithContext(c.ctx, http.MethodGet, c.server.URL+path, nil)
		if err != nil {
			c.t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+staff.token)
		if path == "/metrics" {
			req.Header.Set("Authorization", "Bearer canary-metrics")
		}
		res, err := c.client.Do(req)
		if err != nil {
			c.t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			c.t.Errorf("GET %s = %d, %v, want 200", path, res.StatusCode, err)
		}
		seen[path] = string(body)
	}
	for where, text := range seen {
		if i := strings.Index(strings.ToLower(text), canary); i >= 0 {
			c.t.Errorf("%s shows a secret: …%s…", where, text[max(0, i-200):min(len(text), i+100)])
		}
		if len(text) == 0 {
			c.t.Errorf("%s is empty: nothing was looked through", where)
		}
	}
}
