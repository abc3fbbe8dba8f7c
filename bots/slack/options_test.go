package slack

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"frontdesk/conversation"
)

var question = conversation.Message{
	Conversation: "conversation-1", Seq: 2, Author: conversation.AuthorBot, Text: "Which of these do you mean?",
	Options: []conversation.Option{{Text: "Returns :smile: <b>", Value: "p1"}, {Text: strings.Repeat("🙂", 80), Value: "p2"}, {Text: "Something else"}},
}

func TestOptionsAreButtonsOfTheirOwn(t *testing.T) {
	posts := compose(question)
	if len(posts) != 1 {
		t.Fatalf("compose = %d posts, want 1", len(posts))
	}
	raw, err := json.Marshal(posts[0].blocks())
	if err != nil {
		t.Fatal(err)
	}
	var blocks []struct {
		Type     string
		Elements []struct {
			ActionID string `json:"action_id"`
			Value    string
			Text     struct {
				Type, Text string
				Emoji      *bool
			}
		}
	}
	if err := json.Unmarshal(raw, &blocks); err != nil {
		t.Fatal(err)
	}
	var buttons []string
	for _, b := range blocks {
		for i, e := range b.Elements {
			if b.Type != "actions" {
				continue
			}
			buttons = append(buttons, e.ActionID)
			if option, ok := optionOf(e.ActionID); ok && (option != i || e.Value != "2" || units(e.Text.Text) > maxButton || e.Text.Emoji != nil && *e.Text.Emoji) {
				t.Errorf("button %+v, want option %d of message 2 within %d units and no emoji made of colons", e, i, maxButton)
			}
		}
	}
	if got, want := strings.Join(buttons, " "), actionOption+"0 "+actionOption+"1 "+actionOption+"2 "+actionPerson; got != want {
		t.Errorf("buttons %s, want %s: a question of ours is not judged", got, want)
	}
	if got := posts[0].whole(); !strings.Contains(got, "\n1. Returns :smile: &lt;b&gt;\n2. ") || !strings.HasSuffix(got, "3. Something else") {
		t.Errorf("without blocks: %q, want the options numbered", got)
	}
}

func TestPressedOptionIsTheClickersMessage(t *testing.T) {
	r := newRig(t, nil)
	r.deliver(t, "/slack/events", recorded(t, "message_im"))
	click := strings.Replace(recorded(t, "block_actions"), actionUnhelpful, actionOption+"1", 1)
	for i, want := range []string{wasClick, wasRepeat} {
		if code := r.clickOn(t, strings.Replace(click, `"action_ts":"1763807620.001300"`, `"action_ts":"17638076`+strconv.Itoa(20+i)+`.001300"`, 1)); code != 200 || r.last() != want {
			t.Errorf("press %d: status %d, %s, want 200, %s", i+1, code, r.last(), want)
		}
	}
	if got := r.engine.received; len(got) != 2 || got[1].Text != "option 1" || got[1].Sender != "U061F7AUR" || got[1].Conversation != "conversation-1" || got[1].Account != got[0].Account || got[1].Thread != got[0].Thread {
		t.Errorf("received %+v, want the option once, of who pressed it, where they did", got)
	}
	for name, c := range map[string]struct{ from, to string }{
		"no such option":     {actionOption + "1", actionOption + "3"},
		"an option beyond":   {actionOption + "1", actionOption + "4"},
		"no number":          {actionOption + "1", actionOption + "x"},
		"no message":         {`"value":"2"`, `"value":"-2"`},
		"another's message":  {`"value":"2"`, `"value":"9"`},
		"a strange channel":  {`"channel_id":"D024BE91L"`, `"channel_id":"D0STRANGE"`},
		"nobody's finger":    {`"user":{"id":"U061F7AUR"`, `"user":{"id":""`},
		"a value of letters": {`"value":"2"`, `"value":"2 OR 1"`},
	} {
		if code := r.clickOn(t, strings.Replace(click, c.from, c.to, 1)); code != 200 || r.last() == wasClick || len(r.engine.received) != 2 {
			t.Errorf("%s: status %d, %s, %d messages, want 200 and nothing stored", name, code, r.last(), len(r.engine.received))
		}
	}
}
