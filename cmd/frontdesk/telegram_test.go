package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"frontdesk/migrations/dbtest"
)

// telegramAPI is a Bot API that tells what is sent through it.
func telegramAPI(t *testing.T) (address string, sent chan string) {
	sent = make(chan string, 16)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseMultipartForm(1 << 20)
		switch r.URL.Path {
		case "/bot777:hunter2/getMe":
			fmt.Fprint(w, `{"ok":true,"result":{"id":777,"is_bot":true,"first_name":"Shop","username":"ShopBot"}}`)
		case "/bot777:hunter2/sendMessage":
			sent <- r.FormValue("chat_id") + ": " + r.FormValue("text")
			fmt.Fprint(w, `{"ok":true,"result":{"message_id":9,"date":1,"chat":{"id":5,"type":"private"}}}`)
		case "/bot777:hunter2/setWebhook", "/bot777:hunter2/setMyCommands", "/bot777:hunter2/sendChatAction":
			fmt.Fprint(w, `{"ok":true,"result":true}`)
		default:
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"ok":false,"error_code":401,"description":"Unauthorized"}`)
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL, sent
}

// telegramSays posts an update to the webhook and returns the status.
func (s *serving) telegramSays(secret, body string) int {
	s.t.Helper()
	req, err := http.NewRequest("POST", s.url+"/telegram/webhook", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// telegramIs waits until /readyz, which stays 200, says so of Telegram.
func (s *serving) telegramIs(ok bool, says string) {
	s.t.Helper()
	deadline := time.Now().Add(within)
	for {
		code, body := s.get("/readyz")
		var rep readyReport
		if err := json.Unmarshal([]byte(body), &rep); err != nil || code != http.StatusOK {
			s.t.Fatalf("readyz = %d %s, want it ready", code, body)
		}
		if c := rep.Channels["telegram"]; c.OK == ok && strings.Contains(c.Detail, says) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("readyz = %s, want of telegram %v and %q", body, ok, says)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

const telegramHello = `{"update_id":1,"message":{"message_id":3,"from":{"id":5,"is_bot":false,"first_name":"U","language_code":"en"},"chat":{"id":5,"type":"private"},"date":1,"text":"hello"}}`

func TestTheServerAnswersOnTelegram(t *testing.T) {
	api, sent := telegramAPI(t)
	s := startServing(t, []string{"DATABASE_URL=" + dbtest.URL(t), "TELEGRAM_BOT_TOKEN=777:hunter2", "TELEGRAM_API_URL=" + api,
		"TELEGRAM_WEBHOOK_SECRET=hook-hunter3", "PUBLIC_URL=https://desk.example.com"})
	if code := s.telegramSays("hook-hunter", telegramHello); code != http.StatusUnauthorized {
		t.Errorf("an update with a wrong secret = %d, want 401", code)
	}
	for range 2 {
		if code := s.telegramSays("hook-hunter3", telegramHello); code != http.StatusOK {
			t.Fatalf("an update = %d, want 200: %s", code, s.said())
		}
	}
	select {
	case got := <-sent:
		if !strings.HasPrefix(got, "5: Hello! ") {
			t.Errorf("sent %q, want the greeting in chat 5", got)
		}
	case <-time.After(within):
		t.Fatalf("nothing was sent: %s", s.said())
	}
	s.telegramIs(true, "webhook registered")
	if code := s.stop(); code != 0 {
		t.Errorf("stop = %d, want 0", code)
	}
	select {
	case got := <-sent:
		t.Errorf("sent %q besides, want one answer to one message", got)
	default:
	}
	if strings.Contains(s.said(), "hunter2") || strings.Contains(s.said(), "hunter3") {
		t.Errorf("the log shows a secret: %s", s.said())
	}
}

func TestATelegramThatDoesNotWorkLeavesTheServerReady(t *testing.T) {
	api, _ := telegramAPI(t)
	for name, c := range map[string]struct{ token, api, says string }{
		"wrong token":  {"777:hunter2wrong", api, "refuses the token"},
		"out of reach": {"777:hunter2", "http://127.0.0.1:1", "cannot be reached"},
		"no token":     {"hunter2/../x", api, "not of the form"},
	} {
		s := startServing(t, []string{"DATABASE_URL=" + dbtest.URL(t), "TELEGRAM_BOT_TOKEN=" + c.token, "TELEGRAM_API_URL=" + c.api})
		s.telegramIs(false, c.says)
		if code := s.stop(); code != 0 || strings.Contains(s.said(), "hunter2") {
			t.Errorf("%s: stop = %d, want 0 and no token: %s", name, code, s.said())
		}
	}
}

func TestDoctorAsksTelegram(t *testing.T) {
	api, _ := telegramAPI(t)
	for name, c := range map[string]struct {
		environ       []string
		verdict, says string
	}{
		"works":        {[]string{"TELEGRAM_BOT_TOKEN=777:hunter2", "TELEGRAM_API_URL=" + api}, verdictOK, "@ShopBot"},
		"wrong token":  {[]string{"TELEGRAM_BOT_TOKEN=777:hunter2x", "TELEGRAM_API_URL=" + api}, verdictWarning, "refuses the token"},
		"out of reach": {[]string{"TELEGRAM_BOT_TOKEN=777:hunter2", "TELEGRAM_API_URL=http://127.0.0.1:1"}, verdictWarning, "cannot be reached"},
		"no token":     {[]string{"TELEGRAM_BOT_TOKEN=hunter2 x"}, verdictWarning, "not of the form"},
	} {
		cfg, err := load(t, c.environ, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		f := named(t, examineTelegram(t.Context(), &cfg), "telegram")
		if f.Verdict != c.verdict || !strings.Contains(f.Detail, c.says) || strings.Contains(f.Detail+f.Advice, "hunter2") {
			t.Errorf("%s = %+v, want %s that says %s and no token", name, f, c.verdict, c.says)
		}
	}
}
