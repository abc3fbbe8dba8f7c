package webhook_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/webhook"
	"frontdesk/migrations/dbtest"
)

var spent = []conversation.EventName{conversation.EventBudgetSpent}

const emit = `SELECT webhook_emit('budget.spent', '{}')`

func TestAFailureIsTriedAgainWithTheSameIdAndBody(t *testing.T) {
	r, to := newReplica(t, dbtest.URL(t), nil), newReceiver(t)
	to.answers = func(n int, w http.ResponseWriter) {
		if n < 3 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}
	w := r.hook(t, to, spent...)
	r.exec(t, emit)
	r.run(t)
	for n := 1; n < 3; n++ {
		list := r.settled(t, w.ID, func(list []conversation.WebhookDelivery) bool {
			return list[0].Attempts == n && list[0].Error != "" && !list[0].NextAt.IsZero()
		})
		if d := list[0]; d.State != conversation.WebhookPending || d.Status != 500 || d.Error != "answered 500" || time.Until(d.NextAt) < 3*time.Second {
			t.Errorf("after attempt %d: %+v, want it put off by seconds", n, d)
		}
		if h, err := r.Webhooks.Webhooks(t.Context()); err != nil || h[0].FailingSince.IsZero() || h[0].Waiting != 1 {
			t.Errorf("Webhooks = %+v, %v, want it failing with one waiting", h, err)
		}
		r.exec(t, `UPDATE webhook_deliveries SET due_at = now()`)
	}
	list := r.settled(t, w.ID, allSettled)
	calls := to.got()
	if len(calls) != 3 || list[0].State != conversation.WebhookSent || list[0].Attempts != 3 || list[0].Error != "" {
		t.Fatalf("%d calls, log %+v, want the third to be taken", len(calls), list[0])
	}
	for _, c := range calls {
		if c.id != list[0].EventID || c.body != calls[0].body || !c.verified {
			t.Errorf("call %+v, want the same id and body each time, signed", c)
		}
	}
	if h, err := r.Webhooks.Webhooks(t.Context()); err != nil || !h[0].FailingSince.IsZero() {
		t.Errorf("Webhooks = %+v, %v, want the failure forgotten", h, err)
	}
}

func TestARedirectIsAFailureAndNotFollowed(t *testing.T) {
	r, to, elsewhere := newReplica(t, dbtest.URL(t), nil), newReceiver(t), newReceiver(t)
	to.answers = func(_ int, w http.ResponseWriter) {
		w.Header().Set("Location", elsewhere.URL)
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
	w := r.hook(t, to, spent...)
	got, err := r.Test(t.Context(), w.ID)
	if err != nil || got.Status != 307 || !strings.Contains(got.Error, "redirects are not followed") || len(elsewhere.got()) != 0 {
		t.Errorf("Test = %+v, %v with %d calls elsewhere, want a failure and none", got, err, len(elsewhere.got()))
	}
}

func TestFailuresNameTheirCauseAndNoAddress(t *testing.T) {
	r := newReplica(t, dbtest.URL(t), nil)
	w, _, err := r.Add(t.Context(), stray(t)+"/?key=hidden", spent, true)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Test(t.Context(), w.ID)
	if err != nil || !strings.Contains(got.Error, "refused") || strings.Contains(got.Error+r.log.String(), "hidden") {
		t.Errorf("Test = %+v, %v, log %s, want the cause without the address", got, err, r.log)
	}
	if _, err := r.Test(t.Context(), "018f0000-0000-7000-8000-000000000001"); !errors.Is(err, conversation.ErrNoWebhook) {
		t.Errorf("Test of none = %v, want ErrNoWebhook", err)
	}
}

func TestRetryAfterLeavesTheWholeWebhookAlone(t *testing.T) {
	r, to := newReplica(t, dbtest.URL(t), nil), newReceiver(t)
	to.answers = func(n int, w http.ResponseWriter) {
		if n == 1 {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}
	w := r.hook(t, to, spent...)
	r.exec(t, emit)
	r.run(t)
	list := r.settled(t, w.ID, func(list []conversation.WebhookDelivery) bool { return list[0].Error != "" })
	if wait := time.Until(list[0].NextAt); wait < 59*time.Minute || wait > 61*time.Minute {
		t.Errorf("the next attempt is in %v, want the hour it asked for", wait)
	}
	r.exec(t, emit)
	if calls, err := r.store.ClaimWebhooks(t.Context(), nil, 10, 10, time.Minute); err != nil || len(calls) != 0 {
		t.Errorf("ClaimWebhooks while it rests = %+v, %v, want none", calls, err)
	}
	r.exec(t, `UPDATE webhooks SET resume_at = now()`)
	r.settled(t, w.ID, func(list []conversation.WebhookDelivery) bool { return list[0].State == conversation.WebhookSent })
	if h, err := r.Webhooks.Webhooks(t.Context()); err != nil || !h[0].FailingSince.IsZero() || r.value(t, `SELECT coalesce(resume_at::text, 'none') FROM webhooks`) != "none" {
		t.Errorf("Webhooks = %+v, %v, want its rest over", h, err)
	}
}

func TestAWebhookIsSwitchedOffWhenItTakesNothingForDays(t *testing.T) {
	for _, c := range []struct {
		status  int
		since   string
		want    string
		attempt bool // whether the delivery is tried again
	}{{500, "4 days", "", true}, {500, "6 days", "failing", true}, {410, "0 days", "gone", false}} {
		r, to := newReplica(t, dbtest.URL(t), nil), newReceiver(t)
		to.answers = func(_ int, w http.ResponseWriter) { w.WriteHeader(c.status) }
		w := r.hook(t, to, spent...)
		r.exec(t, `UPDATE webhooks SET failing_since = now() - $1::text::interval`, c.since)
		r.exec(t, emit)
		r.run(t)
		list := r.settled(t, w.ID, func(list []conversation.WebhookDelivery) bool { return list[0].Error != "" })
		h, err := r.Webhooks.Webhooks(t.Context())
		if err != nil || h[0].Active != (c.want == "") || h[0].OffFor != c.want || h[0].OffAt.IsZero() != (c.want == "") {
			t.Errorf("%d after %s: %+v, %v, want it off for %q", c.status, c.since, h, err, c.want)
		}
		if (list[0].State == conversation.WebhookPending) != c.attempt {
			t.Errorf("%d after %s: %+v, want another attempt: %v", c.status, c.since, list[0], c.attempt)
		}
		if c.want == "" {
			continue
		}
		select {
		case why := <-r.off:
			if why != c.want {
				t.Errorf("alert %q, want %q", why, c.want)
			}
		case <-time.After(20 * time.Second):
			t.Error("no alert")
		}
		back, err := r.Edit(t.Context(), conversation.Webhook{ID: w.ID, URL: w.URL, Events: w.Events, Active: true})
		if err != nil || !back.Active || !back.OffAt.IsZero() || !back.FailingSince.IsZero() {
			t.Errorf("Edit = %+v, %v, want a new chance", back, err)
		}
	}
}

func TestAnEventIsGivenUpAfterADayAndTheLogIsBounded(t *testing.T) {
	r, to := newReplica(t, dbtest.URL(t), nil), newReceiver(t)
	to.answers = func(_ int, w http.ResponseWriter) { w.WriteHeader(500) }
	w := r.hook(t, to, spent...)
	r.exec(t, emit)
	r.exec(t, `UPDATE webhook_deliveries SET until = now() + interval '2 seconds'`)
	calls, err := r.store.ClaimWebhooks(t.Context(), nil, 10, 10, time.Minute)
	if err != nil || len(calls) != 1 {
		t.Fatalf("ClaimWebhooks = %+v, %v, want one", calls, err)
	}
	if _, err := r.store.WebhookDone(t.Context(), calls[0], conversation.WebhookResult{Error: "answered 500", Status: 500, Retry: time.Hour}); err != nil {
		t.Fatal(err)
	}
	list, _, err := r.WebhookLog(t.Context(), w.ID, "", 10)
	if err != nil || list[0].State != conversation.WebhookFailed || !list[0].NextAt.IsZero() {
		t.Errorf("log = %+v, %v, want it given up: the next attempt would be past its day", list, err)
	}

	r.exec(t, `UPDATE webhook_deliveries SET created_at = now() - interval '31 days'`)
	r.exec(t, `INSERT INTO webhook_deliveries (id, webhook_id, event_id, kind, data, state, created_at)
		SELECT gen_random_uuid(), $1, gen_random_uuid(), 'budget.spent', '{}', 'sent', now() - i * interval '1 second' FROM generate_series(1, 10500) i`, w.ID)
	r.exec(t, `INSERT INTO webhook_deliveries (id, webhook_id, event_id, kind, data, until, due_at)
		VALUES (gen_random_uuid(), $1, gen_random_uuid(), 'budget.spent', '{}', now() - interval '1 minute', now() - interval '1 minute')`, w.ID)
	r.exec(t, `INSERT INTO webhook_deliveries (id, webhook_id, event_id, kind, data) VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'budget.spent', '{}')`)
	for more := true; more; {
		if more, err = r.store.TidyWebhooks(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.value(t, `SELECT count(*) || ' ' || count(*) FILTER (WHERE created_at < now() - interval '30 days') || ' '
		|| count(*) FILTER (WHERE error = 'not delivered in time') || ' ' || count(*) FILTER (WHERE state = 'pending') FROM webhook_deliveries`); got != "10000 0 1 0" {
		t.Errorf("rows, old, given up, pending = %s, want 10000 0 1 0", got)
	}
}

func TestTwoReplicasShareTheWorkAndNeitherDoublesIt(t *testing.T) {
	url := dbtest.URL(t)
	to := newReceiver(t)
	var mu sync.Mutex // guards under and twice
	under, twice := map[string]bool{}, 0
	slow := poster{webhook.New(within(t, "127.0.0.1:*"), "Frontdesk", nil), func(id string, begins bool) {
		mu.Lock()
		defer mu.Unlock()
		if begins && under[id] {
			twice++
		}
		under[id] = begins
	}}
	a, b := newReplica(t, url, slow), newReplica(t, url, slow)
	w := a.hook(t, to, spent...)
	const n = 300
	a.exec(t, `SELECT webhook_emit('budget.spent', '{}') FROM generate_series(1, $1)`, n)
	a.run(t)
	b.run(t)
	deadline := time.Now().Add(30 * time.Second)
	for a.value(t, `SELECT count(*)::text FROM webhook_deliveries WHERE state = 'sent'`) != strconv.Itoa(n) && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	ids := map[string]int{}
	for _, c := range to.got() {
		ids[c.id]++
	}
	if len(ids) != n || len(to.got()) != n || twice != 0 {
		t.Errorf("%d calls for %d ids, %d of them while another was under way; want %d, each once", len(to.got()), len(ids), twice, n)
	}
	if got := a.value(t, `SELECT max(attempts)::text FROM webhook_deliveries WHERE webhook_id = $1`, w.ID); got != "1" {
		t.Errorf("attempts = %s, want 1", got)
	}
}

// poster tells when a call begins and ends.
type poster struct {
	conversation.WebhookPoster
	tell func(id string, begins bool)
}

func (p poster) Post(ctx context.Context, address string, header map[string]string, body []byte) (conversation.WebhookAnswer, error) {
	p.tell(header["webhook-id"], true)
	defer p.tell(header["webhook-id"], false)
	return p.WebhookPoster.Post(ctx, address, header, body)
}

func TestAnAttemptThatDiedIsMadeAgainAndCannotSettleLater(t *testing.T) {
	r, to := newReplica(t, dbtest.URL(t), nil), newReceiver(t)
	w := r.hook(t, to, spent...)
	r.exec(t, emit)
	// A server that is killed after it claimed: its lease lapses, and nobody settles.
	dead, err := r.store.ClaimWebhooks(t.Context(), nil, 10, 10, time.Minute)
	if err != nil || len(dead) != 1 {
		t.Fatalf("ClaimWebhooks = %+v, %v, want one", dead, err)
	}
	if again, err := r.store.ClaimWebhooks(t.Context(), nil, 10, 10, time.Minute); err != nil || len(again) != 0 {
		t.Errorf("ClaimWebhooks within the lease = %+v, %v, want none", again, err)
	}
	r.exec(t, `UPDATE webhook_deliveries SET due_at = now()`)
	live, err := r.store.ClaimWebhooks(t.Context(), nil, 10, 10, time.Minute)
	if err != nil || len(live) != 1 || live[0].EventID != dead[0].EventID || live[0].Attempt != 2 {
		t.Fatalf("ClaimWebhooks after it = %+v, %v, want the same event, attempt 2", live, err)
	}
	if _, err := r.store.WebhookDone(t.Context(), dead[0], conversation.WebhookResult{Error: "late", Retry: -1}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.store.WebhookDone(t.Context(), live[0], conversation.WebhookResult{Status: 200}); err != nil {
		t.Fatal(err)
	}
	list, _, err := r.WebhookLog(t.Context(), w.ID, "", 10)
	if err != nil || list[0].State != conversation.WebhookSent || list[0].Error != "" {
		t.Errorf("log = %+v, %v, want the living one's result alone", list, err)
	}
}

func TestASlowWebhookLeavesRoomForOthers(t *testing.T) {
	r, slow, quick := newReplica(t, dbtest.URL(t), nil), newReceiver(t), newReceiver(t)
	hang := make(chan struct{})
	defer close(hang)
	slow.answers = func(int, http.ResponseWriter) { <-hang }
	one, _, err := r.Add(t.Context(), slow.URL, []conversation.EventName{conversation.EventBudgetWarning}, true)
	if err != nil {
		t.Fatal(err)
	}
	two := r.hook(t, quick, spent...)
	r.exec(t, `SELECT webhook_emit('budget.warning', '{}') FROM generate_series(1, 100)`)
	r.exec(t, `SELECT webhook_emit('budget.spent', '{}') FROM generate_series(1, 20)`)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { r.Run(ctx); close(done) }()
	r.settled(t, two.ID, func(list []conversation.WebhookDelivery) bool { return len(list) == 20 && allSettled(list) })
	if got := r.value(t, `SELECT sum(attempts)::text FROM webhook_deliveries WHERE webhook_id = $1`, one.ID); got != "8" {
		t.Errorf("%s attempts under way at the slow one, want 8", got)
	}
	cancel()
	slow.CloseClientConnections()
	<-done
}

func TestANewSecretSignsBesideTheOldForADay(t *testing.T) {
	r, to := newReplica(t, dbtest.URL(t), nil), newReceiver(t)
	w, old, err := r.Add(t.Context(), to.URL, spent, true)
	if err != nil {
		t.Fatal(err)
	}
	_, fresh, err := r.Rotate(t.Context(), w.ID)
	if err != nil || fresh == old || !strings.HasPrefix(fresh, "whsec_") {
		t.Fatalf("Rotate = %q, %v, want another than %q", fresh, err, old)
	}
	try := func(secret string) bool {
		to.trust(secret)
		if _, err := r.Test(t.Context(), w.ID); err != nil {
			t.Fatal(err)
		}
		calls := to.got()
		return calls[len(calls)-1].verified
	}
	if !try(old) || !try(fresh) || try("whsec_AAAA") {
		t.Error("within the day the old and the new secret are to verify, and no other")
	}
	r.exec(t, `UPDATE webhooks SET rotated_at = now() - interval '25 hours'`)
	if try(old) || !try(fresh) {
		t.Error("after a day the new secret alone is to verify")
	}
	if stored := r.value(t, `SELECT w::text FROM webhooks w`); strings.Contains(stored, strings.TrimPrefix(fresh, "whsec_")[:12]) {
		t.Errorf("the row holds the secret: %s", stored)
	}
}

func TestRetryByHandSendsTheSameEventAgain(t *testing.T) {
	r, to := newReplica(t, dbtest.URL(t), nil), newReceiver(t)
	w := r.hook(t, to, spent...)
	r.exec(t, emit)
	r.run(t)
	list := r.settled(t, w.ID, allSettled)
	d, err := r.RetryWebhook(t.Context(), list[0].ID)
	if err != nil || d.State != conversation.WebhookPending {
		t.Fatalf("RetryWebhook = %+v, %v, want it pending", d, err)
	}
	r.settled(t, w.ID, func(list []conversation.WebhookDelivery) bool { return list[0].Attempts == 2 && allSettled(list) })
	if calls := to.got(); len(calls) != 2 || calls[0].id != calls[1].id {
		t.Errorf("calls = %+v, want two with one id", calls)
	}
	if _, err := r.RetryWebhook(t.Context(), w.ID); !errors.Is(err, conversation.ErrNoWebhookDelivery) {
		t.Errorf("RetryWebhook of none = %v, want ErrNoWebhookDelivery", err)
	}
}

func TestErasingAContactErasesWhatWaitsAndWasLogged(t *testing.T) {
	r, to := newReplica(t, dbtest.URL(t), nil), newReceiver(t)
	r.hook(t, to, conversation.EventMessageCreated, conversation.EventBudgetSpent)
	id := r.says(t, "ada", "I am Ada of 12 Mill Lane.")
	r.says(t, "ada", "My number is 555.")
	r.says(t, "bob", "Somebody else.")
	calls, err := r.store.ClaimWebhooks(t.Context(), nil, 1, 1, time.Minute)
	if err != nil || len(calls) != 1 {
		t.Fatalf("ClaimWebhooks = %+v, %v, want one", calls, err)
	}
	contact := r.value(t, `SELECT contact_id::text FROM conversations WHERE id = $1`, id)
	e, _, err := r.store.EraseContact(t.Context(), contact, conversation.Actor{StaffID: "018f0000-0000-7000-8000-000000000001", Name: "Ana"})
	if err != nil || e.Erased["webhook_deliveries"] != 2 {
		t.Fatalf("EraseContact = %+v, %v, want 2 deliveries counted", e, err)
	}
	if got := r.value(t, `SELECT count(*) || ' ' || count(*) FILTER (WHERE conversation_id = $1) FROM webhook_deliveries`, id); got != "1 0" {
		t.Errorf("deliveries in all and of the erased = %s, want 1 0", got)
	}
	// The attempt that was under way settles into nothing.
	if _, err := r.store.WebhookDone(t.Context(), calls[0], conversation.WebhookResult{Status: 200}); err != nil {
		t.Errorf("WebhookDone of what was erased = %v, want nil", err)
	}
}
