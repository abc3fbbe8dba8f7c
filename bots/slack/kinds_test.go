package slack

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
)

func TestTheRarerKindsOfEventsAreTakenAsTheyAreMeant(t *testing.T) {
	desk := &heard{}
	r := newRig(t, func(c *Config) { c.StaffChannel, c.Desk = "C0STAFF01", desk })
	for _, c := range []struct{ event, outcome, text string }{
		{"me_message", wasStored, "D024BE91L wonders how to return an order"},
		{"mention_message", wasStored, "C0LAN2Q65/1763807500.000400 do you ship to Switzerland (https://example.com/ch)?"},
		{"thread_broadcast", wasStored, "C0LAN2Q65/1763807500.000400 Does anybody know?"},
		{"message_im", wasStored, "D024BE91L How do I return an order?"},
		{"tombstone", wasDeletion, ""},
		{"staff_reply", wasStaff, ""},
	} {
		before := len(r.engine.texts())
		if code := r.deliver(t, "/slack/events", recorded(t, c.event)); code != http.StatusOK || r.last() != c.outcome {
			t.Errorf("%s = %d, counted as %q, want 200 and %q", c.event, code, r.last(), c.outcome)
		}
		if got := strings.Join(r.engine.texts()[before:], " and "); got != c.text {
			t.Errorf("%s stored %q, want %q", c.event, got, c.text)
		}
	}
	if !slices.ContainsFunc(r.engine.notes, func(n string) bool { return strings.Contains(n, "deleted a message") }) {
		t.Errorf("notes %q, want that a message was deleted", r.engine.notes)
	}
	w := httptest.NewRecorder()
	r.mux.ServeHTTP(w, signed("/slack/interactions", "payload="+url.QueryEscape(recorded(t, "staff_click")), secret, time.Now()))
	want := []string{"said U0ANA0001 in C0STAFF01/1763807800.000100: It left today.", "take U0ANA0001 in C0STAFF01/1763807800.000100: "}
	if w.Code != http.StatusOK || !slices.Equal(desk.voices, want) {
		t.Errorf("the click = %d; the desk heard %q, want %q", w.Code, desk.voices, want)
	}
	w = httptest.NewRecorder()
	r.mux.ServeHTTP(w, signed("/slack/events", recorded(t, "url_verification"), secret, time.Now()))
	if w.Code != http.StatusOK || !strings.Contains(recorded(t, "url_verification"), w.Body.String()) || len(w.Body.String()) < 20 {
		t.Errorf("the challenge = %d %q, want it back", w.Code, w.Body)
	}
}

// absent is a desk that knows no thread.
type absent struct{ heard }

func (*absent) Said(context.Context, conversation.DeskVoice) (conversation.DeskReply, error) {
	return conversation.DeskReply{Elsewhere: true}, nil
}

func TestAReplyBelowABriefNotYetStoredIsSentAgain(t *testing.T) {
	posted, ok := timeOf("1763807800.000100")
	if !ok {
		t.Fatal("the brief has no time")
	}
	for name, c := range map[string]struct {
		later time.Duration
		want  error
	}{
		"ten seconds after": {10 * time.Second, errNotYet}, "an hour after": {time.Hour, nil},
	} {
		now := posted.Add(c.later)
		r := newRig(t, func(cfg *Config) {
			cfg.StaffChannel, cfg.Desk, cfg.Now = "C0STAFF01", &absent{}, func() time.Time { return now }
		})
		var env envelope
		if err := decode([]byte(recorded(t, "staff_reply")), &env); err != nil {
			t.Fatal(err)
		}
		if err := r.event(t.Context(), env); !errors.Is(err, c.want) {
			t.Errorf("a reply %s the brief = %v, want %v", name, err, c.want)
		}
	}
}
