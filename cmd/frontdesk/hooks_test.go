package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/console"
	"frontdesk/knowledge"
	"frontdesk/migrations"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5"
)

// ask calls the API and returns the status and the body.
func (s *serving) ask(method, path, token string, body any) (int, string) {
	s.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequest(method, s.url+path, bytes.NewReader(data))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(out)
}

func adminToken(t *testing.T, environ []string) string {
	t.Helper()
	return strings.TrimSpace(frontdesk(t, environ, "token", "create", "--name", "admin", "--role", "admin").stdout)
}

func TestAKilledServerLosesNoEventOfAWebhook(t *testing.T) {
	type call struct{ id, body string }
	calls, held := make(chan call, 4), make(chan struct{})
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // one that was cut is no JSON below
		calls <- call{r.Header.Get("webhook-id"), string(body)}
		<-held // until the server that calls first has been killed
	}))
	defer receiver.Close()
	url := dbtest.URL(t)
	environ := []string{"DATABASE_URL=" + url, "CRAWL_ALLOW=127.0.0.1:*", "ADMIN_PASSWORD=hunter2hunter2"}
	token := adminToken(t, environ)
	s := startServing(t, environ)
	if code, body := s.ask("POST", "/api/v1/webhooks", token, map[string]any{"url": receiver.URL, "events": []string{"conversation.created"}}); code != 201 {
		t.Fatalf("POST webhooks = %d %s, want 201", code, body)
	}
	var session struct{ Token, Conversation string }
	s.post("/widget/v1/sessions", "", "{}", &session)
	s.post("/widget/v1/messages", session.Token, `{"id":"`+knowledge.NewID()+`","text":"what does renting a zebra cost?"}`, nil)
	next := func() (c call) {
		t.Helper()
		select {
		case c = <-calls:
		case <-time.After(within):
			t.Fatal("the receiver was not called")
		}
		return c
	}
	first := next()
	s.cmd.Process.Kill()
	<-s.done
	close(held)
	if !strings.Contains(first.body, session.Conversation) || !strings.Contains(first.body, first.id) || first.id == "" {
		t.Errorf("call = %+v, want the conversation and its id", first)
	}

	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if _, err := c.Exec(t.Context(), `UPDATE webhook_deliveries SET due_at = now() WHERE state = 'pending'`); err != nil { // its lease is over
		t.Fatal(err)
	}
	startServing(t, environ)
	if again := next(); again != first {
		t.Errorf("after a restart = %+v, want the same again: %+v", again, first)
	}
}

func TestHealthAndChannelsAreWhatDoctorFinds(t *testing.T) {
	api, posts := workspace(t, "chat:write,app_mentions:read,assistant:write,channels:history,files:read,files:write,groups:history,im:history,mpim:history,users:read")
	environ := []string{"DATABASE_URL=" + dbtest.URL(t), "SLACK_BOT_TOKEN=xoxb-hunter2", "SLACK_SIGNING_SECRET=" + slackSecret, "SLACK_API_URL=" + api, "ADMIN_PASSWORD=hunter2hunter2"}
	token := adminToken(t, environ)
	s := startServing(t, environ)
	code, body := s.ask("GET", "/api/v1/health", token, nil)
	var h console.HealthReport
	if err := json.Unmarshal([]byte(body), &h); err != nil || code != 200 {
		t.Fatalf("GET health = %d %s, %v", code, body, err)
	}
	checks := map[string]string{}
	for _, f := range h.Findings {
		checks[f.Check] = f.Verdict
	}
	if checks["database"] != verdictOK || checks["schema"] != verdictOK || checks["slack"] == "" || checks["model"] != verdictNote || checks[portCheck] != "" {
		t.Errorf("findings = %+v, want doctor's without the address", h.Findings)
	}
	if h.Version == "" || !strings.HasPrefix(h.Go, "go") || h.Replicas != 1 || h.DatabaseBytes == 0 || strings.Contains(body, "hunter2") || strings.Contains(body, slackSecret) {
		t.Errorf("health = %s, want versions, one replica, and no secret", body)
	}

	for deadline := time.Now().Add(within); ; {
		code, body = s.ask("GET", "/api/v1/channels", token, nil)
		var list struct{ Channels []console.ChannelReport }
		if err := json.Unmarshal([]byte(body), &list); err != nil || code != 200 || len(list.Channels) != 3 {
			t.Fatalf("GET channels = %d %s, %v", code, body, err)
		}
		widget, slack, telegram := list.Channels[0], list.Channels[1], list.Channels[2]
		if widget.State != console.ChannelOK || !slack.Enabled || telegram.Enabled || telegram.State != console.ChannelOff {
			t.Fatalf("channels = %s, want the widget and slack", body)
		}
		if slack.State == console.ChannelOK && strings.Contains(slack.Account, "@frontdesk in Acme") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("channels = %s, want slack connected", body)
		}
		time.Sleep(20 * time.Millisecond)
	}
	code, body = s.ask("POST", "/api/v1/channels/slack/test", token, map[string]string{"to": "C0123456789"})
	if code != 200 || !strings.Contains(body, `"ok":true`) {
		t.Errorf("test of slack = %d %s, want it sent", code, body)
	} else if got := <-posts; !strings.HasPrefix(got, "C0123456789: ") || !strings.Contains(got, "test message") {
		t.Errorf("posted %q, want the test message", got)
	}
	for name, says := range map[string]string{"telegram": "not configured", "widget": "served by this server"} {
		if code, body := s.ask("POST", "/api/v1/channels/"+name+"/test", token, map[string]string{}); code != 200 || !strings.Contains(body, says) {
			t.Errorf("test of %s = %d %s, want %q", name, code, body, says)
		}
	}
	if code, body := s.ask("POST", "/api/v1/channels/slack/test", token, map[string]string{"to": "nobody@example"}); code != 200 || !strings.Contains(body, "not a place of Slack's") {
		t.Errorf("test to no place = %d %s, want it told", code, body)
	}
}

func TestRetentionRunsAsAJobAndIsInTheAuditLog(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	pool, err := migrations.Connect(t.Context(), dbtest.URL(t), poolSize)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	cfg, err := load(t, []string{"DATA_DIR=" + t.TempDir()}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	k, err := newKnowledge(&cfg, pool, log)
	if err != nil {
		t.Fatal(err)
	}
	thirty := 30
	k.retention.limits = func() conversation.Retention {
		return conversation.Retention{ConversationsDays: &thirty}
	}
	if _, err := pool.Exec(t.Context(), `WITH p AS (INSERT INTO contacts (id) VALUES (gen_random_uuid()) RETURNING id)
		INSERT INTO conversations (id, contact_id, channel, account, thread, status, seq, updated_at)
		SELECT gen_random_uuid(), id, 'slack', 'T', 'x', 'resolved', 1, now() - interval '31 days' FROM p`); err != nil {
		t.Fatal(err)
	}
	d, err := k.Add(t.Context(), knowledge.Upload{Name: "old.txt", Data: []byte("old")})
	if err == nil {
		err = k.DeleteDocument(t.Context(), d.ID)
	}
	if err == nil {
		_, err = pool.Exec(t.Context(), `UPDATE deletions SET at = now() - interval '31 days'`)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := k.startJobs(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer k.stopJobs(log)
	var detail string
	for deadline := time.Now().Add(within); detail == "" && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err := pool.QueryRow(t.Context(), `SELECT coalesce(max(detail::text), '') FROM audit_entries WHERE action = 'retention' AND actor_kind = 'command'`).Scan(&detail); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(detail, `"conversations": "1"`) || !strings.Contains(detail, `"contacts": "1"`) || !strings.Contains(detail, `"documents": "1"`) {
		t.Errorf("audit entry = %q, want the counts", detail)
	}
	var id int64
	if err := pool.QueryRow(t.Context(), `INSERT INTO river_job (kind, queue, state, args, max_attempts, attempt, finalized_at) VALUES ('ingest', 'nobody', 'discarded', '{}', 1, 1, now()) RETURNING id`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	if known, err := k.jobs.Retry(t.Context(), id); err != nil || !known {
		t.Errorf("Retry = %v, %v, want it known", known, err)
	}
	var state string
	if err := pool.QueryRow(t.Context(), `SELECT state FROM river_job WHERE id = $1`, id).Scan(&state); err != nil || state != "available" {
		t.Errorf("state after Retry = %q, %v, want available", state, err)
	}
	if known, err := k.jobs.Retry(t.Context(), id+1000); err != nil || known {
		t.Errorf("Retry of none = %v, %v, want it unknown", known, err)
	}
}
