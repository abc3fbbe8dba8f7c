package webhook_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"frontdesk/conversation"
	"frontdesk/conversation/webhook"
	"frontdesk/migrations/dbtest"
)

func TestAReceiverCanVerifyWhatItIsTold(t *testing.T) {
	r, to := newReplica(t, dbtest.URL(t), nil), newReceiver(t)
	w := r.hook(t, to, conversation.EventNames...)
	r.run(t)
	id := r.says(t, "ada", "Where is my parcel?")
	ana := conversation.Actor{StaffID: "018f0000-0000-7000-8000-000000000001", Name: "Ana"}
	for _, do := range []func() error{
		func() error { _, err := r.engine.Takeover(t.Context(), id, ana); return err },
		func() error { _, err := r.engine.Note(t.Context(), id, ana, "a private note"); return err },
		func() error { _, err := r.engine.Reply(t.Context(), id, ana, "On its way.", ""); return err },
		func() error { _, err := r.engine.Resolve(t.Context(), id, ana); return err },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	r.settled(t, w.ID, func(list []conversation.WebhookDelivery) bool { return len(list) >= 7 && allSettled(list) })
	kinds, texts := map[string]int{}, ""
	for _, c := range to.got() {
		kinds[c.kind]++
		if !c.verified {
			t.Errorf("the signature of %s does not verify", c.kind)
		}
		if c.data["conversation"] != id || c.data["contact"] == nil || c.data["channel"] != "slack" {
			t.Errorf("%s = %v, want conversation, contact and channel", c.kind, c.data)
		}
		if s, ok := c.data["text"].(string); ok {
			texts += s + "|"
		}
		if strings.Contains(c.body, "private") {
			t.Errorf("%s tells of a private note: %s", c.kind, c.body)
		}
	}
	for _, kind := range []conversation.EventName{conversation.EventConversationCreated, conversation.EventConversationHandoff, conversation.EventConversationAssigned, conversation.EventConversationResolved} {
		if kinds[string(kind)] != 1 {
			t.Errorf("%s came %d times, want once; all: %v", kind, kinds[string(kind)], kinds)
		}
	}
	if !strings.Contains(texts, "Where is my parcel?|") || !strings.Contains(texts, "On its way.|") {
		t.Errorf("texts = %q, want what the customer and staff wrote", texts)
	}
	if stored := r.value(t, `SELECT string_agg(d::text, ' ') FROM webhook_deliveries d`); strings.Contains(stored, "parcel") {
		t.Errorf("the table holds what the customer wrote: %s", stored)
	}
	if strings.Contains(r.log.String(), "parcel") || strings.Contains(r.log.String(), "whsec") {
		t.Errorf("the log holds a text or a secret: %s", r.log)
	}
}

func TestOnlyWhatAnActiveWebhookWantsIsStored(t *testing.T) {
	r, to := newReplica(t, dbtest.URL(t), nil), newReceiver(t)
	count := func() string {
		return r.value(t, `SELECT count(*)::text || coalesce(max(kind), '') FROM webhook_deliveries`)
	}
	id := r.says(t, "ada", "Hello?")
	if got := count(); got != "0" {
		t.Errorf("stored without a webhook: %s, want nothing", got)
	}
	w := r.hook(t, to, conversation.EventConversationRated)
	r.says(t, "ada", "Anybody?")
	if got := count(); got != "0" {
		t.Errorf("stored of messages that nobody wants: %s, want nothing", got)
	}
	if err := r.engine.Feedback(t.Context(), id, r.botSays(t, id), true); err != nil {
		t.Fatal(err)
	}
	if got := count(); got != "1conversation.rated" {
		t.Errorf("stored of a thumb: %s, want conversation.rated", got)
	}
	r.exec(t, `INSERT INTO conversation_events (conversation_id, kind, became, actor) VALUES ($1, 'rating', '4', 'customer')`, id)
	if got := r.value(t, `SELECT string_agg(data ->> 'score', ',') FROM webhook_deliveries`); got != "4" {
		t.Errorf("scores told = %s, want 4", got)
	}
	if _, err := r.Edit(t.Context(), conversation.Webhook{ID: w.ID, URL: to.URL, Events: []conversation.EventName{conversation.EventMessageCreated}}); err != nil {
		t.Fatal(err)
	}
	r.says(t, "ada", "Nobody.")
	if got := count(); got != "2conversation.rated" {
		t.Errorf("stored for a webhook that is off: %s, want nothing more", got)
	}
}

// botSays puts an answer of the bot's into a conversation and returns its number.
func (r *replica) botSays(t *testing.T, id string) int64 {
	t.Helper()
	r.exec(t, `WITH c AS (UPDATE conversations SET seq = seq + 1 WHERE id = $1 RETURNING *)
		INSERT INTO messages (conversation_id, seq, author, body, episode) SELECT id, seq, 'bot', 'Yes.', episode FROM c`, id)
	ms, err := r.engine.Transcript(t.Context(), id, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	return ms[len(ms)-1].Seq
}

func TestOtherPartsEmitByAFunctionAndGapsByThemselves(t *testing.T) {
	r, to := newReplica(t, dbtest.URL(t), nil), newReceiver(t)
	w := r.hook(t, to, conversation.EventBudgetSpent, conversation.EventGapOpened)
	r.exec(t, `SELECT webhook_emit('budget.spent', '{"day": "2026-11-22"}')`)
	r.exec(t, `SELECT webhook_emit('budget.warning', '{"day": "2026-11-22"}')`)
	r.exec(t, `INSERT INTO gaps (id, questions, customers, first_at, last_at) VALUES (gen_random_uuid(), 2, 1, now(), now())`)
	r.run(t)
	r.settled(t, w.ID, func(list []conversation.WebhookDelivery) bool { return len(list) == 2 && allSettled(list) })
	seen := ""
	for _, c := range to.got() {
		if !c.verified {
			t.Errorf("the signature of %s does not verify", c.kind)
		}
		seen += c.kind + " "
	}
	if !strings.Contains(seen, "budget.spent") || !strings.Contains(seen, "gap.opened") {
		t.Errorf("calls = %s, want budget.spent and gap.opened", seen)
	}
}

func TestAnEventRolledBackIsNotTold(t *testing.T) {
	r, to := newReplica(t, dbtest.URL(t), nil), newReceiver(t)
	r.hook(t, to, conversation.EventBudgetSpent)
	tx, err := r.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `SELECT webhook_emit('budget.spent', '{}')`); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := r.value(t, `SELECT count(*)::text FROM webhook_deliveries`); got != "0" {
		t.Errorf("%s deliveries after a rollback, want none", got)
	}
}

func TestAnAddressThatCannotBeIsRefusedWithWords(t *testing.T) {
	r := newReplica(t, dbtest.URL(t), webhook.New(within(t), "Frontdesk", names(t, "10.1.2.3")))
	all := conversation.EventNames
	for address, says := range map[string]string{
		"ftp://hooks.example/x":                          "https://",
		"hooks.example/x":                                "https://",
		"https://":                                       "host",
		"https:///path":                                  "host",
		"https://me:pw@hooks.example/":                   "password",
		"https://hooks.example/#a":                       "#",
		"https://hooks.example:0/":                       "port",
		"http://127.0.0.1/":                              "inside the network",
		"http://localhost/":                              "inside the network",
		"http://[::ffff:10.0.0.1]/":                      "inside the network",
		"http://[::1]/":                                  "inside the network",
		"http://169.254.169.254/latest":                  "metadata",
		"http://[64:ff9b::a00:1]/":                       "inside the network",
		"https://1.1.1.1:8443/":                          "neither 80 nor 443",
		"https://inside.example/":                        "inside the network",
		"https://h.example/" + strings.Repeat("a", 2048): "longer than 2048 bytes",
		"https://h.example/%zz":                          "no address",
	} {
		_, _, err := r.Add(t.Context(), address, all, true)
		var bad *conversation.WebhookError
		if !errors.As(err, &bad) || bad.Field != "url" || !strings.Contains(bad.Why, says) {
			t.Errorf("Add(%.40q) = %v, want a fault of the url that says %q", address, err, says)
		}
	}
	for _, events := range [][]conversation.EventName{nil, {"message.deleted"}, {conversation.EventWebhookTest}} {
		_, _, err := r.Add(t.Context(), "https://1.1.1.1/", events, true)
		var bad *conversation.WebhookError
		if !errors.As(err, &bad) || bad.Field != "events" {
			t.Errorf("Add with events %v = %v, want a fault of the events", events, err)
		}
	}
	if got := r.value(t, `SELECT count(*)::text FROM webhooks`); got != "0" {
		t.Errorf("%s webhooks are stored, want none", got)
	}
	for i := range conversation.MaxWebhooks + 1 {
		_, _, err := r.Add(t.Context(), "https://1.1.1.1/", all, true)
		if i < conversation.MaxWebhooks && err != nil || i == conversation.MaxWebhooks && !errors.Is(err, conversation.ErrManyWebhooks) {
			t.Errorf("Add number %d = %v", i+1, err)
		}
	}
}

func TestANameThatLeadsInsideLaterIsRefusedWhenItIsDialled(t *testing.T) {
	hit := false
	to := newReceiver(t)
	to.answers = func(int, http.ResponseWriter) { hit = true }
	// Public when it is typed; inside when it is called.
	resolver := names(t, "93.184.216.34", "127.0.0.1")
	r := newReplica(t, dbtest.URL(t), webhook.New(within(t), "Frontdesk", resolver))
	w, _, err := r.Add(t.Context(), "http://hooks.example/", []conversation.EventName{conversation.EventMessageCreated}, true)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Test(t.Context(), w.ID)
	if err != nil || got.Status != 0 || !strings.Contains(got.Error, "inside the network") {
		t.Errorf("Test = %+v, %v, want the refusal in words", got, err)
	}
	if hit {
		t.Error("the address inside was called")
	}
	list, _, err := r.WebhookLog(t.Context(), w.ID, "", 10)
	if err != nil || len(list) != 1 || list[0].State != conversation.WebhookFailed || !strings.Contains(list[0].Error, "inside the network") {
		t.Errorf("log = %+v, %v, want the failure", list, err)
	}
}
