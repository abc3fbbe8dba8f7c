package conversation

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestANotesMarkIsTakenOffAndNothingElse(t *testing.T) {
	for text, want := range map[string]struct {
		note string
		is   bool
	}{
		"// she called": {"she called", true}, "//she called": {"she called", true}, "  NOTE: hm": {"hm", true}, "note:": {"", true},
		"noted: yes": {"noted: yes", false}, "see https://x.example//y": {"see https://x.example//y", false}, "/take": {"/take", false}, "": {"", false},
	} {
		if note, is := noteOf(text); note != want.note || is != want.is {
			t.Errorf("noteOf(%q) = %q, %v, want %q, %v", text, note, is, want.note, want.is)
		}
	}
}

func TestABriefSaysWhatIsKnownWithinBounds(t *testing.T) {
	c := DeskCase{
		State:    State{Owner: OwnerQueue, Channel: "telegram", WaitingSince: time.Date(2026, 3, 1, 14, 5, 0, 0, time.UTC)},
		Customer: "Cleo\n<!channel>", Reason: ReasonModelTool, Question: strings.Repeat("why? ", 1000), Summary: "Wants a refund.",
		Passages: []string{"One", "Two", "Three", "Four"},
	}
	if got := c.Status(); got != "Waits for a person since 1 March, 14:05 UTC" {
		t.Errorf("Status() = %q", got)
	}
	var all []string
	for _, l := range c.Lines() {
		if strings.Contains(l.Text, "\n") || utf8.RuneCountInString(l.Text) > maxBriefText {
			t.Errorf("%s has %d characters, want one line of at most %d", l.Label, utf8.RuneCountInString(l.Text), maxBriefText)
		}
		all = append(all, l.Label+": "+l.Text)
	}
	said := strings.Join(all, "\n")
	for _, want := range []string{"Why: The assistant asked for a person.", "In short: Wants a refund.", "Last question: why? why?", "Tried: One · Two · Three\n", "Channel: telegram"} {
		if !strings.Contains(said, want) {
			t.Errorf("the brief says %q, want %q in it", said, want)
		}
	}
	if n := utf8.RuneCountInString(c.Title()); n > 128+maxBriefTitle || strings.Contains(c.Title(), "\n") {
		t.Errorf("Title() = %q, want one short line", c.Title())
	}
}

func TestEveryChangeThatABriefShowsIsNoticed(t *testing.T) {
	base := DeskCase{State: State{Owner: OwnerQueue, Status: StatusOpen}}
	for name, change := range map[string]func(*State){
		"owner":  func(s *State) { s.Owner = OwnerBot },
		"holder": func(s *State) { s.Owner, s.StaffName = OwnerStaff, "Ana" },
		"closed": func(s *State) { s.Status = StatusResolved },
		"waits":  func(s *State) { s.WaitingSince = time.Unix(5, 0) },
	} {
		c := base
		if change(&c.State); c.shows() == base.shows() || c.Status() == base.Status() {
			t.Errorf("%s: shows %q, status %q, want both to change", name, c.shows(), c.Status())
		}
	}
	c := base
	if c.State.Seq, c.State.Epoch = 9, 9; c.shows() != base.shows() {
		t.Errorf("a message alone changes the brief to %q, want it left", c.shows())
	}
}
