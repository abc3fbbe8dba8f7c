package conversationdb_test

import (
	"slices"
	"testing"

	"frontdesk/conversation"
	"frontdesk/migrations/dbtest"
)

func TestTheLatestQuestionsAreThoseThatWereAnswered(t *testing.T) {
	d := run(t, dbtest.URL(t), passages{returns}, nil)
	answered := func(n int) func([]conversation.Message) bool {
		return func(ms []conversation.Message) bool {
			bots := 0
			for _, m := range ms {
				if m.Author == conversation.AuthorBot {
					bots++
				}
			}
			return bots == n
		}
	}
	one := d.open(t)
	d.write(t, one, "a", "Can I return shoes?")
	d.until(t, one, answered(1))
	d.write(t, one, "b", "And socks?")
	d.until(t, one, answered(2))
	d.write(t, one, "c", "thanks")
	d.until(t, one, answered(3))
	other := d.open(t)
	d.write(t, other, "a", "Where are you?")
	d.until(t, other, answered(1))
	if _, err := d.Takeover(t.Context(), other, conversation.Actor{StaffID: "00000000-0000-4000-8000-000000000001", Name: "Ana"}); err != nil {
		t.Fatal(err)
	}
	d.write(t, other, "b", "Nobody has answered this.")
	got, err := d.store.LatestQuestions(t.Context(), 10)
	if err != nil {
		t.Fatalf("LatestQuestions = %v", err)
	}
	var texts []string
	for _, q := range got {
		texts = append(texts, q.Text)
	}
	if want := []string{"Where are you?", "And socks?", "Can I return shoes?"}; !slices.Equal(texts, want) {
		t.Fatalf("questions = %q, want %q", texts, want)
	}
	if socks := got[1]; len(socks.History) != 2 || socks.History[0].Text != "Can I return shoes?" || socks.History[1].Author != conversation.AuthorBot || socks.Conversation != one || socks.Seq != 3 || socks.At.IsZero() || len(got[2].History) != 0 {
		t.Errorf("questions = %+v, want each with what was asked before it", got)
	}
	if got, err := d.store.LatestQuestions(t.Context(), 1); err != nil || len(got) != 1 || got[0].Text != "Where are you?" {
		t.Errorf("LatestQuestions(1) = %+v, %v; want the newest", got, err)
	}
}
