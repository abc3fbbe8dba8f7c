package conversationdb_test

import (
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/migrations/dbtest"
)

func TestAThreadIsMadeOnceAndThenFound(t *testing.T) {
	store := conversationdb.New(dbtest.New(t))
	in := conversation.Inbound{Channel: "fake", Account: "a", Thread: "7", Sender: "u"}
	ids := make(chan string, 8)
	var wg sync.WaitGroup
	for range cap(ids) {
		wg.Go(func() {
			id, err := store.EnsureThread(t.Context(), in)
			if err != nil {
				t.Errorf("EnsureThread = %v", err)
			}
			ids <- id
		})
	}
	wg.Wait()
	close(ids)
	first := <-ids
	for id := range ids {
		if id != first {
			t.Errorf("EnsureThread = %s and %s, want one conversation", first, id)
		}
	}
	in.ExternalID, in.Text = "1", "Hello"
	r, err := store.Receive(t.Context(), in, conversation.Gather{Quiet: time.Second, Most: time.Second})
	if err != nil || r.Conversation != first || r.Seq != 1 {
		t.Errorf("Receive = %+v, %v, want the first message of %s", r, err, first)
	}
}

func TestAMovedThreadTakesItsTopicsAlong(t *testing.T) {
	store := conversationdb.New(dbtest.New(t))
	id := func(thread string) string {
		t.Helper()
		id, err := store.EnsureThread(t.Context(), conversation.Inbound{Channel: "fake", Account: "a", Thread: thread, Sender: "u"})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	chat, topic, longer, taken := id("-1"), id("-1/5"), id("-12"), id("-9/6")
	stays := id("-1/6") // its new name is taken
	for range 2 {
		if err := store.MoveThread(t.Context(), "fake", "a", "-1", "-9"); err != nil {
			t.Fatal(err)
		}
	}
	for thread, want := range map[string]string{"-9": chat, "-9/5": topic, "-12": longer, "-9/6": taken, "-1/6": stays} {
		if got := id(thread); got != want {
			t.Errorf("thread %s is conversation %s, want %s", thread, got, want)
		}
	}
}
