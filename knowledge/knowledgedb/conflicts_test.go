package knowledgedb_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"frontdesk/knowledge"
)

// compared compares the entries of a document with all others.
func (ed *editor) compared(t testing.TB, document string) {
	t.Helper()
	if err := ed.CompareDocument(t.Context(), document); err != nil {
		t.Fatalf("CompareDocument = %v", err)
	}
}

// open lists the open conflicts, a page of one at a time.
func (ed *editor) open(t testing.TB) []knowledge.Conflict {
	t.Helper()
	var out []knowledge.Conflict
	cursor := ""
	for {
		page, next, err := ed.Conflicts(t.Context(), cursor, 1)
		if err != nil {
			t.Fatalf("Conflicts = %v", err)
		}
		if out = append(out, page...); next == "" {
			return out
		}
		cursor = next
	}
}

const (
	policy = "question,answer\nHow long do refunds take?,Refunds take 5 working days.\nDo you sell gloves?,\"Yes, upstairs.\"\nCan I park there?,Behind the shop.\n"
	manual = "question,answer\nHow long does a refund take?,Refunds take 14 working days.\nCan I park there at all?,Behind the shop.\nWho founded it?,Two sisters.\n"
)

func TestPairsAreOpenUntilOneChangesOrSomebodyDismissesThem(t *testing.T) {
	ed := newEditor(t)
	one := ed.taken(t, "policy.csv", policy).Document
	ed.compared(t, one.ID)
	if got := ed.open(t); len(got) != 0 {
		t.Fatalf("conflicts of one document = %+v, want none", got)
	}
	other := ed.taken(t, "manual.csv", manual).Document
	ed.compared(t, other.ID)
	got := ed.open(t)
	if len(got) != 2 {
		t.Fatalf("conflicts = %+v, want two", got)
	}
	kinds := map[knowledge.NearKind]knowledge.Conflict{}
	for _, c := range got {
		kinds[c.Kind] = c
	}
	numbers, twice := kinds[knowledge.NearContradiction], kinds[knowledge.NearDuplicate]
	if !strings.Contains(numbers.Why, "numbers") || numbers.Similarity < .7 || !strings.Contains(fmt.Sprint(numbers.Entries), "14 working days") {
		t.Errorf("contradiction = %+v, want that in numbers with both texts", numbers)
	}
	if twice.Entries[0].Answer != "Behind the shop." || twice.Entries[0].Document == twice.Entries[1].Document {
		t.Errorf("duplicate = %+v, want the two of both documents", twice)
	}

	if err := ed.DismissConflict(t.Context(), twice.ID, "ana"); err != nil {
		t.Fatalf("DismissConflict = %v", err)
	}
	if err := ed.DismissConflict(t.Context(), twice.ID, "ben"); err != nil {
		t.Errorf("DismissConflict again = %v, want no error", err)
	}
	for _, id := range []string{knowledge.NewID(), "nonsense"} {
		if err := ed.DismissConflict(t.Context(), id, "ana"); !errors.Is(err, knowledge.ErrNotFound) {
			t.Errorf("DismissConflict(%s) = %v, want ErrNotFound", id, err)
		}
	}
	// What is the same is not looked at again, and stays dismissed.
	ed.taken(t, "manual.csv", manual+"More?,Yes.\n")
	ed.compared(t, other.ID)
	if got := ed.open(t); len(got) != 1 || got[0].ID != numbers.ID {
		t.Errorf("conflicts after an import = %+v, want the one not dismissed", got)
	}
	// A text that changes is judged anew.
	e := ed.named(t, "Can I park there at all?")
	e.Entry.Answer = "Behind the shop, for 2 hours."
	if _, err := ed.EditEntry(t.Context(), e.ID, e.Version, e.Entry); err != nil {
		t.Fatal(err)
	}
	ed.settled(t, other.ID)
	ed.compared(t, other.ID)
	if got := ed.open(t); len(got) != 2 {
		t.Errorf("conflicts after an edit = %+v, want the pair open again", got)
	}
	e = ed.named(t, "How long does a refund take?")
	e.Entry.Answer = "Refunds take 5 working days."
	if _, err := ed.EditEntry(t.Context(), e.ID, e.Version, e.Entry); err != nil {
		t.Fatal(err)
	}
	ed.settled(t, other.ID)
	if got := ed.open(t); len(got) != 1 {
		t.Errorf("conflicts before the edit is compared = %+v, want that of the changed entry gone", got)
	}
	if err := ed.DeleteDocument(t.Context(), one.ID); err != nil {
		t.Fatal(err)
	}
	if got := ed.open(t); len(got) != 0 {
		t.Errorf("conflicts without the other document = %+v, want none", got)
	}
	ed.compared(t, other.ID)
	if n := ed.count(t, `SELECT count(*) FROM entry_conflicts`); n != 0 {
		t.Errorf("%d pairs are kept, want none of entries that are gone", n)
	}
}

func TestOnlyNewEntriesAreCompared(t *testing.T) {
	ed := newEditor(t)
	doc := ed.taken(t, "policy.csv", policy).Document
	due := func() int { return ed.count(t, `SELECT count(*) FROM documents WHERE compare_due`) }
	checked := func() int { return ed.count(t, `SELECT count(*) FROM entry_checks`) }
	if due() != 1 || checked() != 0 {
		t.Fatalf("%d due, %d checked; want one document to be compared", due(), checked())
	}
	ed.compared(t, doc.ID)
	if due() != 0 || checked() != 3 {
		t.Errorf("%d due, %d checked; want all done", due(), checked())
	}
	before := ed.count(t, `SELECT sum(xmin::text::bigint) FROM entry_checks`)
	ed.taken(t, "policy.csv", policy+"One more?,Yes.\n")
	if due() != 1 {
		t.Errorf("%d due after a new version, want one", due())
	}
	ed.compared(t, doc.ID)
	if checked() != 4 || ed.count(t, `SELECT sum(xmin::text::bigint) FROM entry_checks WHERE entry_id <> $1`, ed.named(t, "One more?").ID) != before {
		t.Errorf("%d checked, want the new one alone to be", checked())
	}
}

func TestADryRunWarnsOfWhatIsNear(t *testing.T) {
	ed := newEditor(t)
	ed.taken(t, "policy.csv", policy)
	r := ed.dry(t, "manual.csv", manual+"Who has founded it?,Three brothers.\n")
	if !r.Importable() || r.NotCompared != 0 {
		t.Errorf("report = %+v, want it importable all the same", r)
	}
	near := map[string]string{}
	for _, row := range r.Rows {
		for _, n := range row.Near {
			near[row.Question] += n.Words() + "; "
		}
	}
	for q, want := range map[string]string{
		"How long does a refund take?": `may contradict the entry "How long do refunds take?" in "policy.csv": the questions are nearly the same, but the answers name different numbers; `,
		"Can I park there at all?":     `nearly repeats the entry "Can I park there?" in "policy.csv"`,
		"Who founded it?":              "may contradict row 5: ",
		"Who has founded it?":          "may contradict row 4: ",
	} {
		if !strings.HasPrefix(near[q], want) {
			t.Errorf("row %q is near %q, want %q", q, near[q], want)
		}
	}
	if again := ed.dry(t, "policy.csv", policy); len(again.Rows[0].Near)+len(again.Rows[2].Near) != 0 {
		t.Errorf("the same file again = %+v, want no row near what it replaces", again.Rows)
	}
	if n := ed.count(t, `SELECT count(*) FROM documents`); n != 1 {
		t.Errorf("%d documents after a dry run, want 1", n)
	}
}
