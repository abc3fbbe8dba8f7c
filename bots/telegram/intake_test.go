package telegram

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func hooked(c *Config) {
	c.Secret, c.PublicURL = "hook-secret_1", "https://desk.example.com"
}

// unread fails the test when somebody reads it.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read before the secret was checked")
	return 0, io.EOF
}

func TestTheWebhookTakesOnlyWhatProvesItself(t *testing.T) {
	for name, c := range map[string]struct{ ours, given string }{
		"missing": {"hook-secret_1", ""}, "wrong": {"hook-secret_1", "hook-secret_2"}, "longer": {"hook-secret_1", "hook-secret_12"},
		"shorter": {"hook-secret_1", "hook-secret_"}, "none of ours": {"", ""}, "none of ours, one given": {"", "x"},
	} {
		e := newFakeEngine()
		b := withMe(t, newBot(t, newPlatform(t), e, func(cfg *Config) { cfg.Secret = c.ours }))
		r := httptest.NewRequest(http.MethodPost, WebhookPath, unread{t})
		if c.given != "" {
			r.Header.Set("X-Telegram-Bot-Api-Secret-Token", c.given)
		}
		w := httptest.NewRecorder()
		b.ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized || w.Header().Get("Content-Type") != "application/problem+json" || len(e.received()) != 0 {
			t.Errorf("%s: %d %s, want 401 and nothing stored", name, w.Code, w.Body)
		}
	}
}

func TestTheWebhookAnswersOnlyOnceItIsStored(t *testing.T) {
	ours := errors.New("database is away")
	for name, c := range map[string]struct {
		body   string
		fail   []error
		status int
		stored int
	}{
		"stored":     {string(payload(t, "private")), nil, 200, 1},
		"not stored": {string(payload(t, "private")), []error{ours}, 503, 0},
		"panic":      {string(payload(t, "private")), []error{nil}, 200, 0},
		"not JSON":   {"{", nil, 400, 0},
		"odd":        {`{"update_id":1,"message":7}`, nil, 200, 0},
		"too large":  {`"` + strings.Repeat("x", maxUpdate) + `"`, nil, 413, 0},
	} {
		e := newFakeEngine()
		e.fail = c.fail
		b := withMe(t, newBot(t, newPlatform(t), e, hooked))
		r := httptest.NewRequest(http.MethodPost, WebhookPath, strings.NewReader(c.body))
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", "hook-secret_1")
		w := httptest.NewRecorder()
		b.ServeHTTP(w, r)
		if w.Code != c.status || len(e.received()) != c.stored {
			t.Errorf("%s: %d with %d stored, want %d with %d", name, w.Code, len(e.received()), c.status, c.stored)
		}
	}
}

func TestTheWebhookIsRegisteredAndKept(t *testing.T) {
	p := newPlatform(t)
	b := newBot(t, p, newFakeEngine(), hooked)
	p.answers("getWebhookInfo", "", `{"ok":true,"result":{"url":""}}`)
	start(t, b)
	set := p.wait(t, "setWebhook", 2) // the second as it was taken away
	if c := set[0].params; c["url"] != "https://desk.example.com/telegram/webhook" || c["secret_token"] != "hook-secret_1" || !strings.Contains(c["allowed_updates"], "business_message") {
		t.Errorf("setWebhook %v", c)
	}
	until(t, "the webhook is registered again", func() bool { ok, _ := b.State(); return ok })
	p.answers("getWebhookInfo", `{"ok":true,"result":{"url":"https://desk.example.com/telegram/webhook","pending_update_count":3,"last_error_date":1763800000,"last_error_message":"Connection refused"}}`)
	until(t, "its trouble shows", func() bool { _, why := b.State(); return strings.Contains(why, "Connection refused") || whyNot(p) })
	if n := len(p.wait(t, "getUpdates", 0)); n != 0 {
		t.Errorf("%d times fetched, want never beside a webhook", n)
	}
}

// whyNot reports whether the answer has been given out, after which the state is
// good again.
func whyNot(p *platform) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.script["getWebhookInfo"]) == 0
}

func TestFetchingRemovesTheWebhookAndPublishesCommands(t *testing.T) {
	p := newPlatform(t)
	b := newBot(t, p, newFakeEngine(), nil)
	start(t, b)
	p.wait(t, "getUpdates", 1)
	if c := p.wait(t, "deleteWebhook", 1)[0].params; c["drop_pending_updates"] == "true" {
		t.Errorf("deleteWebhook %v, want what waits kept", c)
	}
	langs := map[string]bool{}
	for _, c := range p.wait(t, "setMyCommands", 5) {
		langs[c.params["language_code"]] = strings.Contains(c.params["commands"], `"human"`)
	}
	for _, l := range []string{"", "en", "zh", "es", "ar"} {
		if !langs[l] {
			t.Errorf("no commands for language %q", l)
		}
	}
	until(t, "the state is good", func() bool { ok, how := b.State(); return ok && how == "fetching updates" })
}

func TestTheOffsetNeverPassesWhatIsStored(t *testing.T) {
	p, e := newPlatform(t), newFakeEngine()
	away := errors.New("database is away")
	e.fail = []error{away, away, away}
	b := newBot(t, p, e, nil)
	tries := 0
	b.pause = func(_ context.Context, d time.Duration) error {
		tries++
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.offset > 0 {
			t.Errorf("offset %d was asked for before anything was stored", p.offset)
		}
		return nil
	}
	p.post(payload(t, "private"))
	p.post([]byte(`{"update_id":"odd"}`))
	p.post(payload(t, "forwarded"))
	p.post(payload(t, "edited"))
	p.post(payload(t, "photo_caption"))
	start(t, b)
	until(t, "all is stored and confirmed", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.offset == 907
	})
	var got []string
	for _, in := range e.received() {
		got = append(got, in.ExternalID)
	}
	if strings.Join(got, " ") != "5501:11 5501:12 5501:15" {
		t.Errorf("received %v, want each once, in order", got)
	}
	if tries != 3 {
		t.Errorf("%d pauses, want 3", tries)
	}
}

func TestTroubleWithThePlatformIsShownAndTriedAgain(t *testing.T) {
	for name, c := range map[string]struct{ method, answer, why string }{
		"second poller": {"getUpdates", conflict, "another program fetches"},
		"wrong token":   {"getMe", wrongToken, "refuses the token"},
		"busy":          {"getUpdates", strings.ReplaceAll(tooMany, "7", "0"), "asks to wait"},
		"down":          {"getUpdates", badGateway, "502"},
		"broken":        {"deleteWebhook", serverError, "500"},
	} {
		p, e := newPlatform(t), newFakeEngine()
		b := newBot(t, p, e, nil)
		p.answers(c.method, c.answer, c.answer)
		p.post(payload(t, "private"))
		seen := make(chan string, 16)
		b.pause = func(_ context.Context, _ time.Duration) error {
			if _, why := b.State(); len(seen) < cap(seen) {
				seen <- why
			}
			return nil
		}
		start(t, b)
		for range 2 {
			if why := <-seen; !strings.Contains(why, c.why) || strings.Contains(why, "secret_half") {
				t.Errorf("%s shows as %q, want %q", name, why, c.why)
			}
		}
		until(t, name+" passes", func() bool { ok, _ := b.State(); return ok && len(e.received()) == 1 })
	}
}

func TestATokenThatCannotBeOneIsRefused(t *testing.T) {
	for _, bad := range []string{"", "a b", "1:a/../b", "1:a\n", "1:2:3", "é:x"} {
		if b, err := New(Config{Token: bad}); err == nil {
			t.Errorf("New(%q) = %v, want an error", bad, b)
		} else if bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("New(%q) shows it: %v", bad, err)
		}
	}
}

func TestAnAPIThatMovesDoesNotGetTheToken(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("followed to %s", r.URL.Path)
	}))
	defer other.Close()
	moved := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer moved.Close()
	b := newBot(t, newPlatform(t), newFakeEngine(), func(c *Config) { c.APIURL = moved.URL })
	_, err := b.Check(t.Context())
	if err == nil || strings.Contains(err.Error(), "secret_half") {
		t.Errorf("Check = %v, want an error without the token", err)
	}
}
