package conversationdb_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

// costs books a call in a conversation.
func (q quiet) costs(t *testing.T, id string, micros int64) {
	t.Helper()
	err := q.store.Record(t.Context(), []conversation.Call{{Conversation: id, Purpose: "answer", Model: "m", Outcome: "ok", Usage: conversation.Usage{CostMicros: micros}}})
	if err != nil {
		t.Error(err)
	}
}

// reserves asks for a call of 10 where a visitor may cost limit a day, and returns the
// limit that stands against it.
func (q quiet) reserves(t *testing.T, id string, limit int64) string {
	t.Helper()
	held, err := q.store.Reserve(t.Context(), conversation.Hold{ID: knowledge.NewID(), Conversation: id, Micros: 10, Lapse: time.Hour,
		Limits: conversation.Spending{VisitorMicros: &limit}})
	if err != nil {
		t.Fatal(err)
	}
	return held.Refused
}

func TestTwoMergedContactsHaveSpentWhatBothHad(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	one, two := q.says(t, "slack", "u1", "one"), q.says(t, "telegram", "u2", "two")
	q.costs(t, one, 30)
	q.costs(t, two, 40)
	if got := q.reserves(t, one, 100); got != "" { // a call of 10 is under way
		t.Fatalf("Reserve before = %q, want it granted", got)
	}
	if got := q.reserves(t, two, 50); got != "" {
		t.Fatalf("Reserve before = %q, want it granted", got)
	}
	if _, err := q.inbox.Merge(t.Context(), q.contactOf(t, one), q.contactOf(t, two), conversation.Actor{}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{one, two} { // 70 spent, 20 reserved
		if got := q.reserves(t, id, 99); got != "visitor" {
			t.Errorf("Reserve(10) of 99 after the merge = %q, want the visitor's limit against it", got)
		}
	}
	if got := q.reserves(t, one, 100); got != "" {
		t.Errorf("Reserve(10) of 100 after the merge = %q, want it granted", got)
	}
}

func TestWhatAContactCostOnAnotherDayIsNotAddedByAMerge(t *testing.T) {
	for name, older := range map[string]string{"the one that stays": "into", "the one that goes": "from"} {
		t.Run(name, func(t *testing.T) {
			q := newQuiet(t, dbtest.URL(t))
			one, two := q.says(t, "slack", "u1", "one"), q.says(t, "telegram", "u2", "two")
			from, into := q.contactOf(t, one), q.contactOf(t, two)
			q.costs(t, one, 30)
			q.costs(t, two, 30)
			if _, err := q.pool.Exec(t.Context(), `UPDATE spend_visitors SET day = day - 1 WHERE contact_id = $1`, map[string]string{"from": from, "into": into}[older]); err != nil {
				t.Fatal(err)
			}
			if _, err := q.inbox.Merge(t.Context(), from, into, conversation.Actor{}); err != nil {
				t.Fatal(err)
			}
			var micros int64
			var rows int
			if err := q.pool.QueryRow(t.Context(), `SELECT count(*), sum(micros)::bigint FROM spend_visitors`).Scan(&rows, &micros); err != nil || rows != 1 || micros != 30 {
				t.Errorf("%d rows of %d, %v; want one of the newer day's 30", rows, micros, err)
			}
		})
	}
}

func TestWhatIsBookedDuringAMergeIsCounted(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	for i := range 8 {
		one, two := q.says(t, "slack", fmt.Sprint("a", i), "one"), q.says(t, "slack", fmt.Sprint("b", i), "two")
		from, into := q.contactOf(t, one), q.contactOf(t, two)
		q.costs(t, one, 1)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { q.costs(t, one, 10) })
		}
		wg.Go(func() {
			if _, err := q.inbox.Merge(t.Context(), from, into, conversation.Actor{}); err != nil {
				t.Errorf("Merge = %v", err)
			}
		})
		wg.Wait()
		var micros int64
		if err := q.pool.QueryRow(t.Context(), `SELECT micros FROM spend_visitors WHERE contact_id = $1`, into).Scan(&micros); err != nil || micros != 41 {
			t.Errorf("the merged contact has spent %d, %v; want 41", micros, err)
		}
	}
}
