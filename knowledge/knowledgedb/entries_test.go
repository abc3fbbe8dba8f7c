package knowledgedb_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/knowledge"
	"frontdesk/knowledge/extract"
	"frontdesk/knowledge/lexical"
	"frontdesk/migrations/dbtest"
)

// importer is a server that works and takes in files of entries.
type importer struct {
	*server
	*knowledge.Import
}

func newImporter(t testing.TB) *importer {
	t.Helper()
	im := &importer{server: newServer(t, dbtest.URL(t), nil, textReader)}
	im.Import = knowledge.NewImport(im.Ingest, im.Documents, extract.Entries, lexical.Key)
	im.start(t)
	return im
}

// taken imports a file and waits until its entries are searchable.
func (im *importer) taken(t testing.TB, name, text string) knowledge.ImportReport {
	t.Helper()
	r, err := im.ImportEntries(t.Context(), name, []byte(text), false)
	if err != nil {
		t.Fatalf("ImportEntries(%q) = %+v, %v; want no error", name, r, err)
	}
	if d := im.settled(t, r.Document.ID); d.Status != knowledge.StatusReady {
		t.Fatalf("document = %+v, want it ready", d)
	}
	return r
}

func (im *importer) dry(t testing.TB, name, text string) knowledge.ImportReport {
	t.Helper()
	r, err := im.ImportEntries(t.Context(), name, []byte(text), true)
	if err != nil {
		t.Fatalf("ImportEntries(%q) = %v, want no error", name, err)
	}
	return r
}

func (im *importer) answer(t testing.TB, question string) string {
	t.Helper()
	r := search(t, im.Documents, question)
	if len(r.Hits) == 0 || !r.Hits[0].Exact {
		return ""
	}
	return r.Hits[0].Text
}

const shop = "question,answer,alternatives,lang,verbatim,url\n" +
	"Do you ship to Malta?,\"Yes, in 2 to 5 days.\",Malta delivery|Do you deliver to Malta?,en,no,\n" +
	"How do I pay?,By card.,,en,no,https://shop.example/pay\n" +
	"When are you open?,From 9 to 5.,opening hours,en,yes,\n"

func TestEachRowGetsItsVerdict(t *testing.T) {
	im := newImporter(t)
	im.taken(t, "shop.csv", shop)
	for _, c := range []struct {
		name, row string
		verdict   knowledge.Verdict
		changes   string
		why       string
	}{
		{"another question", "Do you repair bikes?,Yes.,,,,", knowledge.EntryNew, "", ""},
		{"all the same, the question folded", "DO YOU SHIP TO  MALTA,\"Yes, in 2 to 5 days.\",Do you deliver to Malta?|Malta delivery,en,,", knowledge.EntrySame, "", ""},
		{"no language named", "How do I pay?,By card.,,,,https://shop.example/pay", knowledge.EntrySame, "", ""},
		{"another answer", "How do I pay?,By invoice.,,en,,https://shop.example/pay", knowledge.EntryChanged, "answer", ""},
		{"another wording", "How do I pay?,By card.,payment,en,,https://shop.example/pay", knowledge.EntryChanged, "alternatives", ""},
		{"another language", "How do I pay?,By card.,,de,,https://shop.example/pay", knowledge.EntryChanged, "lang", ""},
		{"word for word", "How do I pay?,By card.,,en,yes,https://shop.example/pay", knowledge.EntryChanged, "verbatim", ""},
		{"another address", "How do I pay?,By card.,,en,,https://shop.example/", knowledge.EntryChanged, "url", ""},
		{"all of it", "How do I pay?,Cash.,x,de,yes,", knowledge.EntryChanged, "answer alternatives lang verbatim url", ""},
		{"no answer", "How do I pay?,,,,,", knowledge.EntryInvalid, "", "no answer"},
		{"no question", ",Cash.,,,,", knowledge.EntryInvalid, "", "no question"},
		{"no word in the question", "?!,Cash.,,,,", knowledge.EntryInvalid, "", "no letter"},
		{"a flag that is none", "How?,So.,,,perhaps,", knowledge.EntryInvalid, "", "yes or no"},
		{"a column too many", "How?,So.,,,,,and more", knowledge.EntryInvalid, "", "7 columns"},
		{"a stray quote", `How "so?,So.,,,,`, knowledge.EntryInvalid, "", "quote"},
		{"an answer of 1 MB", "How?," + strings.Repeat("a", 1<<20) + ",,,,", knowledge.EntryInvalid, "", "65536 bytes"},
		{"a question of 1 MB", strings.Repeat("a", 1<<20) + ",So.,,,,", knowledge.EntryInvalid, "", "2000 bytes"},
		{"an address of 1 MB", "How?,So.,,,," + strings.Repeat("a", 1<<20), knowledge.EntryInvalid, "", "2000 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := im.dry(t, "shop.csv", "question,answer,alternatives,lang,verbatim,url\n"+c.row+"\nAnother?,Fine.,,,,\n")
			if len(r.Rows) != 2 {
				t.Fatalf("rows = %+v, want 2", r.Rows)
			}
			got := r.Rows[0]
			if got.Verdict != c.verdict || strings.Join(got.Changes, " ") != c.changes || !strings.Contains(got.Why, c.why) || got.Row != 2 {
				t.Errorf("row = %.300s, want line 2 %s with changes %q because %q", fmt.Sprintf("%+v", got), c.verdict, c.changes, c.why)
			}
			if r.Rows[1].Verdict != knowledge.EntryNew || r.Totals[c.verdict] < 1 {
				t.Errorf("the row after is %+v of %v, want it new and all counted", r.Rows[1], r.Totals)
			}
		})
	}
}

func TestRowsOfAFileThatContradictEachOtherAreInConflict(t *testing.T) {
	im := newImporter(t)
	r := im.dry(t, "new.jsonl", `{"question":"Where is it?","answer":"Here."}
{"question":"where is IT","answer":"There."}
{"question":"Is it far?","answer":"No.","alternatives":["How do I get there?"]}
{"question":"How do I get there?","answer":"By bus."}
{"question":"Can I park?","answer":"Yes."}
{"question":"can i park","answer":"Yes."}
{"question":"Is it far","answer":"No."}
`)
	var got []knowledge.Verdict
	for _, row := range r.Rows {
		got = append(got, row.Verdict)
	}
	con, fresh := knowledge.EntryConflict, knowledge.EntryNew
	if want := []knowledge.Verdict{con, con, con, con, fresh, fresh, fresh}; !slices.Equal(got, want) {
		t.Errorf("verdicts = %v, want %v", got, want)
	}
	if r.Rows[0].Why != "row 2 asks the same and answers otherwise" || r.Rows[3].Why != "row 3 asks the same and answers otherwise" {
		t.Errorf("reasons are %q and %q, want each to name the other row", r.Rows[0].Why, r.Rows[3].Why)
	}
	if r.Importable() {
		t.Errorf("Importable() = true with totals %v, want false", r.Totals)
	}
}

func TestARowAndAnotherDocumentsEntry(t *testing.T) {
	im := newImporter(t)
	im.taken(t, "shop.csv", shop)
	for _, c := range []struct {
		row     string
		verdict knowledge.Verdict
		why     string
	}{
		{"How do I reach you?,By phone.,How do I pay", knowledge.EntryConflict, "How do I pay?"}, // asks what the entry asks
		{"Opening Hours,Never.,", knowledge.EntryConflict, "When are you open?"},                 // asks what an alternative asks
		{"Do you post?,Never.,malta delivery", knowledge.EntryConflict, "Do you ship to Malta?"}, // an alternative of both
		{"What about cards?,By card.,how do i pay?", knowledge.EntryNew, ""},                     // answers alike
	} {
		row := im.dry(t, "more.csv", "question,answer,alternatives\n"+c.row+"\n").Rows[0]
		if row.Verdict != c.verdict || !strings.Contains(row.Why, c.why) || c.why != "" && row.Document.Name != "shop.csv" {
			t.Errorf("%q is %+v, want %s with %q of shop.csv", c.row, row, c.verdict, c.why)
		}
	}
	r := im.dry(t, "more.csv", "question,answer\nHow do I pay?,In gold.\n")
	if row := r.Rows[0]; row.Verdict != knowledge.EntryChanged || row.Document.Name != "shop.csv" || !strings.Contains(row.Why, "beside") {
		t.Errorf("row = %+v, want it changed, beside the entry of shop.csv", row)
	}
	// In place of its own document the old wordings go, and contradict nothing.
	r = im.dry(t, "shop.csv", "question,answer\nopening hours,Always.\nHow do I pay?,In gold.\n")
	if !r.Importable() || r.Removed != 2 || r.Replaces.Name != "shop.csv" || r.Rows[0].Verdict != knowledge.EntryNew {
		t.Errorf("report = %+v, want it importable in place of shop.csv with 2 entries removed", r)
	}
}

func TestADryRunChangesNothing(t *testing.T) {
	im := newImporter(t)
	im.taken(t, "shop.csv", shop)
	const state = `SELECT hashtext((SELECT string_agg(d::text, '' ORDER BY id) FROM documents d) || (SELECT string_agg(p::text, '' ORDER BY id) FROM passages p) ||
		(SELECT string_agg(id::text || kind, '' ORDER BY id) FROM river_job))`
	im.stop(t)
	before := im.count(t, state)
	im.dry(t, "shop.csv", strings.ReplaceAll(shop, "By card.", "By invoice."))
	im.dry(t, "other.csv", shop)
	if after := im.count(t, state); after != before {
		t.Errorf("the database went from %d to %d in a dry run, want it unchanged", before, after)
	}
}

func TestAnImportIsAllOrNothing(t *testing.T) {
	im := newImporter(t)
	im.taken(t, "shop.csv", shop)
	for _, bad := range []string{"How?,\n", "How do I pay?,In gold.\nhow do i pay,In silver.\n"} {
		r, err := im.ImportEntries(t.Context(), "shop.csv", []byte("question,answer\nDo you repair bikes?,Yes.\n"+bad), false)
		if !errors.Is(err, knowledge.ErrRefused) || len(r.Rows) < 2 || r.Document.ID != "" {
			t.Errorf("ImportEntries(%q) = %+v, %v; want ErrRefused with the report", bad, r, err)
		}
	}
	if got := im.answer(t, "How do I pay?"); got != "By card." {
		t.Errorf("after refused imports it answers %q, want what it did before", got)
	}
	if n := im.count(t, `SELECT count(*) FROM documents`); n != 1 {
		t.Errorf("%d documents, want 1", n)
	}

	r := im.taken(t, "shop.csv", "question,answer\nHow do I pay?,By invoice.\nDo you repair bikes?,Yes.\n")
	if r.Document.ID != r.Replaces.ID || r.Removed != 2 || r.Totals[knowledge.EntryChanged] != 1 || r.Totals[knowledge.EntryNew] != 1 {
		t.Errorf("report = %+v, want one new, one changed, two removed in the same document", r)
	}
	if got := im.answer(t, "How do I pay?"); got != "By invoice." {
		t.Errorf("it answers %q, want the imported answer", got)
	}
	if got := im.answer(t, "When are you open?"); got != "" {
		t.Errorf("it answers %q to what the file does not have, want nothing", got)
	}
	if again := im.dry(t, "shop.csv", "question,answer\nHow do I pay?,By invoice.\nDo you repair bikes?,Yes.\n"); again.Totals[knowledge.EntrySame] != 2 {
		t.Errorf("after the import totals are %v, want 2 the same", again.Totals)
	}
	if n := im.count(t, `SELECT count(*) FROM documents`); n != 1 {
		t.Errorf("%d documents, want 1", n)
	}
}

func TestTwoImportsOfAFileDoNotMeet(t *testing.T) {
	im := newImporter(t)
	err := im.Alone(t.Context(), "shop.csv", func(ctx context.Context) error {
		if _, err := im.ImportEntries(ctx, "shop.csv", []byte(shop), false); !errors.Is(err, knowledge.ErrBusy) {
			t.Errorf("ImportEntries beside another = %v, want ErrBusy", err)
		}
		_, err := im.ImportEntries(ctx, "shop.csv", []byte(shop), true)
		return err
	})
	if err != nil {
		t.Errorf("a dry run beside an import = %v, want no error", err)
	}
	im.taken(t, "shop.csv", shop)
}

func TestWhatACellSaysIsData(t *testing.T) {
	im := newImporter(t)
	im.taken(t, "evil.csv", "question,answer,alternatives\n"+
		"\"=HYPERLINK(\"\"http://evil.example\"\") now?\",\"@SUM(1+1)*cmd|' /C calc'!A0\",+1-2\n"+
		"Is this\x1b[31m red\u202e?,Y\u00ades\u202e.,\n'; DROP TABLE passages; --,Fine.,\n")
	if got := im.answer(t, `=HYPERLINK("http://evil.example") now?`); got != "@SUM(1+1)*cmd|' /C calc'!A0" {
		t.Errorf("the answer is %q, want the formula as it is written", got)
	}
	if got := im.answer(t, "Is this[31m red?"); got != "Yes." {
		t.Errorf("the answer is %q, want it without control characters", got)
	}
	if got := im.answer(t, "'; DROP TABLE passages; --"); got != "Fine." {
		t.Errorf("the answer is %q, want Fine", got)
	}
	im.taken(t, "evil.jsonl", `{"question":"Zero\u0000?","answer":"n\u0000one","alternatives":["no\u0000ne\u001b","\u0000"]}`)
	if got := im.answer(t, "none"); got != "none" {
		t.Errorf("the answer is %q, want the escapes cleaned", got)
	}
}

func TestFilesThatAreNoEntriesAreRefused(t *testing.T) {
	im := newImporter(t)
	many := "question,answer\n" + strings.Repeat("How?,So.\n", knowledge.MaxImportRows+1)
	bad := "question,answer\n" + strings.Repeat("How?,\n", knowledge.MaxImportRows+1)
	wordings := "question,answer,alternatives\n" + strings.Repeat("How?,So.,a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p|q|r|s|t|u|v|w|x|y|z\n", knowledge.MaxImportRows/4)
	var distinct strings.Builder
	distinct.WriteString("question,answer,alternatives\n")
	for i := range 2001 {
		fmt.Fprintf(&distinct, "q%d,So.,", i)
		for j := range 100 {
			fmt.Fprintf(&distinct, "q%dx%d|", i, j)
		}
		distinct.WriteString("\n")
	}
	for _, c := range []struct {
		name, text string
		want       error
		says       string
	}{
		{"a.md", "# Title\n\nText.\n", knowledge.ErrUnsupported, "CSV"},
		{"a.csv", "title,text\nA,B\n", knowledge.ErrCorrupt, "question and answer"},
		{"a.csv", "", knowledge.ErrEmpty, "empty"},
		{"a.csv", "question,answer\n\n", knowledge.ErrEmpty, "no entries"},
		{"a.json", `{"question":`, knowledge.ErrCorrupt, "JSON"},
		{"a.csv", many, knowledge.ErrTooLarge, "20000 rows"},
		{"a.csv", bad, knowledge.ErrTooLarge, "20000 rows"},
		{"a.csv", distinct.String(), knowledge.ErrTooLarge, "200000 questions"},
		{"a.csv", "question,answer\n" + strings.Repeat("x", extract.MaxBytes), knowledge.ErrTooLarge, "20 MB"},
	} {
		if r, err := im.ImportEntries(t.Context(), c.name, []byte(c.text), true); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("ImportEntries(%s, %.40q) = %d rows, %v; want %v that says %q", c.name, c.text, len(r.Rows), err, c.want, c.says)
		}
	}
	if r := im.dry(t, "a.csv", wordings); r.Totals[knowledge.EntryNew] != knowledge.MaxImportRows/4 {
		t.Errorf("totals = %v, want rows that ask alike and answer alike to be new", r.Totals)
	}
}

func TestTenThousandRowsAreComparedAtOnce(t *testing.T) {
	im := newImporter(t)
	var file, next strings.Builder
	file.WriteString("question,answer,alternatives\n")
	next.WriteString("question,answer,alternatives\n")
	for i := range 10_000 {
		fmt.Fprintf(&file, "What is part %d for?,It is for machine %d.,part number %d|purpose of part %d\n", i, i%97, i, i)
		if i%10 > 0 {
			fmt.Fprintf(&next, "What is part %d for?,It is for machine %d.,part number %d|purpose of part %d\n", i, i%97+i%10/9, i, i)
		} else {
			fmt.Fprintf(&next, "What is new part %d for?,Nothing.,\n", i)
		}
	}
	im.taken(t, "parts.csv", file.String())
	began := time.Now()
	r := im.dry(t, "parts.csv", next.String())
	t.Logf("10,000 rows compared with 10,000 entries in %v", time.Since(began).Round(time.Millisecond))
	if r.Totals[knowledge.EntrySame] != 8000 || r.Totals[knowledge.EntryChanged] != 1000 || r.Totals[knowledge.EntryNew] != 1000 || r.Removed != 1000 {
		t.Errorf("totals = %v and %d removed, want 8000 the same, 1000 changed, new and removed", r.Totals, r.Removed)
	}
}
