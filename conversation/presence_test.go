package conversation

import (
	"testing"
	"time"
)

func TestPresenceEndsWithoutAnotherSign(t *testing.T) {
	var p presence
	now := time.Unix(1000, 0)
	ev := Event{Conversation: "c", Staff: "s", Name: "Ana", Typing: TypingReply}
	if !p.look(ev, now) || p.look(ev, now.Add(PresenceEvery)) {
		t.Error("look = not news at first, or news the second time; want it the other way round")
	}
	if got := p.at("c", now.Add(PresenceEvery+PresenceFor-1)); len(got) != 1 || got[0].Typing != TypingReply {
		t.Errorf("at = %+v, want Ana typing", got)
	}
	over := now.Add(PresenceEvery + PresenceFor)
	if got := p.at("c", over); len(got) != 0 {
		t.Errorf("at = %+v, want nobody any more", got)
	}
	if got := p.fade(over); len(got) != 1 || len(p.in) != 0 {
		t.Errorf("fade = %v leaving %d, want the conversation told and forgotten", got, len(p.in))
	}
}

func TestPresenceIsBounded(t *testing.T) {
	var p presence
	now := time.Unix(1000, 0)
	for i := range maxPresent + 10 {
		p.look(Event{Conversation: "c", Staff: string(rune('a' + i))}, now)
	}
	if got := len(p.at("c", now)); got != maxPresent {
		t.Errorf("%d at one conversation, want %d", got, maxPresent)
	}
}

func TestCannedVariablesAreFilledOnce(t *testing.T) {
	got, missing := fillVariables("{{a}}{{ B }}{{c}}{{c}} {{", map[string]string{"a": "{{b}}", "b": "x"})
	if got != "{{b}}x {{" || len(missing) != 1 || missing[0] != "c" {
		t.Errorf("fillVariables = %q missing %v, want {{b}}x {{ missing c", got, missing)
	}
}
