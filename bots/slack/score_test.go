package slack

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"frontdesk/conversation"
)

func closed() conversation.Message {
	m := conversation.Message{Conversation: "conversation-1", Seq: 2, Author: conversation.AuthorSystem, Text: "Closed. Rate it."}
	for n := range conversation.MostScore {
		m.Options = append(m.Options, conversation.Option{Text: strconv.Itoa(n + 1), Value: "score"})
	}
	return m
}

func TestWhatClosesAConversationAsksForAScore(t *testing.T) {
	raw, err := json.Marshal(compose(closed())[0].blocks())
	if err != nil {
		t.Fatal(err)
	}
	for n := range conversation.MostScore {
		if want := `"action_id":"` + actionScore + strconv.Itoa(n+1) + `"`; strings.Count(string(raw), want) != 1 {
			t.Errorf("blocks = %s, want one button %s", raw, want)
		}
	}
	if strings.Contains(string(raw), actionPerson) {
		t.Errorf("blocks = %s, want no other buttons", raw)
	}
	for _, p := range deskPosts(closed(), "") {
		if raw, err := json.Marshal(p.blocks()); err != nil || strings.Contains(string(raw), actionScore) || strings.Contains(p.whole(), "1. 1") {
			t.Errorf("staff see %s, %v, want no buttons", raw, err)
		}
	}
}

func TestOnlyTheCustomerRatesAndMayChangeTheirMind(t *testing.T) {
	r := newRig(t, nil)
	r.deliver(t, "/slack/events", recorded(t, "message_im"))
	press := func(button, at string, changes ...string) string {
		t.Helper()
		click := strings.NewReplacer(append([]string{actionUnhelpful, button, `"action_ts":"1763807620.001300"`, `"action_ts":"17638076` + at + `.001300"`}, changes...)...)
		if code := r.clickOn(t, click.Replace(recorded(t, "block_actions"))); code != 200 {
			t.Errorf("press %s: status %d, want 200", button, code)
		}
		return r.last()
	}
	whispers := 0
	for _, c := range []struct{ score, at, says string }{{"2", "20", "★★☆☆☆ ✓"}, {"5", "21", "★★★★★ ✓"}} {
		if got := press(actionScore+c.score, c.at); got != wasClick {
			t.Errorf("press %s = %s, want %s", c.score, got, wasClick)
		}
		whispers++
		r.slack.until(t, "an answer", func() bool { return r.slack.called("chat.postEphemeral") == whispers })
		if got := r.slack.form("chat.postEphemeral").Get("text"); got != c.says {
			t.Errorf("answer = %q, want %q", got, c.says)
		}
	}
	if got := press(actionScore+"1", "22", `"user":{"id":"U061F7AUR"`, `"user":{"id":"U0ANOTHER"`); got != wasNotAddressed {
		t.Errorf("another's press = %s, want %s", got, wasNotAddressed)
	}
	r.slack.until(t, "a refusal", func() bool { return r.slack.called("chat.postEphemeral") == whispers+1 })
	if got := r.slack.form("chat.postEphemeral"); got.Get("text") != packs["en"].Others || got.Get("user") != "U0ANOTHER" {
		t.Errorf("answer = %v, want that it is another's", got)
	}
	for _, button := range []string{actionScore + "0", actionScore + "6", actionScore + "x", actionScore} {
		if got := press(button, "23"); got != wasOtherKind {
			t.Errorf("press %s = %s, want %s", button, got, wasOtherKind)
		}
	}
	for value, want := range map[string]string{"9": wasNotAddressed, "-2": wasIncomplete, "2 OR 1": wasIncomplete} {
		if got := press(actionScore+"3", "24", `"value":"2"`, `"value":"`+value+`"`); got != want {
			t.Errorf("press with value %q = %s, want %s", value, got, want)
		}
	}
	if want := []string{"conversation-1 T061EG9R6 2", "conversation-1 T061EG9R6 5"}; !reflect.DeepEqual(r.engine.scores, want) {
		t.Errorf("scores = %q, want %q", r.engine.scores, want)
	}
}
