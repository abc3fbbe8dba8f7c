package slack

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
)

func (r *rig) clickOn(t testing.TB, payload string) int {
	t.Helper()
	return r.deliver(t, "/slack/interactions", "payload="+url.QueryEscape(payload))
}

func TestButtonsActOnTheConversationOfTheirThread(t *testing.T) {
	r := newRig(t, nil)
	r.deliver(t, "/slack/events", recorded(t, "message_im"))
	click := recorded(t, "block_actions")
	for _, payload := range []string{
		click,
		strings.Replace(click, actionUnhelpful, actionHelpful, 1),
		// From another company, in a shared channel.
		strings.NewReplacer(actionUnhelpful, actionPerson, `"team":{"id":"T061EG9R6"`, `"team":{"id":"T0PARTNER"`).Replace(click),
	} {
		if code := r.clickOn(t, payload); code != 200 || r.last() != wasClick {
			t.Errorf("status %d, %s, want 200, %s", code, r.last(), wasClick)
		}
	}
	if want := []string{"conversation-1 2 false", "conversation-1 2 true"}; !reflect.DeepEqual(r.engine.thumbs, want) {
		t.Errorf("thumbs %q, want %q", r.engine.thumbs, want)
	}
	if want := []string{"conversation-1 asked_for_person"}; !reflect.DeepEqual(r.engine.handoffs, want) {
		t.Errorf("handoffs %q, want %q", r.engine.handoffs, want)
	}
	r.slack.until(t, "thanks for the thumb up", func() bool { return r.slack.called("chat.postEphemeral") == 1 })
}

func TestAClickProvesNothingButItsPlace(t *testing.T) {
	click := recorded(t, "block_actions")
	for name, c := range map[string]struct{ from, to string }{
		"another channel":      {`"channel_id":"D024BE91L"`, `"channel_id":"D0STRANGE"`},
		"another thread":       {`"channel_id":"D024BE91L"`, `"channel_id":"D024BE91L","thread_ts":"1.2"`},
		"no message of ours":   {`"value":"2"`, `"value":"1"`},
		"a value of no number": {`"value":"2"`, `"value":"2;drop"`},
		"an unknown button":    {actionUnhelpful, "delete_everything"},
		"no user":              {`"user":{"id":"U061F7AUR"`, `"user":{"id":""`},
		"no button":            {`"actions":[`, `"actions":[],"more":[`},
		"a modal":              {`"type":"block_actions"`, `"type":"view_submission"`},
		"a thread of no form":  {`"channel_id":"D024BE91L"`, `"channel_id":"D024BE91L","thread_ts":"x"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil)
			r.deliver(t, "/slack/events", recorded(t, "message_im"))
			payload := strings.Replace(click, c.from, c.to, 1)
			if payload == click {
				t.Fatal("the payload was not changed")
			}
			if code := r.clickOn(t, payload); code != 200 || r.last() == wasClick {
				t.Errorf("status %d, %s, want 200 and nothing done", code, r.last())
			}
			if len(r.engine.thumbs)+len(r.engine.handoffs) > 0 {
				t.Errorf("thumbs %q, handoffs %q, want none", r.engine.thumbs, r.engine.handoffs)
			}
		})
	}
}
