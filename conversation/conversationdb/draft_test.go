package conversationdb_test

import (
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/migrations/dbtest"
)

func TestADraftOnAnotherReplicaOutlivesANoteAndEndsWithItsAnswer(t *testing.T) {
	url := dbtest.URL(t)
	m := &model{reply: says("Yes, within thirty days [1]."), started: make(chan string, 1), gate: make(chan struct{})}
	a, b := replica(t, url, m), replica(t, url, m)
	acquainted(t, a, b)
	acquainted(t, b, a)

	id := a.open(t)
	watch := b.Subscribe(id)
	defer watch.Close()
	a.write(t, id, "1", "Could I send it back?")
	<-m.started
	hear(t, watch, kind(conversation.EventDelta))
	turn, text := b.Draft(id)
	if turn == "" || text == "" {
		t.Fatalf("Draft = %q %q, want what was heard of the answer", turn, text)
	}
	if _, err := a.Note(t.Context(), id, conversation.Actor{Name: "Ana"}, "looks fine so far"); err != nil {
		t.Fatal(err)
	}
	hear(t, watch, kind(conversation.EventMessage)) // the hint
	if now, _ := b.Draft(id); now != turn {
		t.Errorf("Draft after a note = turn %q, want %q", now, turn)
	}
	close(m.gate)
	a.until(t, id, last(conversation.AuthorBot))
	for deadline := time.Now().Add(20 * time.Second); turn != ""; time.Sleep(10 * time.Millisecond) {
		if turn, text = b.Draft(id); turn != "" && time.Now().After(deadline) {
			t.Fatalf("Draft after the answer = %q %q, want none", turn, text)
		}
	}
}
