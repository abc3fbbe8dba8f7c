package slack

import (
	"reflect"
	"strings"
	"testing"
)

func TestEachKindOfEventIsTakenAsItIsMeant(t *testing.T) {
	for _, c := range []struct {
		events []string
		last   string   // what became of the last one
		texts  []string // stored, with their threads
	}{
		{[]string{"message_im"}, wasStored, []string{"D024BE91L How do I return an order?"}},
		{[]string{"message_assistant"}, wasStored, []string{"D024BE91L/1763807450.000200 Where is my parcel & when does it come?"}},
		{[]string{"mention_message"}, wasStored, []string{"C0LAN2Q65/1763807500.000400 do you ship to Switzerland (https://example.com/ch)?"}},
		{[]string{"app_mention"}, wasStored, []string{"C0LAN2Q65/1763807500.000400 do you ship to Switzerland (https://example.com/ch)?"}},
		{[]string{"mention_message", "app_mention"}, wasRepeat, []string{"C0LAN2Q65/1763807500.000400 do you ship to Switzerland (https://example.com/ch)?"}},
		{[]string{"message_im", "message_im"}, wasRepeat, []string{"D024BE91L How do I return an order?"}},
		{[]string{"app_mention", "thread_reply"}, wasStored, []string{"C0LAN2Q65/1763807500.000400 do you ship to Switzerland (https://example.com/ch)?",
			"C0LAN2Q65/1763807500.000400 And how long does it take?"}},
		{[]string{"thread_reply"}, wasNotAddressed, nil},
		{[]string{"channel_talk"}, wasNotAddressed, nil},
		{[]string{"own_message"}, wasOwn, nil},
		{[]string{"other_bot"}, wasBot, nil},
		{[]string{"other_workspace"}, wasOtherTeam, nil},
		{[]string{"file_share"}, wasStored, []string{"D024BE91L "}},
		{[]string{"assistant_thread_started"}, wasOpened, nil},
		{[]string{"message_changed"}, wasStored, []string{"D024BE91L How do I return a gift?"}},
		{[]string{"message_changed", "message_im"}, wasConflict, []string{"D024BE91L How do I return a gift?"}},
		{[]string{"message_im", "message_changed"}, wasEdit, []string{"D024BE91L How do I return an order?"}},
		{[]string{"message_deleted"}, wasDeletion, nil},
	} {
		t.Run(strings.Join(c.events, " then "), func(t *testing.T) {
			r := newRig(t, nil)
			for _, name := range c.events {
				if code := r.deliver(t, "/slack/events", recorded(t, name)); code != 200 {
					t.Fatalf("status of %s = %d, want 200", name, code)
				}
			}
			if got := r.last(); got != c.last {
				t.Errorf("the last became %q, want %q", got, c.last)
			}
			if got := r.engine.texts(); !reflect.DeepEqual(got, c.texts) {
				t.Errorf("stored %q, want %q", got, c.texts)
			}
			for _, in := range r.engine.received {
				if in.Account != testTeam || in.Channel != Channel || in.Sender == "" || in.ExternalID == "" {
					t.Errorf("stored %+v, want account, channel, sender and id", in)
				}
			}
		})
	}
}

func TestEventsAreTakenBeforeSlackCouldBeAsked(t *testing.T) {
	r := newRig(t, nil)
	r.me.Store(nil)
	for _, name := range []string{"message_im", "mention_message", "own_message", "other_bot"} {
		if code := r.deliver(t, "/slack/events", recorded(t, name)); code != 200 {
			t.Errorf("status of %s = %d, want 200", name, code)
		}
	}
	if got := r.engine.texts(); len(got) != 2 {
		t.Errorf("stored %q, want the two that customers wrote", got)
	}
}

func TestEditsAndDeletionsAreNotedForStaff(t *testing.T) {
	r := newRig(t, nil)
	for _, name := range []string{"message_im", "message_changed", "message_changed", "message_deleted"} {
		if code := r.deliver(t, "/slack/events", recorded(t, name)); code != 200 {
			t.Fatalf("status of %s = %d, want 200", name, code)
		}
	}
	want := []string{
		"conversation-1 Slack: The customer changed an earlier message on Slack. It now reads:\nHow do I return a gift?",
		"conversation-1 Slack: The customer deleted a message on Slack that they sent on 22 November 2025, 10:30 UTC.",
	}
	if !reflect.DeepEqual(r.engine.notes, want) {
		t.Errorf("notes %q, want %q", r.engine.notes, want)
	}
	if got := r.engine.texts(); len(got) != 1 {
		t.Errorf("stored %q, want the first wording alone", got)
	}
	stone := strings.NewReplacer("Ev0PV52K29", "Ev0PV52K97", `"message":{"client_msg_id":"8dcf","type":"message","text":"How do I return a gift?","user":"U061F7AUR"`,
		`"message":{"type":"message","subtype":"tombstone","text":"This message was deleted.","user":"USLACKBOT"`, `"ts":"1763807400.000100"}`,
		`"ts":"1763807400.000100","thread_ts":"1763807400.000100"}`).Replace(recorded(t, "message_changed"))
	r.deliver(t, "/slack/events", stone)
	if len(r.engine.notes) != 3 || !strings.Contains(r.engine.notes[2], "deleted a message") {
		t.Errorf("notes %q after a message with answers was deleted, want that too", r.engine.notes)
	}
}

func TestAnUnfoldedLinkIsNoEdit(t *testing.T) {
	r := newRig(t, nil)
	r.deliver(t, "/slack/events", recorded(t, "message_im"))
	r.deliver(t, "/slack/events", strings.ReplaceAll(recorded(t, "message_changed"), "return a gift", "return an order"))
	if len(r.engine.notes) != 0 {
		t.Errorf("notes %q after a link was unfolded, want none", r.engine.notes)
	}
}

func TestWhatCannotBeTakenIsExplainedOnce(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"no file's id":       {strings.Replace(recorded(t, "file_share"), `"id":"F0S43PZDF"`, `"id":7`, 1), "up to 10"},
		"eleven files":       {strings.Replace(recorded(t, "file_share"), `"files":[`, `"files":[`+strings.Repeat(`{"id":"F0MORE"},`, 10), 1), "up to 10"},
		"a mention alone":    {strings.Replace(recorded(t, "app_mention"), " do you ship to <https://example.com/ch|Switzerland>?", "", 1), "Hello"},
		"an endless message": {strings.Replace(recorded(t, "message_im"), "How do I", strings.Repeat("long ", 2000), 1), "8000"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil)
			r.deliver(t, "/slack/events", c.body)
			again := strings.Replace(c.body, `"event_id":"Ev`, `"event_id":"EvAgain`, 1)
			r.deliver(t, "/slack/events", again)
			r.slack.until(t, "an explanation", func() bool { return len(r.slack.visible()) > 0 })
			r.tasks.close()
			got := r.slack.visible()
			if len(got) != 1 || !strings.Contains(got[0].Text, c.want) {
				t.Errorf("explained with %+v, want once %q", got, c.want)
			}
		})
	}
}

func TestAnAssistantThreadIsGivenQuestionsAndATitle(t *testing.T) {
	r := newRig(t, nil)
	r.deliver(t, "/slack/events", recorded(t, "assistant_thread_started"))
	r.slack.until(t, "suggested prompts", func() bool { return r.slack.called("assistant.threads.setSuggestedPrompts") == 1 })
	if f := r.slack.form("assistant.threads.setSuggestedPrompts"); f.Get("thread_ts") != "1763807450.000200" || !strings.Contains(f.Get("prompts"), "Talk to a person") {
		t.Errorf("prompts set with %v", f)
	}
	r.deliver(t, "/slack/events", recorded(t, "message_assistant"))
	r.slack.until(t, "the customer's name", func() bool {
		r.engine.mu.Lock()
		defer r.engine.mu.Unlock()
		return reflect.DeepEqual(r.engine.names, []string{"Ana Gómez"})
	})
	if f := r.slack.form("assistant.threads.setTitle"); f.Get("title") != "Where is my parcel & when does it come?" {
		t.Errorf("title set with %v", f)
	}
	r.slack.until(t, "a status", func() bool { return r.slack.form("assistant.threads.setStatus").Get("status") != "" })
}

func TestPlainIsWhatItsWriterSaw(t *testing.T) {
	for text, want := range map[string]string{
		"<@U0BOTUSER> hi":                        "hi",
		"hi <@U0BOTUSER|frontdesk>":              "hi",
		"<@U1> and <@U2|bob>":                    "@U1 and @bob",
		"<#C1|general> <#C2>":                    "#general #C2",
		"<!here> <!subteam^S1|@team> <!channel>": "@here @team @channel",
		"<https://a.example>":                    "https://a.example",
		"<http://a.example|a.example>":           "http://a.example",
		"<https://a.example/x|the page>":         "the page (https://a.example/x)",
		"<mailto:a@b.example|a@b.example>":       "a@b.example",
		"<!date^1392734382^{date}|Feb 18>":       "Feb 18",
		"a &lt; b &amp;&amp; c &gt; d &amp;lt;":  "a < b && c > d &lt;",
		"I paid 5 &gt; 3, <b>":                   "I paid 5 > 3, b",
	} {
		if got := plain(text, testBot); got != want {
			t.Errorf("plain(%q) = %q, want %q", text, got, want)
		}
	}
}
