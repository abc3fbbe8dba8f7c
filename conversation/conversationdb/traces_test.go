package conversationdb_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

func TestEveryTableThatLeadsToAContactIsCountedWhenErasing(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	id := q.says(t, "slack", "u1", "Hello.")
	done, err := q.inbox.Erase(t.Context(), q.contactOf(t, id), conversation.Actor{})
	if err != nil {
		t.Fatal(err)
	}
	const leading = `
		WITH RECURSIVE lead (oid) AS (
			SELECT unnest(ARRAY['contacts'::regclass, 'conversations'::regclass])::oid
			UNION SELECT f.conrelid FROM pg_constraint f JOIN lead l ON f.confrelid = l.oid WHERE f.contype = 'f'
		)
		SELECT relname::text FROM pg_class WHERE oid IN (SELECT oid FROM lead)`
	rows, err := q.pool.Query(t.Context(), leading)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 20 {
		t.Fatalf("%d tables lead to a contact, %v, want more", len(tables), err)
	}
	for _, table := range tables {
		if _, counted := done.Erased[table]; !counted {
			t.Errorf("%s refers to contacts or conversations and is not among the traces", table)
		}
	}
	if done.Erased["episodes"] != 1 {
		t.Errorf("erased %v, want the one episode counted", done.Erased)
	}
}

func TestErasingByAFormerIDIsTheSameErasure(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	by := q.person(t, "Ana")
	var ids []string
	for _, sender := range []string{"u1", "u2", "u3"} {
		ids = append(ids, q.contactOf(t, q.says(t, "slack", sender, "Hello.")))
	}
	for i := range 2 { // the first into the second, that into the third
		if _, err := q.inbox.Merge(t.Context(), ids[i], ids[i+1], by); err != nil {
			t.Fatal(err)
		}
	}
	first, err := q.inbox.Erase(t.Context(), ids[0], by)
	if err != nil || first.Contact != ids[2] {
		t.Fatalf("Erase by a former id = %+v, %v, want whom it is now", first, err)
	}
	for _, id := range ids {
		if again, err := q.inbox.Erase(t.Context(), id, by); err != nil || again.Receipt != first.Receipt {
			t.Errorf("Erase again by %s = %+v, %v, want the same receipt", id, again, err)
		}
	}
	if _, err := q.inbox.Erase(t.Context(), knowledge.NewID(), by); !errors.Is(err, conversation.ErrNoContact) {
		t.Errorf("Erase of nobody = %v, want ErrNoContact", err)
	}
}

func TestATestGoesWithTheConversationItQuotes(t *testing.T) {
	b := newTestbench(t)
	b.shelve()
	d := run(t, b.pool.Config().ConnString(), b.docs, nil)
	id := d.open(t)
	d.write(t, id, "1", "Can I return what I bought?")
	said := d.until(t, id, last(conversation.AuthorBot))
	golden, err := b.Golden(t.Context(), id, said[len(said)-1].Seq)
	if err != nil {
		t.Fatal(err)
	}
	// Changed by an admin it still is of the customer's words.
	golden.Question = "May I return what I bought?"
	if _, err := b.Put(t.Context(), golden); err != nil {
		t.Fatal(err)
	}
	own := b.test("Do you sell quantum computers?", conversation.Expect{})
	b.asked()
	q := quiet{d.Engine, conversation.NewInbox(d.Engine, b.store), b.store, b.pool}
	done, err := q.inbox.Erase(t.Context(), q.contactOf(t, id), conversation.Actor{})
	if err != nil || done.Erased["tests"] != 1 || done.Erased["test_results"] != 1 {
		t.Errorf("Erase = %+v, %v, want the test and its result counted", done.Erased, err)
	}
	if _, err := b.store.Test(t.Context(), golden.ID); !errors.Is(err, conversation.ErrNoTest) {
		t.Errorf("the test that quotes it = %v, want ErrNoTest", err)
	}
	if _, err := b.store.Test(t.Context(), own.ID); err != nil {
		t.Errorf("the test that does not = %v, want it kept", err)
	}
	if err := b.store.SaveTests(t.Context(), []conversation.Test{{ID: knowledge.NewID(), Question: "Hi?", Origin: conversation.TestConversation, Conversation: id}}); !errors.Is(err, conversation.ErrNotFound) {
		t.Errorf("SaveTests of a conversation that is gone = %v, want ErrNotFound", err)
	}
}

func TestADraftGoesWithAQuestionItMayBeMadeOf(t *testing.T) {
	g := openGaps(t, dbtest.URL(t), newShelf(), nil)
	one := g.ask("do you rent gnus", conversation.KindUnknown)
	g.ask("do you rent gnus", conversation.KindUnknown)
	g.work()
	gap := g.only(conversation.GapOpen)
	draft := conversation.GapChange{From: []conversation.GapState{conversation.GapOpen}, To: conversation.GapDrafted, Draft: &gnus, Of: []string{one}}
	if err := g.store.SetGap(t.Context(), gap.ID, draft); err != nil {
		t.Fatal(err)
	}
	if _, err := g.pool.Exec(t.Context(), `DELETE FROM contacts WHERE id = (SELECT contact_id FROM conversations WHERE id = $1)`, one); err != nil {
		t.Fatal(err)
	}
	if left := g.only(conversation.GapOpen); left.Draft != nil || left.Questions != 1 {
		t.Errorf("gap = %+v, want it open, with the other's question and without the draft", left)
	}
	// A draft that was being written while they were erased comes too late.
	if err := g.store.SetGap(t.Context(), gap.ID, draft); !errors.Is(err, conversation.ErrGapState) {
		t.Errorf("SetGap with a draft of what was erased = %v, want ErrGapState", err)
	}
	g.only(conversation.GapOpen)
}

func TestACallIsBookedOnce(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	id := q.says(t, "slack", "u1", "Hello.")
	turn := q.turn(t, id)
	call := conversation.Call{ID: knowledge.NewID(), Conversation: id, Turn: turn.ID, Purpose: "answer", Model: "m", Outcome: "ok", Usage: conversation.Usage{CostMicros: 7}}
	out := conversation.Outcome{Owner: conversation.OwnerBot, Calls: []conversation.Call{call}}
	if _, _, err := q.store.Finish(t.Context(), turn, out); err != nil {
		t.Fatal(err)
	}
	// Whoever did not hear that it was stored tells of it again.
	call.Outcome = "discarded"
	if err := q.store.Record(t.Context(), []conversation.Call{call, {Conversation: id, Purpose: "rewrite", Model: "m", Outcome: "ok", Usage: conversation.Usage{CostMicros: 1}}}); err != nil {
		t.Fatal(err)
	}
	if n := q.count(t, `model_calls WHERE outcome = 'ok'`); n != 2 || q.count(t, `model_calls`) != 2 {
		t.Errorf("%d calls are booked as they ended, want the answer's and the other one", n)
	}
	if n := q.count(t, `spend_conversations WHERE micros = 8`); n != 1 {
		t.Error("the conversation's total is not the sum of both calls")
	}
}

func TestAFilesCallsAreBookedWithWhatItCameTo(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	id := q.says(t, "slack", "u1", "Hello.")
	file := func() (id string) {
		if err := q.pool.QueryRow(t.Context(), `INSERT INTO files (id, conversation_id, seq, kind, content) SELECT gen_random_uuid(), id, 1, 'voice', 'abc' FROM conversations RETURNING id::text`).Scan(&id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	heard := func() conversation.Reading {
		return conversation.Reading{Text: "hello", Calls: []conversation.Call{{ID: knowledge.NewID(), Conversation: id, Purpose: "transcribe", Model: "ears", Outcome: "ok", Usage: conversation.Usage{CostMicros: 3}}}}
	}
	f, r := file(), heard()
	for i := range 2 { // again, by whoever did not hear that it was stored
		if _, first, err := q.store.SettleFile(t.Context(), f, r, conversation.FileReady); err != nil || first != (i == 0) {
			t.Errorf("SettleFile = %v, %v, want the first to settle it", first, err)
		}
	}
	if n := q.count(t, `model_calls WHERE conversation_id IS NOT NULL`); n != 1 {
		t.Errorf("%d calls are booked, want 1", n)
	}
	// Another who heard it at the same time was paid all the same.
	if _, first, err := q.store.SettleFile(t.Context(), f, heard(), conversation.FileReady); err != nil || first {
		t.Errorf("SettleFile by another = %v, %v, want it settled already", first, err)
	}
	if n := q.count(t, `spend_conversations WHERE micros = 6`); n != 1 {
		t.Errorf("the conversation's total is not that of both")
	}
	gone := file()
	q.exec(t, `DELETE FROM contacts`)
	if _, _, err := q.store.SettleFile(t.Context(), gone, heard(), conversation.FileReady); !errors.Is(err, conversation.ErrNoFile) {
		t.Errorf("SettleFile of what was erased = %v, want ErrNoFile", err)
	}
	if n := q.count(t, `model_calls`); n != 3 {
		t.Errorf("%d calls are booked, want the erased file's too", n)
	}
}

func TestEveryEpisodeIsLookedAtByNewRules(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	q.exec(t, `WITH p AS (INSERT INTO contacts (id) SELECT gen_random_uuid() FROM generate_series(1, 2500) RETURNING id), c AS (
			INSERT INTO conversations (id, contact_id, channel, account, thread, seq) SELECT gen_random_uuid(), p.id, 'slack', 'shop', p.id::text, 1 FROM p RETURNING id)
		INSERT INTO episodes (conversation_id, episode, channel, started_at, due_at, wakes) SELECT id, 1, 'slack', now(), now() + interval '5 hours', 1 FROM c`)
	q.exec(t, `UPDATE episodes SET due_at = NULL WHERE conversation_id IN (SELECT conversation_id FROM episodes LIMIT 100)`)
	q.exec(t, `UPDATE episodes SET due_at = now() - interval '1 minute', lease_token = gen_random_uuid(), lease_until = now() + interval '1 minute'
		WHERE conversation_id IN (SELECT conversation_id FROM episodes WHERE due_at IS NOT NULL LIMIT 100)`)
	claim := func() {
		t.Helper()
		if ls, err := q.store.ClaimLives(t.Context(), time.Now(), 50, time.Minute); err != nil || len(ls) != 0 {
			t.Fatalf("ClaimLives = %d, %v, want nothing due yet", len(ls), err)
		}
	}
	claim()
	if n := q.count(t, `episodes WHERE wakes > 1`); n != 0 {
		t.Fatalf("%d episodes were woken before the rules changed, want none", n)
	}
	s, err := q.Section(t.Context(), conversation.HandlingSection)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.PutSection(t.Context(), conversation.HandlingSection, []byte(`{"resolve_hours": 24}`), s.Version, conversation.Actor{}); err != nil {
		t.Fatal(err)
	}
	if n := q.count(t, `episodes WHERE wakes > 1`); n != 0 {
		t.Errorf("%d episodes were changed by whoever saved the rules, want none", n)
	}
	for range 2 { // the second finds nothing left to do
		claim()
	}
	if n := q.count(t, `episodes WHERE wakes = 2 AND due_at <= now() + interval '1 minute'`); n != 2400 {
		t.Errorf("%d episodes are due within a minute, want 2,400", n)
	}
	if n := q.count(t, `episodes WHERE wakes = 2 AND due_at > now() + interval '4 seconds'`); n < 2000 {
		t.Errorf("%d episodes are due once all have heard of the rules, want those that were not due yet", n)
	}
}
