package e2e

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"frontdesk/cmd/internal/fakeai"
	"frontdesk/cmd/internal/proc"
	"frontdesk/cmd/internal/visitor"
	"frontdesk/knowledge"
)

// TestEveryModelFaultEndsInAnAnswerOrAPerson asks something the sample FAQ knows
// and something it does not while the model fails in each of its ways.
func TestEveryModelFaultEndsInAnAnswerOrAPerson(t *testing.T) {
	faults := map[string]fakeai.Reply{
		"429 with Retry-After": {Status: 429, Error: "rate_limit_exceeded", RetryAfter: "1"},
		"500":                  {Status: 500, Error: "server_error"},
		"invalid key":          {Status: 401, Error: "invalid_api_key"},
		"spent quota":          {Status: 429, Error: "insufficient_quota"},
		"gone model":           {Status: 404, Error: "model_not_found"},
		"hang":                 {HangAfter: -1},
		"hang mid-stream":      {HangAfter: 3, Text: "internal half of an answer"},
		"cut mid-stream":       {CutAfter: 3, Text: "internal half of an answer"},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, o := setup(t, func(fakeai.Request) fakeai.Reply { return fault })
			o.Env = append(o.Env, "OPENAI_TIMEOUT=4s")
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			s, err := proc.Start(ctx, o)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Kill()
			known := ask(t, ctx, s.URL, "how long have I got for sending back boots that do not fit?")
			if known.Author != "bot" || len(known.Raw) == 0 || !strings.Contains(string(known.Raw), `"sources"`) {
				t.Errorf("known question: %s", known.Raw)
			}
			unknown := ask(t, ctx, s.URL, "zzyzx quuxification of the frobnicator?")
			if unknown.Author != "bot" && unknown.Author != "system" {
				t.Errorf("unknown question: %s", unknown.Raw)
			}
			for _, e := range []visitor.Event{known, unknown} {
				if strings.Contains(e.Text, "internal half") || strings.Contains(e.Text, "refused") {
					t.Errorf("the customer saw %q", e.Text)
				}
			}
		})
	}
}

// ask puts one question in a new session and returns the first message that answers it.
func ask(t *testing.T, ctx context.Context, url, text string) (got visitor.Event) {
	t.Helper()
	p := &person{t: t, url: url}
	var err error
	if p.v, err = visitor.New(ctx, http.DefaultClient, url); err != nil {
		t.Fatal(err)
	}
	seq, err := p.v.Send(ctx, knowledge.NewID(), text)
	if err != nil {
		t.Fatal(err)
	}
	err = p.v.Watch(ctx, seq, func(e visitor.Event) bool {
		if e.Name != "message" {
			return true
		}
		got = e
		return false
	})
	if err != nil {
		t.Fatalf("no answer to %q: %v", text, err)
	}
	return got
}
