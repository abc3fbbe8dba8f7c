package knowledgedb_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"frontdesk/knowledge"
	"frontdesk/knowledge/extract"
	"frontdesk/knowledge/lexical"
	"frontdesk/migrations/dbtest"
)

// editor is a server that works, takes in files of entries and edits them.
type editor struct {
	*importer
	*knowledge.Editor
}

func newEditor(t testing.TB) *editor {
	t.Helper()
	im := newImporter(t)
	return &editor{im, knowledge.NewEditor(im.Ingest, im.Documents)}
}

// list returns all entries that pass the filter, a page of two at a time.
func (ed *editor) list(t testing.TB, f knowledge.EntryFilter) []knowledge.ListedEntry {
	t.Helper()
	var out []knowledge.ListedEntry
	cursor := ""
	for {
		page, next, err := ed.Documents.Entries(t.Context(), f, cursor, 2)
		if err != nil {
			t.Fatalf("Entries(%+v) = %v", f, err)
		}
		out = append(out, page...)
		if next == "" {
			return out
		}
		cursor = next
	}
}

func questions(entries []knowledge.ListedEntry) string {
	var out []string
	for _, e := range entries {
		out = append(out, e.Question)
	}
	return strings.Join(out, " ")
}

func (ed *editor) named(t testing.TB, question string) knowledge.ListedEntry {
	t.Helper()
	for _, e := range ed.list(t, knowledge.EntryFilter{}) {
		if e.Question == question {
			return e
		}
	}
	t.Fatalf("no entry asks %q", question)
	return knowledge.ListedEntry{}
}

const kept = "question,answer,alternatives,lang,owner,review_by\n" +
	"Alpha?,First.,Aleph?,en,ana@shop.example,2026-03-01\n" +
	"Beta?,Second.,,de,Ben,1.2.2027\n" +
	"Gamma?,Third.,,en-gb,,\n"

func TestEntriesAreListedWithWhatIsKnownOfThem(t *testing.T) {
	ed := newEditor(t)
	doc := ed.taken(t, "kept.csv", kept).Document
	other := ed.taken(t, "other.csv", "question,answer\nDelta?,Fourth.\n").Document
	a := ed.named(t, "Alpha?")
	if a.Owner != "ana@shop.example" || a.ReviewBy != "2026-03-01" || a.Lang != "en" || !slices.Equal(a.Alternatives, []string{"Aleph?"}) ||
		a.Answer != "First." || a.Document != doc || a.Status != knowledge.StatusReady || a.Version == "" || len(a.ID) != 36 {
		t.Errorf("entry = %+v, want all of it", a)
	}
	for _, c := range []struct {
		name string
		f    knowledge.EntryFilter
		want string
	}{
		{"all, the newest document first", knowledge.EntryFilter{}, "Delta? Alpha? Beta? Gamma?"},
		{"in a language and its regions", knowledge.EntryFilter{Lang: "EN", Document: doc.ID}, "Alpha? Gamma?"},
		{"of an owner", knowledge.EntryFilter{Owner: "ben"}, "Beta?"},
		{"of a document", knowledge.EntryFilter{Document: other.ID}, "Delta?"},
		{"of no document", knowledge.EntryFilter{Document: "nonsense"}, ""},
		{"due before a day", knowledge.EntryFilter{DueBefore: "2026-03-02"}, "Alpha?"},
		{"due on the day is not past", knowledge.EntryFilter{DueBefore: "2026-03-01"}, ""},
		{"with a text in an alternative", knowledge.EntryFilter{Text: "ALEPH"}, "Alpha?"},
		{"with a text in the answer", knowledge.EntryFilter{Text: "thi"}, "Gamma?"},
		{"a pattern is a text", knowledge.EntryFilter{Text: "%"}, ""},
	} {
		if got := questions(ed.list(t, c.f)); got != c.want {
			t.Errorf("%s = %q, want %q", c.name, got, c.want)
		}
	}
	if page, _, err := ed.Documents.Entries(t.Context(), knowledge.EntryFilter{}, "nonsense", 1); err != nil || questions(page) != "Delta?" {
		t.Errorf("Entries(bad cursor) = %v, %v; want the first page", page, err)
	}
}

func TestAnEditKeepsTheEntryAndItsNeighbours(t *testing.T) {
	ed := newEditor(t)
	doc := ed.taken(t, "kept.csv", kept).Document
	before := map[string]string{}
	for _, e := range ed.list(t, knowledge.EntryFilter{}) {
		before[e.Question] = e.ID
	}
	b := ed.named(t, "Beta?")
	want := b.Entry
	want.Question, want.Answer, want.Owner, want.ReviewBy = "Beta two?", "Other, \"quoted\"\nand <b>long</b>.", "", "2028-01-31"
	got, err := ed.EditEntry(t.Context(), b.ID, b.Version, want)
	if err != nil || got.ID != b.ID || got.Version == b.Version || got.Answer != want.Answer || got.Document.ID != doc.ID {
		t.Fatalf("EditEntry = %+v, %v; want the entry as it will be", got, err)
	}
	ed.settled(t, doc.ID)
	now := ed.named(t, "Beta two?")
	if now.ID != b.ID || now.Version != got.Version || now.Owner != "" || now.ReviewBy != "2028-01-31" || now.Answer != want.Answer {
		t.Errorf("entry = %+v, want the edit under the same id", now)
	}
	for _, q := range []string{"Alpha?", "Gamma?"} {
		if e := ed.named(t, q); e.ID != before[q] {
			t.Errorf("id of %s = %s, want %s as before", q, e.ID, before[q])
		}
	}
	if got := questions(ed.list(t, knowledge.EntryFilter{})); got != "Alpha? Beta two? Gamma?" {
		t.Errorf("entries = %q, want them in their order", got)
	}
	if d, err := ed.Document(t.Context(), doc.ID); err != nil || d.Name != "kept.csv" {
		t.Errorf("document = %+v, %v; want it called as before", d, err)
	}
	// The file of that name still replaces it, and what it says is the same entry again.
	r := ed.taken(t, "kept.csv", "question,answer\nNew?,Yes.\nGamma?,Third.\nAlpha?,First!\n")
	if r.Document.ID != doc.ID || r.Removed != 1 {
		t.Errorf("import = %+v, want it in place of the edited document, one entry of which goes", r)
	}
	for _, q := range []string{"Alpha?", "Gamma?"} {
		if e := ed.named(t, q); e.ID != before[q] {
			t.Errorf("id of %s after an import = %s, want %s", q, e.ID, before[q])
		}
	}
}

func TestTheSecondOfTwoEditorsIsTold(t *testing.T) {
	ed := newEditor(t)
	ed.taken(t, "kept.csv", kept)
	a := ed.named(t, "Alpha?")
	var wg sync.WaitGroup
	errs := make([]error, 4)
	seen := make([]knowledge.ListedEntry, 4)
	for i := range errs {
		wg.Go(func() {
			e := a.Entry
			e.Answer = fmt.Sprintf("By editor %d.", i)
			seen[i], errs[i] = ed.EditEntry(t.Context(), a.ID, a.Version, e)
		})
	}
	wg.Wait()
	won := slices.Index(errs, nil)
	if won < 0 {
		t.Fatalf("EditEntry by four = %v, want one to succeed", errs)
	}
	for i, err := range errs {
		if i != won && !errors.Is(err, knowledge.ErrVersion) {
			t.Errorf("EditEntry by %d = %v, want ErrVersion", i, err)
		}
		if seen[i].Answer != seen[won].Answer {
			t.Errorf("editor %d is told %q, want the winner's %q", i, seen[i].Answer, seen[won].Answer)
		}
	}
	// The same again, for want of an answer, is no conflict and no work.
	again := a.Entry
	again.Answer = seen[won].Answer
	jobs := ed.count(t, `SELECT count(*) FROM river_job`)
	if got, err := ed.EditEntry(t.Context(), a.ID, a.Version, again); err != nil || got.Version != seen[won].Version {
		t.Errorf("the same edit again = %+v, %v; want it done already", got, err)
	}
	if n := ed.count(t, `SELECT count(*) FROM river_job`); n != jobs {
		t.Errorf("%d jobs, want the %d there were", n, jobs)
	}
	ed.settled(t, a.Document.ID)
	if got, err := ed.Entry(t.Context(), a.ID); err != nil || got.Answer != seen[won].Answer {
		t.Errorf("Entry = %+v, %v; want the winner's", got, err)
	}
}

func TestTheOldAnswerStandsUntilTheEditIsReadAndIsReadBackAtOnce(t *testing.T) {
	reading, goOn := make(chan struct{}, 1), make(chan struct{})
	hold := false
	reader := textReader
	b := newServer(t, dbtest.URL(t), nil, reader)
	b.start(t)
	im := knowledge.NewImport(b.Ingest, b.Documents, extract.Entries, lexical.Key)
	if _, err := im.ImportEntries(t.Context(), "kept.csv", []byte(kept), false); err != nil {
		t.Fatal(err)
	}
	list := func() []knowledge.ListedEntry {
		all, _, err := b.Entries(t.Context(), knowledge.EntryFilter{}, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	docs, _, err := b.Documents.Documents(t.Context(), "", 1)
	if err != nil {
		t.Fatal(err)
	}
	b.settled(t, docs[0].ID)
	b.stop(t)
	worker := reader
	worker.Extract = func(ctx context.Context, name, mediaType string, data []byte) (knowledge.Text, error) {
		if hold {
			reading <- struct{}{}
			<-goOn
		}
		return extract.Extract(ctx, name, mediaType, data)
	}
	hold = true
	b2 := newServer(t, b.url, nil, worker)
	b2.start(t)
	ed := knowledge.NewEditor(b.Ingest, b.Documents)
	a := list()[0]
	e := a.Entry
	e.Answer = "Changed."
	if _, err := ed.EditEntry(t.Context(), a.ID, a.Version, e); err != nil {
		t.Fatalf("EditEntry = %v", err)
	}
	<-reading
	if got := list()[0]; got.Answer != a.Answer || got.Version != a.Version {
		t.Errorf("searchable while the edit is read: %+v, want the old text", got)
	}
	if got, err := ed.Entry(t.Context(), a.ID); err != nil || got.Answer != "Changed." || got.Status == knowledge.StatusReady {
		t.Errorf("Entry while the edit is read = %+v, %v; want the new text, on its way", got, err)
	}
	close(goOn)
	b2.settled(t, a.Document.ID)
	if got := list()[0]; got.Answer != "Changed." || got.ID != a.ID {
		t.Errorf("searchable then: %+v, want the new text", got)
	}
}

func TestADeletedEntryIsGoneAtOnceAndTheLastTakesItsDocument(t *testing.T) {
	ed := newEditor(t)
	doc := ed.taken(t, "kept.csv", kept).Document
	a, b, c := ed.named(t, "Alpha?"), ed.named(t, "Beta?"), ed.named(t, "Gamma?")
	ed.stop(t) // nobody reads the document meanwhile
	if err := ed.DeleteEntry(t.Context(), a.ID, "another"); !errors.Is(err, knowledge.ErrVersion) {
		t.Errorf("DeleteEntry(other version) = %v, want ErrVersion", err)
	}
	if err := ed.DeleteEntry(t.Context(), a.ID, a.Version); err != nil {
		t.Fatalf("DeleteEntry = %v", err)
	}
	if got := ed.answer(t, "alpha"); got != "" {
		t.Errorf("the deleted entry still answers %q", got)
	}
	if got := ed.answer(t, "beta"); got != "Second." {
		t.Errorf("its neighbour answers %q, want Second.", got)
	}
	if err := ed.DeleteEntry(t.Context(), a.ID, "*"); !errors.Is(err, knowledge.ErrNotFound) {
		t.Errorf("DeleteEntry again = %v, want ErrNotFound", err)
	}
	for _, e := range []knowledge.ListedEntry{b, c} {
		if err := ed.DeleteEntry(t.Context(), e.ID, "*"); err != nil {
			t.Fatalf("DeleteEntry(%s) = %v", e.Question, err)
		}
	}
	if _, err := ed.Document(t.Context(), doc.ID); !errors.Is(err, knowledge.ErrNotFound) {
		t.Errorf("Document = %v, want ErrNotFound with its last entry", err)
	}
}

func TestWhatCannotBeEditedIsRefusedAndLeftAlone(t *testing.T) {
	ed := newEditor(t)
	ed.taken(t, "kept.csv", kept)
	a := ed.named(t, "Alpha?")
	for name, c := range map[string]struct {
		id, question, answer, day string
		want                      error
	}{
		"no such entry":       {knowledge.NewID(), "Q?", "A.", "", knowledge.ErrNotFound},
		"no id":               {"nonsense", "Q?", "A.", "", knowledge.ErrNotFound},
		"no answer":           {a.ID, "Q?", " ", "", knowledge.ErrCorrupt},
		"a day that is none":  {a.ID, "Q?", "A.", "soon", knowledge.ErrCorrupt},
		"a question too long": {a.ID, strings.Repeat("q", 3000), "A.", "", knowledge.ErrTooLarge},
	} {
		if _, err := ed.EditEntry(t.Context(), c.id, "*", knowledge.Entry{Question: c.question, Answer: c.answer, ReviewBy: c.day}); !errors.Is(err, c.want) {
			t.Errorf("EditEntry with %s = %v, want %v", name, err, c.want)
		}
	}
	if _, err := ed.pool.Exec(t.Context(), `WITH s AS (INSERT INTO sites (id, url, origin, kind, max_depth, max_pages, every)
		VALUES (gen_random_uuid(), 'https://x.example', 'https://x.example', 'site', 1, 1, '1 day') RETURNING id)
		UPDATE documents SET site_id = s.id FROM s`); err != nil {
		t.Fatal(err)
	}
	if _, err := ed.EditEntry(t.Context(), a.ID, "*", knowledge.Entry{Question: "Q?", Answer: "A."}); !errors.Is(err, knowledge.ErrNotEditable) {
		t.Errorf("EditEntry of a site's page = %v, want ErrNotEditable", err)
	}
	if got := questions(ed.list(t, knowledge.EntryFilter{})); got != "Alpha? Beta? Gamma?" {
		t.Errorf("entries = %q, want them untouched", got)
	}
}

func TestALongAnswerIsOneEntry(t *testing.T) {
	ed := newEditor(t)
	long := strings.TrimSpace(strings.Repeat("This sentence is about sprockets. ", 800))
	ed.added(t, "long.jsonl", `{"question":"What of sprockets?","answer":"`+long+`"}`+"\n"+`{"title":"Beside","text":"A text beside it."}`)
	e := ed.named(t, "What of sprockets?")
	if e.Answer != long || len(ed.list(t, knowledge.EntryFilter{})) != 1 {
		t.Fatalf("entries = %d with an answer of %d bytes, want one with all %d", len(ed.list(t, knowledge.EntryFilter{})), len(e.Answer), len(long))
	}
	e.Entry.Answer = "Short now."
	if _, err := ed.EditEntry(t.Context(), e.ID, e.Version, e.Entry); err != nil {
		t.Fatalf("EditEntry = %v", err)
	}
	ed.settled(t, e.Document.ID)
	if got := ed.answer(t, "what of sprockets"); got != "Short now." {
		t.Errorf("answer = %q, want the edit", got)
	}
	if r := search(t, ed.Documents, "beside"); len(r.Hits) == 0 || r.Hits[0].Text != "A text beside it." {
		t.Errorf("the text beside it is %+v, want it kept", r.Hits)
	}
}

// added adds a document and waits until it is searchable.
func (ed *editor) added(t testing.TB, name, text string) {
	t.Helper()
	if d := ed.settled(t, ed.add(t, name, text).ID); d.Status != knowledge.StatusReady {
		t.Fatalf("document = %+v, want it ready", d)
	}
}
