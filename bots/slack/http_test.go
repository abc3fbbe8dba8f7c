package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

func sign(body, secret, stamp string) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte("v0:" + stamp + ":" + body))
	return "v0=" + hex.EncodeToString(h.Sum(nil))
}

func signed(path, body, secret string, at time.Time) *http.Request {
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	stamp := strconv.FormatInt(at.Unix(), 10)
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", sign(body, secret, stamp))
	return r
}

func TestOnlyWhatSlackSignedIsRead(t *testing.T) {
	now := time.Now()
	stamp := strconv.FormatInt(now.Unix(), 10)
	body := recorded(t, "message_im")
	for name, c := range map[string]struct {
		secret string // the server's
		change func(*http.Request)
		want   int
	}{
		"right":               {secret, func(*http.Request) {}, 200},
		"no signature":        {secret, func(r *http.Request) { r.Header.Del("X-Slack-Signature") }, 401},
		"no timestamp":        {secret, func(r *http.Request) { r.Header.Del("X-Slack-Request-Timestamp") }, 401},
		"another secret":      {secret, func(r *http.Request) { r.Header.Set("X-Slack-Signature", sign(body, "other", stamp)) }, 401},
		"another body":        {secret, func(r *http.Request) { r.Header.Set("X-Slack-Signature", sign(body+" ", secret, stamp)) }, 401},
		"another version":     {secret, func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v1="+sign(body, secret, stamp)[3:]) }, 401},
		"half a signature":    {secret, func(r *http.Request) { r.Header.Set("X-Slack-Signature", sign(body, secret, stamp)[:35]) }, 401},
		"no hex":              {secret, func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v0="+strings.Repeat("zz", 32)) }, 401},
		"no number":           {secret, func(r *http.Request) { r.Header.Set("X-Slack-Request-Timestamp", "now") }, 401},
		"another time":        {secret, func(r *http.Request) { r.Header.Set("X-Slack-Request-Timestamp", strconv.FormatInt(now.Unix()-1, 10)) }, 401},
		"six minutes old":     {secret, func(r *http.Request) { *r = *signed("/slack/events", body, secret, now.Add(-6*time.Minute)) }, 401},
		"six minutes ahead":   {secret, func(r *http.Request) { *r = *signed("/slack/events", body, secret, now.Add(6*time.Minute)) }, 401},
		"four minutes old":    {secret, func(r *http.Request) { *r = *signed("/slack/events", body, secret, now.Add(-4*time.Minute)) }, 200},
		"no secret here":      {"", func(*http.Request) {}, 401},
		"empty secret's mark": {"", func(r *http.Request) { r.Header.Set("X-Slack-Signature", sign(body, "", stamp)) }, 401},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(cfg *Config) { cfg.SigningSecret = c.secret })
			req := signed("/slack/events", body, secret, now)
			c.change(req)
			rec := httptest.NewRecorder()
			r.mux.ServeHTTP(rec, req)
			if rec.Code != c.want {
				t.Errorf("status %d, want %d", rec.Code, c.want)
			}
			if got := len(r.engine.texts()); (got == 1) != (c.want == 200) {
				t.Errorf("%d messages stored after status %d", got, rec.Code)
			}
		})
	}
}

func TestAnUnsignedBodyIsNotEvenRead(t *testing.T) {
	r := newRig(t, nil)
	req := httptest.NewRequest("POST", "/slack/events", &untouchable{t})
	rec := httptest.NewRecorder()
	r.mux.ServeHTTP(rec, req)
	if rec.Code != 401 {
		t.Errorf("status %d, want 401", rec.Code)
	}
}

type untouchable struct{ t *testing.T }

func (u *untouchable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, errors.New("read")
}

func TestTheChallengeIsEchoed(t *testing.T) {
	r := newRig(t, nil)
	rec := httptest.NewRecorder()
	r.mux.ServeHTTP(rec, signed("/slack/events", `{"token":"x","challenge":"3eZbrw1aB","type":"url_verification"}`, secret, time.Now()))
	if rec.Code != 200 || rec.Body.String() != "3eZbrw1aB" || !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("answer %d %q as %s, want the challenge as text", rec.Code, rec.Body, rec.Header().Get("Content-Type"))
	}
}

func TestWhatCannotBeReadOrStoredIsNotAcknowledged(t *testing.T) {
	r := newRig(t, nil)
	for body, want := range map[string]int{
		"{": 400, "": 400, "[]": 400, `"x"`: 400, `{"type":"event_callback","event":"x"}`: 400, `{"type":"event_callback"}`: 400,
		`{"type":"something_new"}`: 200, `{"type":"event_callback","team_id":"` + testTeam + `","event":{"type":"team_join","user":{"id":"U1"}}}`: 200,
		strings.Repeat(" ", maxBodyBytes+1): 413,
	} {
		if got := r.deliver(t, "/slack/events", body); got != want {
			t.Errorf("status of %.40q = %d, want %d", body, got, want)
		}
	}
	for body, want := range map[string]int{"": 400, "payload=": 400, "payload=%7B": 400, "%zz": 400, "payload=" + url.QueryEscape(`{"type":"view_submission"}`): 200} {
		if got := r.deliver(t, "/slack/interactions", body); got != want {
			t.Errorf("status of the interaction %q = %d, want %d", body, got, want)
		}
	}
	r.engine.fail = errors.New("the database is away")
	if got := r.deliver(t, "/slack/events", recorded(t, "message_im")); got != 503 {
		t.Errorf("status without a database = %d, want 503", got)
	}
	r.engine.mu.Lock()
	r.engine.fail = nil
	r.engine.mu.Unlock()
	if got := r.deliver(t, "/slack/events", recorded(t, "message_im")); got != 200 || len(r.engine.texts()) != 1 {
		t.Errorf("the repeat after that: status %d and %d messages, want 200 and 1", got, len(r.engine.texts()))
	}
}

func FuzzNoPayloadBreaksTheServer(f *testing.F) {
	for _, name := range []string{"message_im", "app_mention", "message_changed", "message_deleted", "block_actions", "assistant_thread_started", "file_share"} {
		f.Add(recorded(f, name))
	}
	r := newRig(f, func(c *Config) { c.BotToken = "" })
	f.Fuzz(func(t *testing.T, body string) {
		for _, req := range []*http.Request{
			signed("/slack/events", body, secret, time.Now()),
			signed("/slack/interactions", "payload="+url.QueryEscape(body), secret, time.Now()),
		} {
			rec := httptest.NewRecorder()
			r.mux.ServeHTTP(rec, req)
			if rec.Code >= 500 {
				t.Fatalf("status %d for %q", rec.Code, body)
			}
		}
		r.engine.mu.Lock()
		defer r.engine.mu.Unlock()
		for _, in := range r.engine.received {
			at := placeOf(in.Thread)
			if !validID(at.channel) || !validID(in.Sender) || !validTS(in.ExternalID) || in.Account == "" {
				t.Fatalf("stored %+v", in)
			}
		}
		r.engine.received = nil
	})
}
