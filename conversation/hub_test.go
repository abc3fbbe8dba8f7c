package conversation

import (
	"fmt"
	"slices"
	"testing"
)

func TestDeltasOfOneTurnAreJoinedWhateverComesBetween(t *testing.T) {
	h := NewHub()
	s := h.Subscribe("")
	defer s.Close()
	for i := range 100 {
		for _, id := range []string{"a", "b"} {
			h.Publish(Event{Kind: EventDelta, Conversation: id, Turn: "turn-" + id, Text: fmt.Sprint(i, " ")})
		}
	}
	if got := s.Take(); len(got) != 2 || len(got[0].Text) != len(got[1].Text) || got[0].Text[:4] != "0 1 " {
		t.Errorf("Take() = %d events, want one delta for each turn", len(got))
	}
}

func TestAWatcherThatTakesNothingCostsNoMoreThanItsBound(t *testing.T) {
	h := NewHub()
	slow, bare := h.Subscribe(""), h.subscribeBare()
	defer slow.Close()
	defer bare.Close()
	for i := range 10 * maxPending {
		id := fmt.Sprint(i)
		h.Publish(Event{Kind: EventDelta, Conversation: id, Turn: id, Text: "Yes"})
		h.Publish(Event{Kind: EventMessage, Conversation: id, Message: &Message{Conversation: id, Seq: 1, Turn: id}})
		if n := len(slow.pending); n > maxPending {
			t.Fatalf("%d events wait, want at most %d", n, maxPending)
		}
	}
	if !slow.Lost() {
		t.Error("Lost() = false, want a watcher told that it missed something")
	}
	if len(bare.pending) != 0 {
		t.Errorf("a bare watcher keeps %d events", len(bare.pending))
	}
	<-bare.C()
}

func TestAnOlderStateDoesNotStandForANewerOne(t *testing.T) {
	older, newer := State{Conversation: "c", Owner: OwnerBot, Epoch: 4}, State{Conversation: "c", Owner: OwnerStaff, Epoch: 5}
	for name, c := range map[string]struct {
		told []*State
		want *State // nil: it is to be read
	}{
		"in order":                    {[]*State{&older, &newer}, &newer},
		"the older last":              {[]*State{&newer, &older}, &newer},
		"changed elsewhere meanwhile": {[]*State{&newer, nil}, nil},
		"one known from elsewhere":    {[]*State{nil, &older}, nil},
	} {
		h := NewHub()
		for _, s := range []*Subscription{h.Subscribe("c"), h.Subscribe("")} {
			for _, st := range c.told {
				h.Publish(Event{Kind: EventState, Conversation: "c", State: st})
			}
			if got := s.Take(); len(got) != 1 || got[0].State != c.want {
				t.Errorf("%s: %+v, want one state, %+v", name, got, c.want)
			}
			s.Close()
		}
	}
}

func TestNothingOfASilencedAnswerIsHeardAgain(t *testing.T) {
	h := NewHub()
	s := h.Subscribe("a")
	defer s.Close()
	h.Publish(Event{Kind: EventDelta, Conversation: "a", Turn: "1", Text: "Half an"})
	h.Silence("a")
	h.Publish(Event{Kind: EventDelta, Conversation: "a", Turn: "1", Text: " answer"})
	got := s.Take()
	if len(got) != 1 || got[0].Kind != EventDiscard || got[0].Turn != "1" {
		t.Errorf("Take() = %+v, want the answer's withdrawal alone", got)
	}
	h.Publish(Event{Kind: EventDelta, Conversation: "a", Turn: "2", Text: "Whole"})
	late := h.Subscribe("a")
	defer late.Close()
	if got := late.Take(); len(got) != 1 || got[0].Text != "Whole" {
		t.Errorf("a late watcher hears %+v, want what there is of the new answer", got)
	}
}

func TestWorkersSleepWhileAnAnswerIsBeingWritten(t *testing.T) {
	h := NewHub()
	bare := h.subscribeBare()
	defer bare.Close()
	woken := func() bool {
		select {
		case <-bare.C():
			return true
		default:
			return false
		}
	}
	for _, k := range []EventKind{EventDelta, EventDiscard, EventTyping} {
		if h.Publish(Event{Kind: k, Conversation: "a", Turn: "t", Text: "Yes"}); woken() {
			t.Errorf("%s woke a worker, want it left asleep", k)
		}
	}
	for _, k := range []EventKind{EventMessage, EventState} {
		if h.Publish(Event{Kind: k, Conversation: "a"}); !woken() {
			t.Errorf("%s woke no worker", k)
		}
	}
}

// A piece that another replica sent before it heard of the change comes after it.
func TestNoPieceOfAnOutdatedAnswerIsShown(t *testing.T) {
	h := NewHub()
	customer, staff := h.Subscribe("a"), h.Subscribe("")
	defer customer.Close()
	defer staff.Close()
	piece := func(turn string, epoch int64) {
		h.Publish(Event{Kind: EventDelta, Conversation: "a", Turn: turn, Epoch: epoch, Text: turn})
	}
	h.Outdate("a", 5)
	piece("late", 4)
	piece("new", 5)
	h.Outdate("a", 5) // heard again, from elsewhere
	for name, sub := range map[string]*Subscription{"customer": customer, "staff": staff} {
		if got := sub.Take(); len(got) != 1 || got[0].Turn != "new" {
			t.Errorf("the %s sees %+v, want only the answer begun at the epoch", name, got)
		}
	}
	h.Outdate("a", 6)
	piece("new", 5)
	for name, sub := range map[string]*Subscription{"customer": customer, "staff": staff} {
		if got := sub.Take(); len(got) != 1 || got[0].Kind != EventDiscard {
			t.Errorf("the %s sees %+v, want the answer withdrawn", name, got)
		}
	}
	for i := range 2 * maxOutdated {
		h.Outdate(string(rune(i+1)), 9)
	}
	if n := len(h.past.epochs); n > maxOutdated {
		t.Errorf("%d conversations are remembered, want %d at most", n, maxOutdated)
	}
}

func TestAPieceSaysWhereItBelongsAndTheDraftIsWhole(t *testing.T) {
	h := NewHub()
	all := h.Subscribe("")
	defer all.Close()
	var at []int
	for _, e := range []Event{
		{Kind: EventDelta, Turn: "1", Text: "añ🙂"}, {Kind: EventDelta, Turn: "1", Text: "b"},
		{Kind: EventDiscard, Turn: "1"}, {Kind: EventDelta, Turn: "1", Text: "again"}, {Kind: EventDelta, Turn: "2", Text: "new"}, {Kind: EventDelta, Turn: "2", Text: "er"},
	} {
		e.Conversation = "a"
		h.Publish(e)
		for _, got := range all.Take() {
			if got.Kind == EventDelta {
				at = append(at, got.At)
			}
		}
	}
	if want := []int{0, 4, 0, 0, 3}; !slices.Equal(at, want) {
		t.Errorf("pieces stand at %v, want %v", at, want)
	}
	if turn, text := h.Draft("a"); turn != "2" || text != "newer" {
		t.Errorf("Draft = %q %q, want the second turn's whole", turn, text)
	}
	h.Silence("a")
	if turn, _ := h.Draft("a"); turn != "" {
		t.Errorf("Draft of a silenced turn = %q, want none", turn)
	}
}

// What other replicas tell in the middle of an answer is not its end.
func TestOnlyItsEndOrANewerOneResetsADraft(t *testing.T) {
	h := NewHub()
	delta := func(turn string, epoch int64, text string, afar bool) {
		h.Publish(Event{Kind: EventDelta, Conversation: "a", Turn: turn, Epoch: epoch, Text: text, afar: afar})
	}
	delta("1", 3, "Half ", true)
	for _, e := range []Event{
		{Kind: EventMessage}, // a hint
		{Kind: EventState},
		{Kind: EventMessage, Message: &Message{Author: AuthorSystem, Note: true}},
		{Kind: EventMessage, Message: &Message{Author: AuthorStaff}},
		{Kind: EventMessage, Epoch: 2, Message: &Message{Author: AuthorBot, Turn: "0"}}, // late, of the turn before
		{Kind: EventDiscard, Turn: "0"},
		{Kind: EventAnswered, Turn: "0", Epoch: 2},
	} {
		e.Conversation = "a"
		h.Publish(e)
		if turn, text := h.Draft("a"); turn != "1" || text != "Half " {
			t.Fatalf("Draft after %+v = %q %q, want it untouched", e, turn, text)
		}
	}
	s := h.Subscribe("")
	defer s.Close()
	delta("1", 3, "of it", true)
	if got := s.Take(); len(got) != 1 || got[0].At != 5 {
		t.Errorf("Take() = %+v, want the second piece where the first ended", got)
	}
	for name, end := range map[string]Event{
		"its message":                  {Kind: EventMessage, Message: &Message{Author: AuthorBot, Turn: "1"}},
		"its end elsewhere":            {Kind: EventAnswered, Turn: "1", Epoch: 3},
		"its withdrawal":               {Kind: EventDiscard, Turn: "1"},
		"another's answer to the same": {Kind: EventAnswered, Turn: "2", Epoch: 3},
		"the same, made here":          {Kind: EventMessage, Epoch: 3, Message: &Message{Author: AuthorBot, Turn: "2"}},
	} {
		delta("1", 3, "Half ", true)
		end.Conversation = "a"
		h.Publish(end)
		if turn, _ := h.Draft("a"); turn != "" || len(h.conv) > 0 {
			t.Errorf("Draft after %s = turn %q, %d conversations kept; want none", name, turn, len(h.conv))
		}
	}
}

func TestAfterAGapOnlyAnswersWrittenElsewhereAreWithdrawn(t *testing.T) {
	h := NewHub()
	h.Publish(Event{Kind: EventDelta, Conversation: "here", Turn: "1", Text: "Half"})
	h.Publish(Event{Kind: EventDelta, Conversation: "there", Turn: "2", Text: "Half", afar: true})
	s := h.Subscribe("there")
	defer s.Close()
	s.Take()
	h.silenceAfar()
	if turn, text := h.Draft("here"); turn != "1" || text != "Half" {
		t.Errorf("Draft(here) = %q %q, want it untouched", turn, text)
	}
	if turn, _ := h.Draft("there"); turn != "" {
		t.Errorf("Draft(there) = turn %q, want none", turn)
	}
	if got := s.Take(); len(got) != 1 || got[0].Kind != EventDiscard {
		t.Errorf("Take() = %+v, want the half answer withdrawn", got)
	}
}
