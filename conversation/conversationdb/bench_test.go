package conversationdb_test

import (
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

// BenchmarkMessagePath times the statements a message takes, one after the other,
// each with its round trip; the test server does not wait for the disk.
func BenchmarkMessagePath(b *testing.B) {
	s := conversationdb.New(dbtest.New(b))
	ctx := b.Context()
	st, err := s.Open(ctx, conversation.Opening{Channel: "widget", Account: "default"})
	if err != nil {
		b.Fatal(err)
	}
	var receive, claim, finish time.Duration
	for b.Loop() {
		at := time.Now()
		_, err := s.Receive(ctx, conversation.Inbound{Conversation: st.Conversation, ExternalID: knowledge.NewID(), Text: "Could I send it back?"}, conversation.Gather{})
		if err != nil {
			b.Fatal(err)
		}
		receive += time.Since(at)
		at = time.Now()
		t, ok, err := s.Claim(ctx, st.Conversation, time.Minute)
		if err != nil || !ok {
			b.Fatal(ok, err)
		}
		claim += time.Since(at)
		at = time.Now()
		_, _, err = s.Finish(ctx, t, conversation.Outcome{Owner: conversation.OwnerBot, Messages: []conversation.NewMessage{{Author: conversation.AuthorBot, Text: "Yes [1]."}}})
		if err != nil {
			b.Fatal(err)
		}
		finish += time.Since(at)
	}
	each := func(d time.Duration, unit string) { b.ReportMetric(float64(d.Microseconds())/float64(b.N), unit) }
	each(receive, "µs/receive")
	each(claim, "µs/claim")
	each(finish, "µs/finish")
}
