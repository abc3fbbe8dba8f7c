package console

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/conversation/webhook"
	"frontdesk/knowledge/crawl"
)

// withHooks gives the console webhooks, which may lead to this machine, and the health
// of its database.
func (p *place) withHooks() {
	allow, err := crawl.ParseAllow([]string{"127.0.0.1:*"})
	if err != nil {
		p.t.Fatal(err)
	}
	p.console.webhooks = conversation.NewWebhooks(p.store, p.store, conversation.WebhookConfig{
		Key: bytes.Repeat([]byte{1}, 32), Poster: webhook.New(allow, "Frontdesk", nil),
	})
	p.console.health = placeHealth{p}
}

// placeHealth is a Health without caches and platforms.
type placeHealth struct{ p *place }

func (h placeHealth) Health(ctx context.Context) (HealthReport, error) {
	v, err := h.p.store.Vitals(ctx, 5*time.Minute)
	return HealthReport{Vitals: v, Version: "test", Findings: []Finding{{Check: "model", Verdict: "note", Detail: "there is none"}}}, err
}

func (h placeHealth) RetryJob(_ context.Context, id int64) error {
	if id != 7 {
		return conversation.ErrNoJob
	}
	return nil
}

func (h placeHealth) Channels(ctx context.Context) ([]ChannelReport, error) {
	known, err := h.p.store.Channels(ctx, []string{"slack"})
	return []ChannelReport{{Name: "slack", State: ChannelOff, LastEventAt: orNull(known["slack"].LastEventAt), LastError: known["slack"].LastError,
		Undelivered: known["slack"].Undelivered}}, err
}

func (h placeHealth) TestChannel(_ context.Context, name, to string) (ChannelTest, error) {
	if name != "slack" {
		return ChannelTest{}, ErrNoChannel
	}
	return ChannelTest{OK: true, Text: "sent to " + to}, nil
}

func TestWebhooksAreMadeChangedTestedAndDeleted(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	to := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("webhook-signature") == "" {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	defer to.Close()
	var made newWebhookView
	got := p.do("POST", "/api/v1/webhooks", map[string]any{"url": to.URL, "events": []string{"message.created", "message.created"}}, admin)
	got.decode(t, &made)
	if got.code != 201 || !strings.HasPrefix(made.Secret, "whsec_") || !made.Active || len(made.Events) != 1 {
		t.Fatalf("POST = %d %s, want 201 with the secret, active", got.code, got.body)
	}
	path := "/api/v1/webhooks/" + made.ID
	if got := p.do("GET", "/api/v1/webhooks", nil, admin); got.code != 200 || strings.Contains(got.body, "whsec_") || !strings.Contains(got.body, `"conversation.rated"`) {
		t.Errorf("GET = %d %s, want the list and the events, and no secret", got.code, got.body)
	}
	if got := p.do("POST", path+"/test", nil, admin); got.code != 200 || !strings.Contains(got.body, `"ok":true,"status":200`) {
		t.Errorf("test = %d %s, want it taken", got.code, got.body)
	}
	var log webhookDeliveriesView
	got = p.do("GET", path+"/deliveries", nil, admin)
	got.decode(t, &log)
	if got.code != 200 || len(log.Deliveries) != 1 || log.Deliveries[0].Event != "webhook.test" || log.Deliveries[0].State != "sent" {
		t.Fatalf("deliveries = %d %s, want the test", got.code, got.body)
	}
	if got := p.do("POST", "/api/v1/webhooks/deliveries/"+log.Deliveries[0].ID+"/retry", nil, admin); got.code != 202 || !strings.Contains(got.body, `"next_at"`) {
		t.Errorf("retry = %d %s, want it pending", got.code, got.body)
	}
	if got := p.do("GET", path+"/deliveries?cursor=x", nil, admin); got.code != 422 {
		t.Errorf("deliveries with a bad cursor = %d, want 422", got.code)
	}
	var again secretView
	got = p.do("POST", path+"/secret", nil, admin)
	got.decode(t, &again)
	if got.code != 200 || again.Secret == made.Secret || !strings.HasPrefix(again.Secret, "whsec_") {
		t.Errorf("secret = %d %s, want another", got.code, got.body)
	}
	if got := p.do("PUT", path, map[string]any{"url": to.URL, "events": []string{"gap.opened"}, "active": false}, admin); got.code != 200 || !strings.Contains(got.body, `"active":false`) {
		t.Errorf("PUT = %d %s, want it off", got.code, got.body)
	}
	if got := p.do("DELETE", path, nil, admin); got.code != 204 {
		t.Errorf("DELETE = %d %s, want 204", got.code, got.body)
	}
	for _, c := range [][2]string{{"GET", path + "/deliveries"}, {"DELETE", path}, {"POST", path + "/test"}, {"POST", path + "/secret"}} {
		if got := p.do(c[0], c[1], nil, admin); got.code != 404 || !strings.Contains(got.body, "no such webhook") {
			t.Errorf("%s %s after it = %d %s, want 404", c[0], c[1], got.code, got.body)
		}
	}
	if audit := p.do("GET", "/api/v1/audit?target="+made.ID, nil, admin); strings.Count(audit.body, "/api/v1/webhooks") != 5 || strings.Contains(audit.body, "whsec_") {
		t.Errorf("audit = %s, want five changes and no secret", audit.body)
	}
}

func TestABadWebhookIsRefusedInWords(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	for name, c := range map[string]struct {
		req  map[string]any
		code string
		says string
	}{
		"inside":   {map[string]any{"url": "http://10.0.0.1/", "events": []string{"gap.opened"}}, "bad_url", "inside the network"},
		"mapped":   {map[string]any{"url": "http://[::ffff:192.168.0.1]/", "events": []string{"gap.opened"}}, "bad_url", "inside the network"},
		"scheme":   {map[string]any{"url": "file:///etc/passwd", "events": []string{"gap.opened"}}, "bad_url", "https://"},
		"password": {map[string]any{"url": "https://a:b@1.1.1.1/", "events": []string{"gap.opened"}}, "bad_url", "password"},
		"long":     {map[string]any{"url": "https://1.1.1.1/" + strings.Repeat("a", 2048), "events": []string{"gap.opened"}}, "bad_url", "2048 bytes"},
		"NUL":      {map[string]any{"url": "\x00", "events": []string{"gap.opened"}}, "bad_url", "https://"},
		"none":     {map[string]any{"url": "https://1.1.1.1/"}, "bad_field", "events"},
		"unknown":  {map[string]any{"url": "https://1.1.1.1/", "events": []string{"everything"}}, "bad_field", "everything"},
	} {
		got := p.do("POST", "/api/v1/webhooks", c.req, admin)
		if pr := got.problem(t); got.code != 422 || pr.Code != c.code || !strings.Contains(pr.Detail, c.says) || (c.code == "bad_url") != (pr.Field == "url") {
			t.Errorf("%s = %d %s, want 422 %s that says %q", name, got.code, got.body, c.code, c.says)
		}
	}
}

func TestHealthShowsWhatIsStuckAndHoldsNoText(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	receipt, err := p.engine.Receive(t.Context(), conversation.Inbound{Channel: "slack", Account: "T1", Thread: "D1", Sender: "U1", ExternalID: "1", Text: "my secret parcel"})
	if err != nil {
		t.Fatal(err)
	}
	exec := func(sql string, args ...any) {
		t.Helper()
		if err := p.exec(sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`UPDATE conversations SET turn_due_at = now() - interval '1 hour' WHERE id = $1`, receipt.Conversation)
	exec(`INSERT INTO deliveries (conversation_id, seq, channel, account, state, error) VALUES ($1, 1, 'slack', 'T1', 'failed', 'channel_not_found')`, receipt.Conversation)
	exec(`INSERT INTO river_job (kind, queue, state, args, max_attempts, attempt, errors, scheduled_at, finalized_at) VALUES
		('crawl', 'sites', 'discarded', '{}', 25, 25, array['{"error": "first"}', '{"error": "out of patience"}']::jsonb[], now(), now()),
		('ingest', 'documents', 'available', '{}', 25, 0, NULL, now() - interval '1 minute', NULL)`)
	var h HealthReport
	got := p.do("GET", "/api/v1/health", nil, admin)
	got.decode(t, &h)
	if got.code != 200 || strings.Contains(got.body, "parcel") {
		t.Fatalf("GET = %d %s, want 200 without a text", got.code, got.body)
	}
	if len(h.StuckTurns) != 1 || h.StuckTurns[0].Conversation != receipt.Conversation {
		t.Errorf("stuck turns = %+v, want the one", h.StuckTurns)
	}
	if len(h.Failed) != 1 || h.Failed[0].Error != "channel_not_found" || h.Failed[0].Seq != 1 || h.Failed[0].Channel != "slack" {
		t.Errorf("failed deliveries = %+v, want the one", h.Failed)
	}
	if len(h.Jobs) != 1 || h.Jobs[0].Error != "out of patience" || h.Jobs[0].State != "discarded" || h.Jobs[0].Attempt != 25 {
		t.Errorf("jobs = %+v, want the newest error of the one", h.Jobs)
	}
	queues := map[string]conversation.QueueState{}
	for _, q := range h.Queues {
		queues[q.Name] = q
	}
	if queues["turns"].Waiting != 1 || queues["turns"].OldestS < 3500 || queues["jobs: documents"].Waiting != 1 || queues["jobs: documents"].OldestS < 50 {
		t.Errorf("queues = %+v, want a turn of an hour and a job of a minute", h.Queues)
	}
	if h.Postgres == "" || h.PGVector == "" || h.DatabaseBytes < 1<<20 || len(h.Tables) == 0 || h.Backup.Hint == "" || len(h.Findings) != 1 {
		t.Errorf("health = %+v, want versions, sizes, a hint and findings", h)
	}
	var channels channelsView
	got = p.do("GET", "/api/v1/channels", nil, bearer(p.token(staff.RoleViewer)))
	got.decode(t, &channels)
	if c := channels.Channels[0]; got.code != 200 || c.Undelivered != 1 || c.LastError != "channel_not_found" || c.LastEventAt == nil {
		t.Errorf("channels = %d %s, want the failure and the event", got.code, got.body)
	}
	for path, want := range map[string]int{"/api/v1/health/jobs/7/retry": 204, "/api/v1/health/jobs/8/retry": 404, "/api/v1/health/jobs/x/retry": 404, "/api/v1/health/jobs/-1/retry": 404} {
		if got := p.do("POST", path, nil, admin); got.code != want {
			t.Errorf("POST %s = %d %s, want %d", path, got.code, got.body, want)
		}
	}
	if got := p.do("POST", "/api/v1/channels/slack/test", map[string]string{"to": "C1"}, admin); got.code != 200 || !strings.Contains(got.body, "sent to C1") {
		t.Errorf("test = %d %s, want it sent", got.code, got.body)
	}
	if got := p.do("POST", "/api/v1/channels/fax/test", map[string]string{}, admin); got.code != 404 {
		t.Errorf("test of no channel = %d, want 404", got.code)
	}
	if got := p.do("POST", "/api/v1/channels/slack/test", map[string]string{"to": strings.Repeat("C", 201)}, admin); got.code != 422 {
		t.Errorf("test to a long place = %d, want 422", got.code)
	}
}
