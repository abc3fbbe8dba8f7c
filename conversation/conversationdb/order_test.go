package conversationdb_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

// during is dbtest.During with one statement to go on with.
func (q quiet) during(t *testing.T, hold string, step func() error, then string, args ...any) (went, held error) {
	t.Helper()
	return dbtest.During(t, q.pool, hold, step, []string{then}, args...)
}

const (
	lockContact = `SELECT FROM contacts WHERE id = (SELECT contact_id FROM conversations WHERE id = $1) FOR UPDATE`
	lockTalk    = `SELECT FROM conversations WHERE id = $1 FOR UPDATE`
	lockMessage = `SELECT FROM messages WHERE conversation_id = $1 FOR UPDATE`
)

func TestDescribingLocksTheContactFirst(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	id := q.says(t, "slack", "u1", "Hello.")
	err, held := q.during(t, lockContact, func() error {
		return q.store.Describe(t.Context(), id, conversation.Profile{Name: "Ada", Context: map[string]string{"page": "/"}})
	}, lockTalk, id)
	if n := q.count(t, `conversations c JOIN contacts p ON p.id = c.contact_id WHERE p.name = 'Ada' AND c.context = '{"page": "/"}'`); err != nil || held != nil || n != 1 {
		t.Errorf("Describe = %v beside %v, %d described, want both done", err, held, n)
	}
}

func TestRatingLocksTheConversationFirst(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	id := q.says(t, "slack", "u1", "Hello.")
	turn := q.turn(t, id)
	if _, _, err := q.store.Finish(t.Context(), turn, answer); err != nil {
		t.Fatal(err)
	}
	err, held := q.during(t, lockTalk, func() error {
		changed, err := q.store.Rate(t.Context(), id, 2, true)
		if err == nil && !changed {
			return errors.New("nothing changed")
		}
		return err
	}, lockMessage, id)
	if err != nil || held != nil {
		t.Errorf("Rate = %v beside %v, want both done", err, held)
	}
	if changed, err := q.store.Rate(t.Context(), id, 2, true); changed || err != nil {
		t.Errorf("Rate again = %v, %v, want no change", changed, err)
	}
	for name, seq := range map[string]int64{"the customer's message": 1, "no message": 9} {
		if _, err := q.store.Rate(t.Context(), id, seq, true); !errors.Is(err, conversation.ErrNotFound) {
			t.Errorf("Rate of %s = %v, want ErrNotFound", name, err)
		}
	}
}

// answer is an outcome that costs something.
var answer = conversation.Outcome{Owner: conversation.OwnerBot,
	Messages: []conversation.NewMessage{{Author: conversation.AuthorBot, Text: "Yes."}},
	Calls:    []conversation.Call{{Purpose: "answer", Model: "m", Outcome: "ok", Usage: conversation.Usage{CostMicros: 5}}},
}

func (q quiet) turn(t *testing.T, id string) conversation.Turn {
	t.Helper()
	turn, ok, err := q.store.Claim(t.Context(), id, time.Minute)
	if err != nil || !ok {
		t.Fatalf("Claim = %v, %v, want a turn", ok, err)
	}
	return turn
}

func TestAnAnswerSurvivesADeadlock(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	// Finishing holds the conversation and wants the contact, to count what it spent, while
	// whoever changes a contact wants its conversations. The one that has waited longer is
	// given up, which is nearly always the answer; where it was the other one it goes again.
	for i := 0; ; i++ {
		id := q.says(t, "slack", fmt.Sprint("u", i), "Hello.")
		turn := q.turn(t, id)
		err, held := q.during(t, lockContact, func() error {
			_, _, err := q.store.Finish(t.Context(), turn, answer)
			return err
		}, lockTalk, id)
		if n := q.count(t, `messages WHERE author = 'bot'`); err != nil || n != int64(i+1) {
			t.Errorf("Finish = %v, %d answers, want one more than %d", err, n, i)
		}
		if n := q.count(t, `spend_visitors WHERE micros = 5`); n != int64(i+1) {
			t.Errorf("%d customers are booked once, want %d", n, i+1)
		}
		if held == nil {
			return
		}
		if i == 10 {
			t.Fatal("the answer was never the one to be given up")
		}
	}
}

func TestNobodyLosesToAContactThatChanges(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	by := conversation.Actor{StaffID: knowledge.NewID(), Name: "Ana"}
	answered := 0
	for i := range 24 {
		first := q.says(t, "slack", fmt.Sprint("a", i), "Hello.")
		id, other := q.says(t, "slack", fmt.Sprint("b", i), "Hello."), q.says(t, "telegram", fmt.Sprint("c", i), "Hello.")
		contact, into := q.contactOf(t, id), q.contactOf(t, other)
		q.exec(t, `UPDATE conversations SET contact_id = $2 WHERE id = $1`, first, contact)
		rated := q.turn(t, first)
		if _, _, err := q.store.Finish(t.Context(), rated, answer); err != nil {
			t.Fatal(err)
		}
		turn := q.turn(t, id)
		var wg sync.WaitGroup
		var mu sync.Mutex // guards answered
		try := func(what string, f func() error, allowed ...error) {
			wg.Go(func() {
				err := f()
				for _, a := range allowed {
					if errors.Is(err, a) {
						return
					}
				}
				if err != nil {
					t.Errorf("%d: %s = %v", i, what, err)
				}
			})
		}
		try("Finish", func() error {
			_, _, err := q.store.Finish(t.Context(), turn, answer)
			if err == nil {
				mu.Lock()
				answered++
				mu.Unlock()
			}
			return err
		}, conversation.ErrSuperseded)
		for _, talk := range []string{first, id} {
			try("Describe", func() error {
				return q.store.Describe(t.Context(), talk, conversation.Profile{Name: "Ada", Context: map[string]string{"page": "/"}})
			}, conversation.ErrNotFound)
		}
		try("Rate", func() error { _, err := q.store.Rate(t.Context(), first, 2, true); return err }, conversation.ErrNotFound)
		try("Block", func() error { return q.inbox.Block(t.Context(), contact, by, false) }, conversation.ErrNoContact)
		switch i % 3 {
		case 0:
			try("Merge", func() error { _, err := q.inbox.Merge(t.Context(), contact, into, by); return err })
		case 1:
			try("Erase", func() error { _, err := q.inbox.Erase(t.Context(), contact, by); return err })
		}
		wg.Wait()
	}
	if answered < 16 { // but for the third of them that were erased
		t.Errorf("%d of 24 answers are stored, want at least 16", answered)
	}
}

func TestRetentionSparesACustomerWhoComesBack(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	id := q.says(t, "slack", "u1", "Long ago.")
	q.exec(t, `UPDATE conversations SET status = 'resolved', updated_at = now() - interval '40 days'`)
	const back = `INSERT INTO conversations (id, contact_id, channel, account, thread, seq)
		SELECT gen_random_uuid(), contact_id, 'telegram', 'shop', 'back', 1 FROM conversations WHERE id = $1`
	err, held := q.during(t, back, func() error {
		_, _, err := q.store.Forget(t.Context(), conversation.Retention{ConversationsDays: days(30)})
		return err
	}, `SELECT FROM contacts WHERE $1::uuid IS NOT NULL`, id)
	if err != nil || held != nil {
		t.Fatal(err, held)
	}
	if n := q.count(t, `conversations WHERE thread = 'back'`); n != 1 {
		t.Fatal("the conversation that was begun meanwhile is gone")
	}
	if got := q.forget(t, conversation.Retention{ConversationsDays: days(30)}); q.count(t, `conversations`) != 1 || got.Contacts != 0 {
		t.Errorf("Forget afterwards = %+v, want only the old conversation deleted in the end", got)
	}
}

func TestVisitorsWhoNeverWroteAreForgotten(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	open := func() string {
		st, err := q.store.Open(t.Context(), conversation.Opening{Channel: "widget", Account: "default"})
		if err != nil {
			t.Fatal(err)
		}
		if err := q.store.Describe(t.Context(), st.Conversation, conversation.Profile{Name: "Ada", Email: "ada@example.com"}); err != nil {
			t.Fatal(err)
		}
		return st.Conversation
	}
	old, wrote, young := open(), open(), open()
	q.exec(t, `UPDATE conversations SET seq = 1 WHERE id = $1`, wrote)
	q.exec(t, `UPDATE conversations SET created_at = now() - interval '8 days' WHERE id = ANY ($1)`, []string{old, wrote})
	q.exec(t, `WITH p AS (INSERT INTO contacts (id) SELECT gen_random_uuid() FROM generate_series(1, 250) RETURNING id)
		INSERT INTO conversations (id, contact_id, channel, account, thread, created_at)
		SELECT gen_random_uuid(), p.id, 'widget', 'default', p.id::text, now() - interval '30 days' FROM p`)
	if got := q.forget(t, conversation.Retention{}); got != (conversation.Forgotten{Unsaid: 251, Contacts: 251}) {
		t.Errorf("Forget = %+v, want 251 conversations that never began, and their contacts", got)
	}
	if n := q.count(t, fmt.Sprintf(`conversations WHERE id IN ('%s', '%s')`, wrote, young)); n != 2 || q.count(t, `contacts`) != 2 {
		t.Errorf("%d conversations are left, want who wrote, and who was here this week", n)
	}
	plan := q.explain(t, `SELECT c.contact_id FROM conversations c WHERE c.seq = 0 AND c.created_at < now() - make_interval(secs => 604800) ORDER BY c.created_at LIMIT 100`)
	if !strings.Contains(plan, "conversations_unsaid") {
		t.Errorf("plan %s, want it by the index", plan)
	}
}

// explain is a statement's plan where reading the whole table is out of the question.
func (q quiet) explain(t *testing.T, sql string) string {
	t.Helper()
	var plan string
	err := pgx.BeginFunc(t.Context(), q.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `SET LOCAL enable_seqscan = off`); err != nil {
			return err
		}
		rows, err := tx.Query(t.Context(), `EXPLAIN `+sql)
		if err != nil {
			return err
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		plan = strings.Join(lines, "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestATurnIsClaimedThoughSomebodyLooksAtTheConversation(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	id := q.says(t, "slack", "u1", "Hello.")
	err, held := q.during(t, lockTalk, func() error {
		if _, ok, err := q.store.Claim(t.Context(), id, time.Minute); err != nil || !ok {
			return fmt.Errorf("claimed: %v, %w", ok, err)
		}
		return nil
	}, `UPDATE conversations SET updated_at = now() WHERE id = $1`, id)
	if err != nil || held != nil {
		t.Errorf("Claim = %v beside %v, want the turn, and no waiting for the next poll", err, held)
	}
	err, held = q.during(t, lockTalk, func() error {
		if _, ok, err := q.store.Claim(t.Context(), id, time.Minute); err != nil || ok {
			return fmt.Errorf("claimed: %v, %w", ok, err)
		}
		return nil
	}, `UPDATE conversations SET updated_at = now() WHERE id = $1`, id)
	if err != nil || held != nil {
		t.Errorf("Claim of a leased turn = %v beside %v, want none", err, held)
	}
}

func TestATurnSeesTheMessageItWaitedFor(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	id := q.says(t, "slack", "u1", "Hello.")
	var turn conversation.Turn
	err, held := q.during(t, lockTalk, func() error {
		var ok bool
		var err error
		if turn, ok, err = q.store.Claim(t.Context(), id, time.Minute); err == nil && !ok {
			err = errors.New("none")
		}
		return err
	}, `WITH c AS (UPDATE conversations SET seq = seq + 1, epoch = epoch + 1 WHERE id = $1 RETURNING id, seq, episode)
		INSERT INTO messages (conversation_id, seq, author, body, episode) SELECT id, seq, 'customer', 'Is it late?', episode FROM c`, id)
	if err != nil || held != nil {
		t.Fatalf("Claim = %v beside %v, want the turn", err, held)
	}
	if n := len(turn.Messages); n != 2 || turn.Messages[1].Text != "Is it late?" || turn.State.Epoch != 2 {
		t.Errorf("the turn reads epoch %d with %d messages, want both messages: what it does not read nobody answers", turn.State.Epoch, n)
	}
}
