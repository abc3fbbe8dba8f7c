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
