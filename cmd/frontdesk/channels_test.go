package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"frontdesk/migrations/dbtest"
)

const slackSecret = "e6b19c573432dcc6b075501d51b51bb8"

// workspace is a Slack that tells what is posted to it.
func workspace(t *testing.T, scopes string) (url string, posts chan string) {
	posts = make(chan string, 16)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		w.Header().Set("X-OAuth-Scopes", scopes)
		switch r.URL.Path {
		case "/api/auth.test":
			fmt.Fprint(w, `{"ok":true,"team":"Acme","user":"frontdesk","team_id":"T1","user_id":"U0BOT","bot_id":"B1"}`)
		case "/api/chat.postMessage":
			posts <- r.Form.Get("channel") + ": " + r.Form.Get("text")
			fmt.Fprint(w, `{"ok":true,"channel":"D1","ts":"1763900000.000001"}`)
		default:
			fmt.Fprint(w, `{"ok":false,"error":"unknown_method"}`)
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/api", posts
}

// slackSays posts an event as Slack signs it, and returns the status.
func (s *serving) slackSays(body, secret string) int {
	s.t.Helper()
	return s.slackSigned("/slack/events", body, secret)
}

// slackPosts posts a body as Slack signs it to one of our addresses.
func (s *serving) slackPosts(path, body string) int {
	s.t.Helper()
	return s.slackSigned(path, body, slackSecret)
}

func (s *serving) slackSigned(path, body, secret string) int {
	s.t.Helper()
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	req, err := http.NewRequest("POST", s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	req.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

func (s *serving) readiness() (code int, report readyReport) {
	s.t.Helper()
	res, err := http.Get(s.url + "/readyz")
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&report); err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, report
}

const directMessage = `{"type":"event_callback","team_id":"T1","event_id":"Ev1","authorizations":[{"team_id":"T1","user_id":"U0BOT","is_bot":true}],
	"event":{"type":"message","channel_type":"im","channel":"D1","user":"U1","ts":"1763807400.000100","text":"hello"}}`

func TestTheServerAnswersOnSlack(t *testing.T) {
	api, posts := workspace(t, "chat:write")
	s := startServing(t, []string{"DATABASE_URL=" + dbtest.URL(t), "SLACK_BOT_TOKEN=xoxb-hunter2", "SLACK_SIGNING_SECRET=" + slackSecret, "SLACK_API_URL=" + api})
	if code := s.slackSays(directMessage, "another"); code != http.StatusUnauthorized {
		t.Errorf("an event signed with another secret = %d, want 401", code)
	}
	for range 2 {
		if code := s.slackSays(directMessage, slackSecret); code != http.StatusOK {
			t.Fatalf("an event = %d, want 200: %s", code, s.said())
		}
	}
	select {
	case post := <-posts:
		if !strings.HasPrefix(post, "D1: Hello! ") {
			t.Errorf("posted %q, want the greeting in D1", post)
		}
	case <-time.After(within):
		t.Fatalf("nothing was posted: %s", s.said())
	}
	if code, rep := s.readiness(); code != http.StatusOK || !rep.Channels["slack"].OK || rep.Channels["slack"].Detail != "speaks as @frontdesk in Acme" {
		t.Errorf("readyz = %d %+v, want ready and Slack well", code, rep)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("stop = %d, want 0", code)
	}
	select {
	case post := <-posts:
		t.Errorf("posted %q besides, want one answer to one message", post)
	default:
	}
	if strings.Contains(s.said(), "hunter2") || strings.Contains(s.said(), slackSecret) {
		t.Errorf("the log shows a secret: %s", s.said())
	}
}

func TestASlackOutOfReachLeavesTheServerReady(t *testing.T) {
	s := startServing(t, []string{"DATABASE_URL=" + dbtest.URL(t), "SLACK_BOT_TOKEN=xoxb-hunter2", "SLACK_APP_TOKEN=xapp-hunter2", "SLACK_API_URL=http://127.0.0.1:1/api"})
	deadline := time.Now().Add(within)
	for {
		code, rep := s.readiness()
		if code != http.StatusOK || rep.Channels["slack"].OK {
			t.Fatalf("readyz = %d %+v, want ready, and Slack not well", code, rep)
		}
		if strings.Contains(rep.Channels["slack"].Detail, "cannot be reached") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("readyz says of Slack %+v, want that it cannot be reached", rep.Channels["slack"])
		}
		time.Sleep(10 * time.Millisecond)
	}
	if code := s.slackSays(directMessage, ""); code != http.StatusUnauthorized {
		t.Errorf("an event where there is no secret = %d, want 401", code)
	}
	if code := s.stop(); code != 0 || strings.Contains(s.said(), "hunter2") {
		t.Errorf("stop = %d: %s, want 0 and no token", code, s.said())
	}
}

func TestDoctorAsksSlackForItsScopes(t *testing.T) {
	api, _ := workspace(t, "chat:write,im:history")
	for name, c := range map[string]struct {
		environ       []string
		verdict, says string
	}{
		"missing scopes": {[]string{"SLACK_BOT_TOKEN=xoxb-hunter2", "SLACK_API_URL=" + api, "SLACK_SIGNING_SECRET=s"}, verdictMissing, "app_mentions:read"},
		"out of reach":   {[]string{"SLACK_BOT_TOKEN=xoxb-hunter2", "SLACK_API_URL=http://127.0.0.1:1/"}, verdictMissing, "cannot be reached"},
		"half a setting": {[]string{"SLACK_APP_TOKEN=xapp-hunter2"}, verdictMissing, "SLACK_BOT_TOKEN is not set"},
	} {
		cfg, err := load(t, c.environ, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		f := named(t, examineSlack(t.Context(), &cfg), "slack")
		if f.Verdict != c.verdict || !strings.Contains(f.Detail, c.says) || strings.Contains(f.Detail+f.Advice, "hunter2") {
			t.Errorf("%s = %+v, want %s that says %s and no token", name, f, c.verdict, c.says)
		}
	}
	cfg, err := load(t, nil, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := examineSlack(t.Context(), &cfg); len(got) != 0 {
		t.Errorf("examineSlack without settings = %+v, want nothing", got)
	}
}
