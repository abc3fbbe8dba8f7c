package main

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"
)

// twoMicros is a price of one's own: of a token that is embedded, in full.
const twoMicros = 2

// limited has a server pay within a day's limit that can be changed, at prices of its own.
func (s *bulkServer) limited(t *testing.T, micros int64) *atomic.Int64 {
	t.Helper()
	var day atomic.Int64
	day.Store(micros)
	_, err := conversation.New(conversation.Config{}, conversation.Deps{
		Store: conversationdb.New(s.pool), Finder: s.docs, Counter: tokens.For(""), Purse: s.purse,
		Limits: func() conversation.Spending {
			d := day.Load()
			return conversation.Spending{DayMicros: &d}
		},
		Price: func(model string, input, _, _ int) (int64, bool) {
			return twoMicros * int64(input), model == "text-embedding-3-small"
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &day
}

// told is what a document says of itself.
func (s *bulkServer) told(t *testing.T, id string) string {
	t.Helper()
	d, err := s.docs.Document(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return string(d.Status) + ": " + d.Error
}

func TestABatchWaitsForTheBudgetAndHoldsWhatItCosts(t *testing.T) {
	t.Parallel()
	ai, base := newBulkAI(t, nil)
	s := newBulkServer(t, dbtest.URL(t), base, batchOn)
	day := s.limited(t, 5000)
	// Of 5,000 other calls may take so much that the rest does not pay for the batch.
	others := conversation.Hold{ID: knowledge.NewID(), Micros: 4990, Lapse: time.Hour, Limits: conversation.Spending{DayMicros: new(int64)}}
	*others.Limits.DayMicros = 5000
	if got, err := conversationdb.New(s.pool).Reserve(t.Context(), others); err != nil || got.Refused != "" {
		t.Fatalf("Reserve = %+v, %v", got, err)
	}
	s.start(t)
	id := s.addGuide(t, "many", 40)
	waitFor(t, "document to wait for the budget", func() bool { return s.told(t, id) == "embedding: "+knowledge.BudgetNote })
	if d, err := s.docs.Wait(t.Context(), id, nil); err != nil || d.Error != knowledge.BudgetNote {
		t.Errorf("Wait = %+v, %v; want it not to wait for the budget", d, err)
	}
	waitFor(t, "batch put off", func() bool {
		return s.number(t, `SELECT count(*) FROM river_job WHERE kind = 'embed_batch' AND state = 'scheduled' AND scheduled_at > now() + interval '1 minute'`) == 1
	})
	if n := len(ai.Batches()) + len(ai.Embedded()); n != 0 || s.number(t, ownHolds) != 0 {
		t.Errorf("%d batches and texts were sent, or money is held, want nothing", n)
	}
	if n := s.number(t, `SELECT count(*) FROM spend_alerts WHERE level = 'spent'`); n != 0 {
		t.Error("staff are told that the budget is spent, which smaller calls still have room in")
	}

	day.Store(100_000)
	if err := s.docs.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.underWay(t, 1)
	waitFor(t, "word on the batch", func() bool { return strings.Contains(s.told(t, id), "within a day") })
	// Half of two micros for each token there may be, of which the provider counts ten a text.
	if held, most := s.number(t, `SELECT micros FROM spend_holds WHERE micros <> 4990`), s.number(t, `SELECT tokens_most FROM embedding_batches`); held != most || held < 400 {
		t.Errorf("%d micros are held for %d tokens at most, want as many", held, most)
	}
	ai.EndBatches("completed", -1)
	s.ready(t, id)
	s.wholly(t)
	const books = `SELECT count(*) FROM model_calls m, embedding_batches b WHERE m.purpose = 'embed_batch' AND m.cost_micros = 400 AND b.cost_micros = 400
		AND (SELECT sum(micros) FROM spend_days) = 400`
	if n := s.number(t, books); n != 1 || s.number(t, ownHolds) != 0 {
		t.Errorf("%d batches booked at 400 micros with nothing held any more, want 1", n)
	}
}

// ownHolds counts what is held for batches.
const ownHolds = `SELECT count(*) FROM spend_holds WHERE micros <> 4990`

// putOff counts the documents whose job is not due for a while.
const putOff = `SELECT count(*) FROM river_job WHERE kind = 'ingest' AND state = 'scheduled' AND scheduled_at > now() + interval '1 minute'`

func TestWhatWasPutOffWhileTheBudgetWasBeingRaisedIsWokenBySweeps(t *testing.T) {
	t.Parallel()
	_, base := newBulkAI(t, nil)
	url := dbtest.URL(t)
	s, other := newBulkServer(t, url, base, batchOff), newBulkServer(t, url, base, batchOff)
	s.limited(t, 1)
	s.start(t)
	id := s.addGuide(t, "guide", 2)
	waitFor(t, "document put off", func() bool { return s.number(t, putOff) == 1 })
	s.stop(t)
	// As Resume leaves it where the job has not come to its end yet.
	if _, err := s.pool.Exec(t.Context(), `UPDATE documents SET error = ''`); err != nil {
		t.Fatal(err)
	}
	other.start(t)
	other.ready(t, id)
}

func TestABatchThatIsGivenUpGivesBackWhatWasHeld(t *testing.T) {
	t.Parallel()
	ai, base := newBulkAI(t, nil)
	url := dbtest.URL(t)
	with, without := newBulkServer(t, url, base, batchOn), newBulkServer(t, url, base, batchOff)
	with.limited(t, 100_000)
	without.limited(t, 100_000)
	with.start(t)
	id := with.addGuide(t, "guide", 12)
	with.underWay(t, 1)
	if n := with.number(t, `SELECT count(*) FROM spend_holds`); n != 1 {
		t.Fatalf("%d reservations, want the batch's", n)
	}
	with.stop(t)
	without.start(t)
	without.ready(t, id)
	waitFor(t, "reservation ended", func() bool { return without.number(t, `SELECT count(*) FROM spend_holds`) == 0 })
	if n := without.number(t, `SELECT count(*) FROM model_calls WHERE purpose = 'embed_batch'`); n != 0 || len(ai.Embedded()) != 12 {
		t.Errorf("%d batches booked and %d texts embedded directly, want none and 12", n, len(ai.Embedded()))
	}
}

func TestWhatADaysBudgetPaysForInPiecesAloneIsNotPutIntoABatch(t *testing.T) {
	t.Parallel()
	ai, base := newBulkAI(t, nil)
	s := newBulkServer(t, dbtest.URL(t), base, batchOn)
	day := s.limited(t, 50)
	s.start(t)
	id := s.addGuide(t, "guide", 12)
	waitFor(t, "document to wait for the budget", func() bool { return s.told(t, id) == "embedding: "+knowledge.BudgetNote })
	if n := s.number(t, `SELECT count(*) FROM embedding_batches WHERE outcome = 'too dear' AND ended_at IS NOT NULL`); n != 1 || len(ai.Batches()) != 0 {
		t.Errorf("%d batches given up and %d sent, want 1 and none", n, len(ai.Batches()))
	}
	day.Store(100_000)
	waitFor(t, "document put off", func() bool { return s.number(t, putOff) == 1 })
	if err := s.docs.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.ready(t, id)
	s.wholly(t)
	if n := s.number(t, fmt.Sprintf(`SELECT count(*) FROM model_calls WHERE purpose = 'embed' AND cost_micros = %d`, twoMicros*12*10)); n != 1 {
		t.Errorf("%d calls booked for 12 texts at the price set, want 1", n)
	}
}
