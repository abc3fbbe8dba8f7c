package conversationdb_test

import (
	"errors"
	"testing"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/migrations/dbtest"
)

func TestAThreadLeadsToItsConversation(t *testing.T) {
	store := conversationdb.New(dbtest.New(t))
	r, err := store.Receive(t.Context(), conversation.Inbound{
		Channel: "slack", Account: "T1", Thread: "C1/1.1", Sender: "U1", ExternalID: "1.1", Text: "hello",
	}, conversation.Gather{})
	if err != nil {
		t.Fatal(err)
	}
	if id, err := store.Thread(t.Context(), "slack", "T1", "C1/1.1"); id != r.Conversation || err != nil {
		t.Errorf("Thread(slack, T1, C1/1.1) = %q, %v, want %q", id, err, r.Conversation)
	}
	for _, other := range [][3]string{{"slack", "T2", "C1/1.1"}, {"telegram", "T1", "C1/1.1"}, {"slack", "T1", "C1"}} {
		if id, err := store.Thread(t.Context(), other[0], other[1], other[2]); !errors.Is(err, conversation.ErrNotFound) {
			t.Errorf("Thread(%v) = %q, %v, want ErrNotFound", other, id, err)
		}
	}
}
