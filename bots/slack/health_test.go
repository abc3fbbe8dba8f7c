package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"frontdesk/conversation"
)

func running(t *testing.T, r *rig) {
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { r.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
}

// safeBuffer is a log that several goroutines write.
type safeBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestAWrongTokenShowsAndIsTriedAgain(t *testing.T) {
	var out safeBuffer
	r := newRig(t, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	r.me.Store(nil)
	r.slack.fail("auth.test", fault{code: "invalid_auth"}, fault{status: 503})
	running(t, r)
	r.slack.until(t, "the refusal", func() bool { return strings.Contains(r.State().Detail, "SLACK_BOT_TOKEN is refused (invalid_auth)") })
	r.slack.until(t, "a good state", func() bool { return r.State() == State{true, "speaks as @frontdesk in Acme"} })
	if me := r.me.Load(); me == nil || me.Team != testTeam || me.User != testBot {
		t.Errorf("the bot is %+v, want what auth.test said", me)
	}
	if strings.Contains(out.String(), botToken) || strings.Contains(out.String(), secret) {
		t.Errorf("the log shows a secret: %s", out.String())
	}
	for _, h := range r.slack.headers {
		if h != "Bearer "+botToken {
			t.Errorf("called with Authorization %q, want the token", h)
		}
	}
}

func TestASlackOutOfReachKeepsNothingElse(t *testing.T) {
	var out safeBuffer
	r := newRig(t, func(c *Config) {
		c.APIURL = "http://127.0.0.1:1/api"
		c.Log = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	r.me.Store(nil)
	running(t, r)
	r.slack.until(t, "the state", func() bool { return strings.Contains(r.State().Detail, "cannot be reached") })
	if code := r.deliver(t, "/slack/events", recorded(t, "message_im")); code != 200 || len(r.engine.texts()) != 1 {
		t.Errorf("status %d and %q stored, want 200 and the message", code, r.engine.texts())
	}
	_, err := r.Send(t.Context(), delivery("hello", 1))
	if err == nil || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("Send = %v, want an error without the address", err)
	}
	if strings.Contains(out.String(), botToken) {
		t.Errorf("the log shows the token: %s", out.String())
	}
}

func TestWithoutATokenNothingIsCalledAndAllIsRefused(t *testing.T) {
	r := newRig(t, func(c *Config) { c.BotToken, c.SigningSecret = "", "" })
	r.Run(t.Context())
	if code := r.deliver(t, "/slack/events", recorded(t, "message_im")); code != 401 {
		t.Errorf("status %d, want 401", code)
	}
	var se *conversation.SendError
	if _, err := r.Send(t.Context(), delivery("hello", 1)); err == nil || !asSendError(err, &se) || se.Permanent {
		t.Errorf("Send = %v, want an error that is tried again", err)
	}
	if r.State().OK || len(r.slack.calls) > 0 {
		t.Errorf("state %+v, calls %v, want not configured and none", r.State(), r.slack.calls)
	}
}

func TestTheTokenFollowsNoRedirect(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the redirect was followed, with Authorization %q", r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	api := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer api.Close()
	r := newRig(t, func(c *Config) { c.APIURL = api.URL })
	if _, err := r.Send(t.Context(), delivery("hello", 1)); err == nil {
		t.Error("Send = nil, want an error")
	}
}

func asSendError(err error, to **conversation.SendError) bool {
	se, ok := err.(*conversation.SendError)
	*to = se
	return ok
}

func TestCheckComparesTheScopesReallyGranted(t *testing.T) {
	f := newFakeSlack(t)
	c := Config{BotToken: botToken, SigningSecret: secret, APIURL: f.URL}
	if got := Check(t.Context(), c); len(got) != 1 || !got[0].OK {
		t.Errorf("Check with all scopes = %+v, want all well", got)
	}
	f.scopes = "chat:write,im:history"
	got := Check(t.Context(), c)
	if len(got) != 1 || got[0].OK || !strings.Contains(got[0].Detail, "channels:history (to follow threads in public channels)") || strings.Contains(got[0].Detail, ", im:history (") {
		t.Errorf("Check with two scopes = %+v, want those missing named", got)
	}
	f.fail("auth.test", fault{code: "token_revoked"})
	if got := Check(t.Context(), c); got[0].OK || !strings.Contains(got[0].Detail, "token_revoked") || strings.Contains(got[0].Detail+got[0].Advice, botToken) {
		t.Errorf("Check of a revoked token = %+v, want that without the token", got)
	}
	f.fail("apps.connections.open", fault{code: "not_allowed_token_type"})
	c.AppToken = "xapp-1"
	if got := Check(t.Context(), c); len(got) != 2 || got[1].OK || !strings.Contains(got[1].Detail, "not_allowed_token_type") {
		t.Errorf("Check of a wrong app token = %+v, want it refused", got)
	}
}

func TestTheManifestAsksForWhatTheChannelNeeds(t *testing.T) {
	b, err := os.ReadFile("../../deploy/slack-manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Features struct {
			AgentView map[string]any `json:"agent_view"`
		} `json:"features"`
		OAuth struct {
			Scopes struct{ Bot []string } `json:"scopes"`
		} `json:"oauth_config"`
		Settings struct {
			Events struct {
				Bot []string `json:"bot_events"`
			} `json:"event_subscriptions"`
			Interactivity struct {
				On bool `json:"is_enabled"`
			} `json:"interactivity"`
		} `json:"settings"`
	}
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	if missing := MissingScopes(m.OAuth.Scopes.Bot); len(missing) > 0 || len(m.OAuth.Scopes.Bot) != len(scopes) {
		t.Errorf("the manifest asks for %v, want exactly what is needed; missing %v", m.OAuth.Scopes.Bot, missing)
	}
	slices.Sort(m.Settings.Events.Bot)
	want := []string{"app_mention", "assistant_thread_started", "message.channels", "message.groups", "message.im", "message.mpim"}
	if !reflect.DeepEqual(m.Settings.Events.Bot, want) || !m.Settings.Interactivity.On || m.Features.AgentView == nil {
		t.Errorf("the manifest is %+v, want the events handled, buttons and the agent's view", m)
	}
}

func TestRoutesTakePostsAlone(t *testing.T) {
	r := newRig(t, nil)
	for _, path := range []string{"/slack/events", "/slack/interactions"} {
		if _, pattern := r.mux.Handler(mustRequest(t, "POST", path)); pattern != "POST "+path {
			t.Errorf("POST %s goes to %q", path, pattern)
		}
		if _, pattern := r.mux.Handler(mustRequest(t, "GET", path)); pattern == "POST "+path {
			t.Errorf("GET %s goes to the endpoint", path)
		}
	}
}

func mustRequest(t *testing.T, method, path string) *http.Request {
	req, err := http.NewRequest(method, "http://x.example"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}
