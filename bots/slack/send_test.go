package slack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
)

func delivery(text string, attempt int) conversation.Delivery {
	return conversation.Delivery{
		Channel: Channel, Account: testTeam, Thread: "C0LAN2Q65/1763807500.000400", Attempt: attempt,
		Message: conversation.Message{
			Conversation: "conversation-1", Seq: 2, Author: conversation.AuthorBot, Turn: "turn-1", Text: text, At: time.Unix(1763899990, 0),
			Sources: []conversation.Source{{N: 1, Title: "Returns <!here>", URL: "https://help.example/returns?a=1&b=2", Heading: "30 days", Page: 3}},
		},
	}
}

func TestAnAnswerIsPostedInItsThreadWithSourcesAndButtons(t *testing.T) {
	r := newRig(t, nil)
	id, err := r.Send(t.Context(), delivery("You have **30 days**, <!channel>. [1]", 1))
	if err != nil {
		t.Fatal(err)
	}
	got := r.slack.visible()
	if len(got) != 1 || got[0].TS != id || got[0].Channel != "C0LAN2Q65" || got[0].Thread != "1763807500.000400" {
		t.Fatalf("posted %+v, want one message in the thread with id %s", got, id)
	}
	for _, want := range []string{`*30 days*`, `\u0026lt;!channel\u0026gt;`, `\u003chttps://help.example/returns?a=1\u0026amp;b=2|Returns \u0026lt;!here\u0026gt;\u003e › 30 days, p. 3`,
		actionHelpful, actionUnhelpful, actionPerson, `"value":"2"`, `"verbatim":true`} {
		if !strings.Contains(got[0].Blocks, want) {
			t.Errorf("blocks lack %s:\n%s", want, got[0].Blocks)
		}
	}
	f := r.slack.form("chat.postMessage")
	if f.Get("parse") != "none" || f.Get("link_names") != "false" || f.Get("unfurl_links") != "false" {
		t.Errorf("posted with %v, want nothing parsed or unfolded", f)
	}
	mustCallNobody(t, got[0].Text)
}

func TestStaffAreNamedAndHaveNoButtons(t *testing.T) {
	r := newRig(t, nil)
	d := delivery("Hello, this is me", 1)
	d.Message.Author, d.Message.Name, d.Message.Sources, d.Thread = conversation.AuthorStaff, "Ana <@U1>", nil, "D024BE91L"
	if _, err := r.Send(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	got := r.slack.visible()[0]
	if got.Thread != "" || strings.Contains(got.Blocks, "actions") || !strings.HasPrefix(got.Text, "*Ana &lt;@U1&gt;*: Hello") {
		t.Errorf("posted %+v, want Ana's words without buttons, in the channel itself", got)
	}
}

func TestALongAnswerBecomesSeveralMessagesInOrder(t *testing.T) {
	r := newRig(t, nil)
	var words strings.Builder
	for i := range 3500 {
		fmt.Fprintf(&words, "w%d & ", i)
	}
	if _, err := r.Send(t.Context(), delivery(words.String(), 1)); err != nil {
		t.Fatal(err)
	}
	got := r.slack.visible()
	if len(got) < 3 {
		t.Fatalf("%d messages, want at least 3", len(got))
	}
	at := -1
	for i, m := range got {
		first := strings.Index(m.Blocks, "w")
		if first < 0 || units(m.Blocks) > 2*maxMessage {
			t.Errorf("message %d has %d units", i, units(m.Blocks))
		}
		var n int
		fmt.Sscanf(m.Text[strings.Index(m.Text, "w"):], "w%d", &n)
		if n <= at {
			t.Errorf("message %d begins with word %d, after one that began with %d", i, n, at)
		}
		at = n
		if hasButtons := strings.Contains(m.Blocks, actionPerson); hasButtons != (i == len(got)-1) {
			t.Errorf("message %d of %d has buttons: %v", i+1, len(got), hasButtons)
		}
	}
	all := join(got)
	for i := range 3500 {
		if n := strings.Count(all, fmt.Sprintf("w%d ", i)); n != 1 {
			t.Fatalf("word %d appears %d times, want once", i, n)
		}
	}
}

func join(ms []posted) string {
	var b strings.Builder
	for _, m := range ms {
		b.WriteString(strings.NewReplacer(`\n`, " ", `"}`, ` "}`, `","verbatim`, ` ","verbatim`).Replace(m.Blocks))
	}
	return b.String()
}

func TestFaultsAreToldApart(t *testing.T) {
	for name, c := range map[string]struct {
		fault     fault
		permanent bool
		atLeast   time.Duration
	}{
		"too many":            {fault{status: 429, retry: "7"}, false, 7 * time.Second},
		"too many, no time":   {fault{status: 429}, false, waitUnsaid},
		"ratelimited in body": {fault{code: "ratelimited"}, false, waitUnsaid},
		"server error":        {fault{status: 503}, false, 0},
		"connection cut":      {fault{after: true}, false, 0},
		"archived":            {fault{code: "is_archived"}, true, 0},
		"gone":                {fault{code: "channel_not_found"}, true, 0},
		"token refused":       {fault{code: "invalid_auth"}, false, waitToken},
		"scope missing":       {fault{code: "missing_scope"}, false, waitToken},
		"unknown":             {fault{code: "fatal_error"}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil)
			r.slack.fail("chat.postMessage", c.fault)
			_, err := r.Send(t.Context(), delivery("hello", 1))
			var se *conversation.SendError
			if !errors.As(err, &se) || se.Permanent != c.permanent || se.RetryAfter < c.atLeast {
				t.Fatalf("Send = %+v, want permanent %v and a wait of at least %v", err, c.permanent, c.atLeast)
			}
			if strings.Contains(err.Error(), botToken) || strings.Contains(err.Error(), "http") && !strings.Contains(err.Error(), "HTTP status") {
				t.Errorf("the error shows too much: %v", err)
			}
		})
	}
}

func TestEveryFaultLeavesExactlyOneMessage(t *testing.T) {
	long := strings.Repeat("many words in a long answer ", 600) // two messages
	for name, fs := range map[string]map[string][]fault{
		"too many":                    {"chat.postMessage": {{status: 429, retry: "1"}}},
		"server errors":               {"chat.postMessage": {{status: 500}, {status: 502}}},
		"posted, but not heard of":    {"chat.postMessage": {{after: true}}},
		"posted, answered with 504":   {"chat.postMessage": {{after: true, status: 504, code: "x"}}},
		"again and again":             {"chat.postMessage": {{after: true}, {status: 500}, {after: true}, {status: 429, retry: "1"}}},
		"layout refused":              {"chat.postMessage": {{code: "invalid_blocks"}}},
		"and the look at it fails":    {"chat.postMessage": {{after: true}}, "conversations.replies": {{status: 503}, {status: 429, retry: "1"}}},
		"internal error, not posted":  {"chat.postMessage": {{code: "internal_error"}, {code: "service_unavailable"}}},
		"token refused for some time": {"chat.postMessage": {{code: "token_revoked"}, {code: "token_revoked"}}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{"hello", long} {
				r := newRig(t, nil)
				want := len(compose(delivery(text, 1).Message))
				for method, list := range fs {
					r.slack.fail(method, list...)
				}
				tries := 1
				for ; tries < 12; tries++ {
					if _, err := r.Send(t.Context(), delivery(text, tries)); err == nil {
						break
					}
				}
				if got := r.slack.visible(); len(got) != want {
					t.Errorf("%d messages after %d tries, want %d", len(got), tries, want)
				}
			}
		})
	}
}

func TestAnotherProcessDoesNotRepeatWhatWasPosted(t *testing.T) {
	first := newRig(t, nil)
	first.slack.fail("chat.postMessage", fault{after: true})
	if _, err := first.Send(t.Context(), delivery("hello", 1)); err == nil {
		t.Fatal("Send = nil, want the lost answer's error")
	}
	second := newRig(t, func(c *Config) { c.APIURL = first.slack.URL })
	id, err := second.Send(t.Context(), delivery("hello", 2))
	if got := first.slack.visible(); err != nil || len(got) != 1 || got[0].TS != id {
		t.Errorf("Send = %q, %v with %d messages, want the one that is there", id, err, len(got))
	}
}

func TestSomeoneElsesMarkIsNotBelieved(t *testing.T) {
	r := newRig(t, nil)
	r.slack.fail("chat.postMessage", fault{after: true})
	r.Send(t.Context(), delivery("hello", 1))
	r.me.Store(&identity{Team: testTeam, User: "U0ANOTHER", Bot: "B0ANOTHER"})
	if _, err := r.Send(t.Context(), delivery("hello", 2)); err != nil {
		t.Fatal(err)
	}
	if got := r.slack.visible(); len(got) != 2 {
		t.Errorf("%d messages, want ours beside the other bot's", len(got))
	}
}

func TestASlackThatDoesNotAnswerIsGivenUp(t *testing.T) {
	r := newRig(t, nil)
	r.slack.fail("chat.postMessage", fault{block: true})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		r.slack.until(t, "the call", func() bool { return r.slack.called("chat.postMessage") == 1 })
		cancel()
	}()
	if _, err := r.Send(ctx, delivery("hello", 1)); err == nil {
		t.Error("Send = nil, want an error")
	}
	if id, err := r.Send(t.Context(), delivery("hello", 2)); err != nil || len(r.slack.visible()) != 1 {
		t.Errorf("Send = %q, %v with %d messages, want one", id, err, len(r.slack.visible()))
	}
}
