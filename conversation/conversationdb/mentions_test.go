package conversationdb_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"
)

// office is an inbox with its engine and two colleagues.
type office struct {
	store *conversationdb.Store
	e     *conversation.Engine
	in    *conversation.Inbox
	ana   conversation.Actor
	bo    conversation.Actor
}

func newOffice(t *testing.T) office {
	t.Helper()
	pool := dbtest.New(t)
	d := office{store: conversationdb.New(pool)}
	var err error
	d.e, err = conversation.New(conversation.Config{Poll: 20 * time.Millisecond, Backoff: time.Millisecond},
		conversation.Deps{Store: d.store, Finder: passages{}, Counter: tokens.For("")})
	if err != nil {
		t.Fatal(err)
	}
	d.in = conversation.NewInbox(d.e, d.store)
	people := staff.New(conversationdb.NewStaffStore(pool), nil)
	for name, to := range map[string]*conversation.Actor{"ana": &d.ana, "bo": &d.bo} {
		a, err := people.Add(t.Context(), name+"@example.com", "correct horse battery", staff.RoleAgent)
		if err != nil {
			t.Fatal(err)
		}
		*to = conversation.Actor{StaffID: a.ID, Name: a.Name}
	}
	return d
}

func (d office) talk(t *testing.T, channel string) string {
	t.Helper()
	r, err := d.e.Receive(t.Context(), conversation.Inbound{Channel: channel, Account: "a", Thread: "1", Sender: "u", SenderName: "Mia", ExternalID: "1", Text: "Hello"})
	if err != nil {
		t.Fatal(err)
	}
	return r.Conversation
}

func TestANoteIsWrittenOnceAndTellsWhomItNames(t *testing.T) {
	d := newOffice(t)
	id := d.talk(t, "fake")
	sub := d.e.Subscribe("")
	defer sub.Close()
	note := conversation.NewNote{By: d.ana, Text: "@bo please look", ExternalID: "n1", Mentions: []string{d.bo.StaffID, d.ana.StaffID, knowledge.NewID()}}
	m, err := d.e.WriteNote(t.Context(), id, note)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := d.e.WriteNote(t.Context(), id, note); err != nil || again.Seq != m.Seq {
		t.Errorf("WriteNote() again = %d, %v, want %d", again.Seq, err, m.Seq)
	}
	told := 0
	for _, e := range sub.Take() {
		if e.Kind == conversation.EventMention {
			told++
			if e.Staff != d.bo.StaffID || e.Seq != m.Seq || e.Name != d.ana.Name {
				t.Errorf("told %+v, want Bo told of %d by Ana", e, m.Seq)
			}
		}
	}
	if told != 1 {
		t.Errorf("%d colleagues were told, want Bo alone and once", told)
	}
	other := note
	other.Text = "something else"
	if _, err := d.e.WriteNote(t.Context(), id, other); !errors.Is(err, conversation.ErrConflict) {
		t.Errorf("WriteNote(another text, same id) = %v, want ErrConflict", err)
	}
	if _, err := d.e.Reply(t.Context(), id, d.ana, "Hello", "n1"); !errors.Is(err, conversation.ErrConflict) {
		t.Errorf("Reply(id of a note) = %v, want ErrConflict", err)
	}
	list, unread, err := d.in.Mentions(t.Context(), d.bo.StaffID, 10)
	if err != nil || len(list) != 1 || unread != 1 || list[0].Seq != m.Seq || list[0].By.Name != d.ana.Name || list[0].Contact != "Mia" || list[0].Read {
		t.Fatalf("Mentions(Bo) = %+v, %d, %v, want the one note unread", list, unread, err)
	}
	if err := d.in.MarkRead(t.Context(), id, d.bo.StaffID, m.Seq-1); err != nil {
		t.Fatal(err)
	}
	if _, unread, err = d.in.Mentions(t.Context(), d.bo.StaffID, 10); err != nil || unread != 1 {
		t.Errorf("unread after reading what stands before = %d, %v, want 1", unread, err)
	}
	if err := d.in.MarkRead(t.Context(), id, d.bo.StaffID, m.Seq); err != nil {
		t.Fatal(err)
	}
	if list, unread, err = d.in.Mentions(t.Context(), d.bo.StaffID, 10); err != nil || unread != 0 || !list[0].Read {
		t.Errorf("Mentions(Bo) after reading = %+v, %d, %v, want it read", list, unread, err)
	}
}

func TestAllMentionsAreReadAtOnce(t *testing.T) {
	d := newOffice(t)
	id := d.talk(t, "fake")
	for range 3 {
		if _, err := d.e.WriteNote(t.Context(), id, conversation.NewNote{By: d.ana, Text: "@bo", Mentions: []string{d.bo.StaffID}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.in.ReadMentions(t.Context(), d.bo.StaffID); err != nil {
		t.Fatal(err)
	}
	if list, unread, err := d.in.Mentions(t.Context(), d.bo.StaffID, 2); err != nil || unread != 0 || len(list) != 2 {
		t.Errorf("Mentions(Bo) = %d, %d unread, %v, want two of three, read", len(list), unread, err)
	}
}

// refuser is a channel that refuses until it is told to take.
type refuser struct {
	mu    sync.Mutex // guards takes
	takes bool
}

func (r *refuser) Send(context.Context, conversation.Delivery) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.takes {
		return "", &conversation.SendError{Permanent: true, Err: errors.New("the bot was blocked")}
	}
	return "x", nil
}

func TestAFailedDeliveryIsShownAndTriedAgain(t *testing.T) {
	d := newOffice(t)
	id := d.talk(t, "fake")
	sub := d.e.Subscribe("")
	defer sub.Close()
	m, err := d.e.Reply(t.Context(), id, d.ana, "Hello Mia", "")
	if err != nil {
		t.Fatal(err)
	}
	if m.Delivery == nil || m.Delivery.State != conversation.DeliveryPending {
		t.Errorf("Reply() has delivery %+v, want it pending", m.Delivery)
	}
	if _, err := d.in.Redeliver(t.Context(), id, m.Seq); !errors.Is(err, conversation.ErrNotCurrent) {
		t.Errorf("Redeliver(pending) = %v, want ErrNotCurrent", err)
	}
	to := &refuser{}
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { conversation.NewCourier(d.e, d.store, map[string]conversation.Sender{"fake": to}).Run(ctx) })
	defer work.Wait()
	defer cancel()
	if r := heardDelivery(t, sub, m.Seq); r.State != conversation.DeliveryFailed || r.Error == "" {
		t.Fatalf("heard %+v, want it failed with a reason", r)
	}
	list, err := d.e.Transcript(t.Context(), id, m.Seq-1, 1)
	if err != nil || list[0].Delivery == nil || list[0].Delivery.State != conversation.DeliveryFailed || list[0].Delivery.Attempts != 1 {
		t.Fatalf("the log has %+v, %v, want the delivery failed after one attempt", list, err)
	}
	to.mu.Lock()
	to.takes = true
	to.mu.Unlock()
	if r, err := d.in.Redeliver(t.Context(), id, m.Seq); err != nil || r.State != conversation.DeliveryPending || r.Error != "" {
		t.Fatalf("Redeliver() = %+v, %v, want it pending", r, err)
	}
	for {
		if r := heardDelivery(t, sub, m.Seq); r.State == conversation.DeliverySent {
			break
		}
	}
	for _, seq := range []int64{1, 99} { // the customer's own, and none
		if _, err := d.in.Redeliver(t.Context(), id, seq); !errors.Is(err, conversation.ErrNoDelivery) {
			t.Errorf("Redeliver(%d) = %v, want ErrNoDelivery", seq, err)
		}
	}
}

// heardDelivery waits for news of a delivery.
func heardDelivery(t *testing.T, sub *conversation.Subscription, seq int64) conversation.DeliveryReport {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case <-sub.C():
			for _, e := range sub.Take() {
				if e.Kind == conversation.EventDelivery && e.Seq == seq {
					return *e.Delivery
				}
			}
		case <-deadline:
			t.Fatalf("nothing was heard of delivery %d", seq)
		}
	}
}
