package conversationdb_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"frontdesk/conversation"
	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

func (q quiet) contactOf(t *testing.T, id string) string {
	t.Helper()
	r, err := q.inbox.Row(t.Context(), id, "")
	if err != nil {
		t.Fatal(err)
	}
	return r.ContactID
}

func TestMergingMovesEverythingAndTheOldIDStillFindsThem(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	ana := q.person(t, "Ana")
	one, two := q.says(t, "slack", "u1", "from work"), q.says(t, "telegram", "u2", "from home")
	from, into := q.contactOf(t, one), q.contactOf(t, two)
	if _, err := q.inbox.EditContact(t.Context(), from, conversation.ContactEdit{Attributes: map[string]string{"plan": "pro", "city": "Riga"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := q.inbox.EditContact(t.Context(), into, conversation.ContactEdit{Attributes: map[string]string{"plan": "free"}}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // again changes nothing
		c, err := q.inbox.Merge(t.Context(), from, into, ana)
		if err != nil || c.ID != into || len(c.Identities) != 2 || c.Attributes["plan"] != "free" || c.Attributes["city"] != "Riga" {
			t.Fatalf("Merge = %+v, %v, want both identities and attributes in %s", c, err, into)
		}
	}
	if c, err := q.inbox.Contact(t.Context(), from); err != nil || c.ID != into {
		t.Errorf("Contact by the old id = %s, %v, want %s", c.ID, err, into)
	}
	// Who was known on the other channel writes as the merged contact from now on.
	if got := q.contactOf(t, q.says(t, "slack", "u1", "again")); got != into {
		t.Errorf("the next message is of %s, want %s", got, into)
	}
	ms, next, err := q.inbox.ContactMessages(t.Context(), into, "", 2)
	if err != nil || len(ms) != 2 || next == "" || ms[1].Text != "again" {
		t.Fatalf("history = %+v, %q, %v, want the newest two, oldest first", ms, next, err)
	}
	if ms, next, err = q.inbox.ContactMessages(t.Context(), into, next, 2); err != nil || len(ms) != 1 || next != "" || ms[0].Text != "from work" {
		t.Errorf("the page before = %+v, %q, %v, want the first message alone", ms, next, err)
	}
	if _, err := q.inbox.Merge(t.Context(), into, knowledge.NewID(), ana); !errors.Is(err, conversation.ErrNoContact) {
		t.Errorf("Merge into nobody = %v, want ErrNoContact", err)
	}
}

func TestMessagesDuringAMergeAreKept(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	for i := range 8 {
		one, two := q.says(t, "slack", fmt.Sprint("a", i), "one"), q.says(t, "slack", fmt.Sprint("b", i), "two")
		from, into := q.contactOf(t, one), q.contactOf(t, two)
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := q.inbox.Merge(t.Context(), from, into, conversation.Actor{}); err != nil {
				t.Errorf("Merge = %v", err)
			}
		})
		for k := range 4 { // a new thread each, so that a conversation is made for the contact
			wg.Go(func() {
				_, err := q.Receive(t.Context(), conversation.Inbound{Channel: "slack", Account: "shop", Thread: fmt.Sprint("a", i, "/", k), Sender: fmt.Sprint("a", i),
					ExternalID: knowledge.NewID(), Text: "meanwhile"})
				if err != nil {
					t.Errorf("Receive during a merge = %v", err)
				}
			})
		}
		wg.Wait()
		rows, err := q.store.ContactRows(t.Context(), into, "", 100)
		if err != nil || len(rows) != 6 {
			t.Errorf("the merged contact has %d conversations, %v, want 6", len(rows), err)
		}
	}
}

func TestWhatABlockedContactWritesIsStoredAndNoMore(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	ana := q.person(t, "Ana")
	id := q.says(t, "slack", "u1", "spam")
	contact := q.contactOf(t, id)
	for range 2 {
		if err := q.inbox.Block(t.Context(), contact, ana, true); err != nil {
			t.Fatal(err)
		}
	}
	for _, thread := range []string{"u1", "another"} {
		r, err := q.Receive(t.Context(), conversation.Inbound{Channel: "slack", Account: "shop", Thread: thread, Sender: "u1", ExternalID: knowledge.NewID(), Text: "more spam"})
		if err != nil || r.DueIn >= 0 || r.Reopened {
			t.Errorf("Receive = due in %v, reopened %v, %v, want it stored without a turn", r.DueIn, r.Reopened, err)
		}
	}
	ms, err := q.Transcript(t.Context(), id, 0, 10)
	if err != nil || len(ms) != 2 || ms[1].Text != "more spam" {
		t.Errorf("log = %+v, %v, want both messages", ms, err)
	}
	if n, err := q.inbox.Count(t.Context(), ana.StaffID); err != nil || n.Queue != 0 || n.Unread != 0 || n.Dropped != 0 {
		t.Errorf("Count = %+v, %v, want nobody waiting", n, err)
	}
	if ts, err := q.store.ClaimDue(t.Context(), 10, nil, 1e9); err != nil || len(ts) != 0 {
		t.Errorf("ClaimDue = %d turns, %v, want none", len(ts), err)
	}
	if err := q.inbox.Block(t.Context(), contact, ana, false); err != nil {
		t.Fatal(err)
	}
	r, err := q.Receive(t.Context(), conversation.Inbound{Channel: "slack", Account: "shop", Thread: "u1", Sender: "u1", ExternalID: knowledge.NewID(), Text: "sorry"})
	if err != nil || r.DueIn < 0 || !r.Reopened {
		t.Errorf("Receive after unblocking = due in %v, reopened %v, %v, want a new episode with its turn", r.DueIn, r.Reopened, err)
	}
}

func TestErasingLeavesNothingButTheReceipt(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	ana := q.person(t, "Ana")
	id, other := q.says(t, "slack", "Milena", "my number is 4711-Zeppelin"), q.says(t, "slack", "u2", "unrelated")
	if _, err := q.Reply(t.Context(), id, ana, "Thank you, Milena.", ""); err != nil {
		t.Fatal(err)
	}
	if err := q.store.Record(t.Context(), []conversation.Call{{Conversation: id, Purpose: "suggest", Outcome: "ok"}}); err != nil {
		t.Fatal(err)
	}
	q.index(t)
	contact := q.contactOf(t, id)
	var out bytes.Buffer
	if err := q.inbox.ExportContact(t.Context(), contact, &out); err != nil {
		t.Fatal(err)
	}
	var export struct {
		Contact       struct{ Name string }
		Conversations []struct {
			Messages []struct{ Text string }
			Owners   []struct{ Reason string }
		}
	}
	if err := json.Unmarshal(out.Bytes(), &export); err != nil {
		t.Fatalf("export %s: %v", out.String(), err)
	}
	if len(export.Conversations) != 1 || len(export.Conversations[0].Messages) != 3 || export.Contact.Name != "Milena" || len(export.Conversations[0].Owners) != 1 {
		t.Errorf("export = %s, want one conversation of three messages and its owner", out.String())
	}
	first, err := q.inbox.Erase(t.Context(), contact, ana)
	if err != nil || first.Erased["messages"] != 3 || first.Erased["contacts"] != 1 || first.Erased["message_terms"] != 3 || first.Receipt != first.Seal() {
		t.Fatalf("Erase = %+v, %v, want the rows counted under a receipt", first, err)
	}
	again, err := q.inbox.Erase(t.Context(), contact, ana)
	if err != nil || again.Receipt != first.Receipt || again.Seal() != first.Receipt {
		t.Errorf("Erase again = %+v, %v, want the same receipt", again, err)
	}
	if _, err := q.inbox.Row(t.Context(), id, ""); !errors.Is(err, conversation.ErrNotFound) {
		t.Errorf("Row = %v, want ErrNotFound", err)
	}
	if err := q.inbox.ExportContact(t.Context(), contact, &out); !errors.Is(err, conversation.ErrNoContact) {
		t.Errorf("Export = %v, want ErrNoContact", err)
	}
	if _, err := q.inbox.Row(t.Context(), other, ""); err != nil {
		t.Errorf("somebody else's conversation: %v", err)
	}
	// No table has a word of it left.
	rows, err := q.pool.Query(t.Context(), `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`)
	if err != nil {
		t.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
	}
	if len(tables) < 20 {
		t.Fatalf("only %d tables", len(tables))
	}
	for _, table := range tables {
		var n int
		if err := q.pool.QueryRow(t.Context(), `SELECT count(*) FROM "`+table+`" x WHERE x::text ILIKE '%milena%' OR x::text ILIKE '%zeppelin%' OR x::text LIKE '%`+id+`%'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			t.Errorf("%s has %d rows left with what was erased", table, n)
		}
	}
}

func TestCannedRepliesFillInWhatIsKnown(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	ana := q.person(t, "Ana")
	id := q.says(t, "slack", "Bo {{staff.name}}", "hello")
	text := "Hello {{contact.first_name}} ({{ Contact.Name }}), {{staff.name}} here. Your plan: {{contact.plan}}{{nonsense}} {{open"
	c, err := q.store.SaveCanned(t.Context(), conversation.Canned{Shortcut: "hi", Text: text})
	if err != nil {
		t.Fatal(err)
	}
	same, err := q.store.SaveCanned(t.Context(), conversation.Canned{Shortcut: "hi", Text: text})
	if err != nil || same.ID != c.ID {
		t.Errorf("SaveCanned again = %s, %v, want %s", same.ID, err, c.ID)
	}
	if _, err := q.store.SaveCanned(t.Context(), conversation.Canned{Shortcut: "HI", Text: "other"}); !errors.Is(err, conversation.ErrExists) {
		t.Errorf("SaveCanned of a taken shortcut = %v, want ErrExists", err)
	}
	got, missing, err := q.inbox.RenderCanned(t.Context(), c.ID, id, ana)
	want := "Hello Bo (Bo {{staff.name}}), Ana here. Your plan:  {{open"
	if err != nil || got != want || strings.Join(missing, ",") != "contact.plan,nonsense" {
		t.Errorf("RenderCanned = %q missing %v, %v, want %q", got, missing, err, want)
	}
}

func TestPreferencesAreEachPersonsOwn(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	me := knowledge.NewID()
	if err := q.store.SetPreferences(t.Context(), me, []byte(`{"theme":"dark"}`)); err != nil {
		t.Fatal(err)
	}
	mine, err := q.store.Preferences(t.Context(), me)
	if err != nil || !bytes.Contains(mine, []byte("dark")) {
		t.Errorf("Preferences = %s, %v, want the dark theme", mine, err)
	}
	if other, err := q.store.Preferences(t.Context(), knowledge.NewID()); err != nil || string(other) != "{}" {
		t.Errorf("somebody else's = %s, %v, want {}", other, err)
	}
}
