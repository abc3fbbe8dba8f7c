package conversationdb_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"

	"frontdesk/conversation/conversationdb"
)

// platform is a channel that refuses at random and notes what it was given.
type platform struct {
	mu   sync.Mutex // guards got
	got  map[string][]int64
	done chan struct{} // gets a value for each message taken
}

func (p *platform) Send(_ context.Context, d conversation.Delivery) (string, error) {
	if d.Message.Text == "never" {
		return "", &conversation.SendError{Permanent: true, Err: errors.New("blocked")}
	}
	if rand.IntN(3) == 0 {
		return "", errors.New("try again")
	}
	p.mu.Lock()
	p.got[d.Thread] = append(p.got[d.Thread], d.Message.Seq)
	p.mu.Unlock()
	p.done <- struct{}{}
	return fmt.Sprint("ext-", d.Message.Seq), nil
}

func TestDeliveriesKeepTheirOrderWhateverFails(t *testing.T) {
	url := dbtest.URL(t)
	store := conversationdb.New(dbtest.Connect(t, url))
	e, err := conversation.New(conversation.Config{Poll: 20 * time.Millisecond, Backoff: time.Millisecond}, conversation.Deps{
		Store: store, Finder: passages{}, Counter: tokens.For(""),
	})
	if err != nil {
		t.Fatal(err)
	}
	const threads, messages = 5, 6
	p := &platform{got: map[string][]int64{}, done: make(chan struct{}, threads*messages*2)}
	ana := conversation.Actor{StaffID: "00000000-0000-4000-8000-000000000001", Name: "Ana"}
	for k := range threads {
		r, err := e.Receive(t.Context(), conversation.Inbound{
			Channel: "fake", Account: "a", Thread: fmt.Sprint(k), Sender: fmt.Sprint("u", k), ExternalID: "1", Text: "Hello",
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range messages {
			text := fmt.Sprint("reply ", i)
			if i == 2 {
				text = "never"
			}
			if _, err := e.Reply(t.Context(), r.Conversation, ana, text, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 2 { // two replicas share the work
		wg.Go(func() {
			conversation.NewCourier(e, store, map[string]conversation.Sender{"fake": p}).Run(ctx)
		})
	}
	for range threads * messages { // "joined" comes on top, "never" does not come
		select {
		case <-p.done:
		case <-time.After(60 * time.Second):
			t.Fatalf("delivered only %v", p.got)
		}
	}
	cancel()
	wg.Wait()
	for thread, seqs := range p.got {
		if len(seqs) != messages {
			t.Errorf("thread %s got %v, want %d messages", thread, seqs, messages)
		}
		for i := 1; i < len(seqs); i++ {
			if seqs[i] <= seqs[i-1] {
				t.Errorf("thread %s got %v, want them in order and once", thread, seqs)
			}
		}
	}
}

func TestPlatformRepeatFindsItsConversation(t *testing.T) {
	d := run(t, dbtest.URL(t), passages{returns}, nil)
	in := conversation.Inbound{Channel: "fake", Account: "a", Thread: "t", Sender: "u", ExternalID: "e1", Text: "Can I return it?"}
	first := make(chan conversation.Receipt, 8)
	var wg sync.WaitGroup
	for range cap(first) {
		wg.Go(func() {
			r, err := d.Receive(t.Context(), in)
			if err != nil {
				t.Errorf("Receive = %v", err)
			}
			first <- r
		})
	}
	wg.Wait()
	close(first)
	news, ids := 0, map[string]bool{}
	for r := range first {
		ids[r.Conversation] = true
		if !r.Repeat {
			news++
		}
	}
	if news != 1 || len(ids) != 1 {
		t.Errorf("%d stored in conversations %v, want 1 in 1", news, ids)
	}
}
