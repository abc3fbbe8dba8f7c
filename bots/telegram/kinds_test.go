package telegram

import (
	"context"
	"slices"
	"strings"
	"testing"

	"frontdesk/conversation"
)

// listener is a desk that notes what it hears.
type listener struct{ voices []string }

func (l *listener) hear(what string, v conversation.DeskVoice) {
	l.voices = append(l.voices, what+" "+v.Sender+" in "+v.Thread+": "+v.Text)
}

func (l *listener) Said(_ context.Context, v conversation.DeskVoice) (conversation.DeskReply, error) {
	l.hear("said", v)
	return conversation.DeskReply{}, nil
}

func (l *listener) Edited(_ context.Context, v conversation.DeskVoice) (conversation.DeskReply, error) {
	l.hear("edited", v)
	return conversation.DeskReply{}, nil
}

func (l *listener) Noticed(context.Context, string, string) (bool, error) { return true, nil }

func (l *listener) Press(_ context.Context, v conversation.DeskVoice, a conversation.DeskAction, _ string) (string, error) {
	l.hear(string(a), v)
	return "", nil
}

func TestTheRarerKindsOfUpdatesAreTakenAsTheyAreMeant(t *testing.T) {
	desk, e := &listener{}, newFakeEngine()
	var seen []string
	b := withMe(t, newBot(t, newPlatform(t), e, func(c *Config) {
		c.StaffChat, c.Desk, c.Observe = staffChat, desk, func(o string) { seen = append(seen, o) }
	}))
	for _, c := range []struct{ update, outcome, heard string }{
		{"edited_business", "edited", ""},
		{"migrate_from", "group_moved", ""},
		{"staff_topic_created", "staff_ignored", ""},
		{"staff_topic", "staff", "said 71 in 60: It left today."},
		{"staff_callback", "staff_button", "take 71 in 60: "},
	} {
		outcomes, voices := len(seen), len(desk.voices)
		if err := b.handle(t.Context(), payload(t, c.update)); err != nil {
			t.Errorf("%s: %v", c.update, err)
		}
		if got := strings.Join(seen[outcomes:], " "); got != c.outcome {
			t.Errorf("%s counted as %q, want %q", c.update, got, c.outcome)
		}
		if got := strings.Join(desk.voices[voices:], " and "); got != c.heard {
			t.Errorf("the desk heard of %s %q, want %q", c.update, got, c.heard)
		}
	}
	if in := e.received(); len(in) != 0 || slices.Contains(seen, "panic") {
		t.Errorf("received %+v, counted %v, want nothing stored for customers", in, seen)
	}
}
