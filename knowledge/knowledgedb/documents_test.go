package knowledgedb_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"frontdesk/knowledge"
	"frontdesk/knowledge/extract"
	"frontdesk/migrations/dbtest"
)

func TestADocumentBecomesSearchable(t *testing.T) {
	b := newServer(t, dbtest.URL(t), nil, textReader)
	d := b.add(t, "docs/care.md", guide)
	if d.Status != knowledge.StatusQueued || d.Name != "care.md" || d.MediaType != extract.Markdown || d.Bytes != int64(len(guide)) {
		t.Errorf("Add = %+v, want a queued document", d)
	}
	b.start(t)
	var seen []knowledge.Status
	got, err := b.Wait(t.Context(), d.ID, func(d knowledge.Document) { seen = append(seen, d.Status) })
	if err != nil || got.Status != knowledge.StatusReady || got.Passages != 2 || got.Name != "Care guide" {
		t.Errorf("Wait = %+v, %v; want it ready with 2 passages, called by its title", got, err)
	}
	if len(seen) == 0 || seen[len(seen)-1] != knowledge.StatusReady {
		t.Errorf("progress told %v, want ready last", seen)
	}
	res, err := b.Find(t.Context(), knowledge.Query{Text: "may I iron this"})
	if err != nil || len(res.Hits) == 0 || res.Hits[0].Title != "May I iron it?" || res.Hits[0].Document != "Care guide" {
		t.Errorf("Find = %+v, %v; want the passage on ironing", res, err)
	}
}

func TestTheSameBytesAreOneDocument(t *testing.T) {
	b := newServer(t, dbtest.URL(t), nil, textReader)
	b.start(t)
	first := b.add(t, "a.md", guide)
	b.settled(t, first.ID)
	if again := b.add(t, "b.md", guide); again.ID != first.ID || again.Status != knowledge.StatusReady {
		t.Errorf("Add of the same bytes = %+v, want document %s, ready", again, first.ID)
	}
	if n := b.count(t, `SELECT count(*) FROM river_job`); n != 1 {
		t.Errorf("%d jobs for one document, want 1", n)
	}
	var group sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		group.Go(func() {
			d, err := b.Add(t.Context(), knowledge.Upload{Name: "c.md", Data: []byte(guide + "more")})
			if err != nil {
				t.Errorf("Add = %v", err)
			}
			ids[i] = d.ID
		})
	}
	group.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("the same bytes at once became %v, want one document", ids)
			break
		}
	}
}

func TestACorruptDocumentFailsInWordsAndIsNotTriedAgain(t *testing.T) {
	b := newServer(t, dbtest.URL(t), nil, textReader)
	b.start(t)
	d := b.settled(t, b.add(t, "faq.csv", "question,answer\nonly a question,\n").ID)
	if d.Status != knowledge.StatusFailed || !strings.HasPrefix(d.Error, "Corrupt: line 2: there is a question but no answer") || d.Passages != 0 {
		t.Errorf("document = %+v, want it failed, naming the line", d)
	}
	b.stop(t)
	if n := b.count(t, `SELECT count(*) FROM river_job WHERE state = 'cancelled' AND attempt = 1`); n != 1 {
		t.Errorf("%d jobs cancelled after one attempt, want 1", n)
	}
	// The same bytes again are tried again: the server may have learnt to read them.
	if again := b.add(t, "faq.csv", "question,answer\nonly a question,\n"); again.ID != d.ID || again.Status != knowledge.StatusQueued || again.Error != "" {
		t.Errorf("Add after failure = %+v, want the same document queued", again)
	}
}

func TestWhatIsNoDocumentIsRefusedAtOnce(t *testing.T) {
	b := newServer(t, dbtest.URL(t), nil, textReader)
	for data, want := range map[string]error{
		"":                          knowledge.ErrEmpty,
		"{\\rtf1 x}":                knowledge.ErrUnsupported,
		"\x89PNG\r\n\x1a\n\x00\x00": knowledge.ErrUnsupported,
		strings.Repeat("x", 21<<20): knowledge.ErrTooLarge,
	} {
		if d, err := b.Add(t.Context(), knowledge.Upload{Name: "x", Data: []byte(data)}); !errors.Is(err, want) {
			t.Errorf("Add(%.12q) = %+v, %v; want %v", data, d, err, want)
		}
	}
	if n := b.count(t, `SELECT (SELECT count(*) FROM documents) + (SELECT count(*) FROM river_job)`); n != 0 {
		t.Errorf("%d rows are left of what was refused", n)
	}
}

func TestAReaderThatPanicsFailsOnlyItsDocument(t *testing.T) {
	reader := textReader
	reader.Extract = func(ctx context.Context, name, mediaType string, data []byte) (knowledge.Text, error) {
		if name == "bad.txt" {
			panic("index out of range")
		}
		return extract.Extract(ctx, name, mediaType, data)
	}
	b := newServer(t, dbtest.URL(t), nil, reader)
	b.start(t)
	bad, good := b.add(t, "bad.txt", "x"), b.add(t, "good.txt", "y")
	if d := b.settled(t, bad.ID); d.Status != knowledge.StatusFailed || strings.Contains(d.Error, "index") {
		t.Errorf("document = %+v, want it failed without internal text", d)
	}
	if d := b.settled(t, good.ID); d.Status != knowledge.StatusReady {
		t.Errorf("the other document = %+v, want it ready", d)
	}
}

func TestDeleteLeavesNothing(t *testing.T) {
	b := newServer(t, dbtest.URL(t), newFakeEmbedder(), textReader)
	b.start(t)
	d := b.settled(t, b.add(t, "a.md", guide).ID)
	if err := b.DeleteDocument(t.Context(), d.ID); err != nil {
		t.Fatalf("DeleteDocument = %v", err)
	}
	const left = `SELECT (SELECT count(*) FROM documents) + (SELECT count(*) FROM passages) + (SELECT count(*) FROM lexemes)
		+ (SELECT count(*) FROM embeddings) + (SELECT count(*) FROM terms) + (SELECT passages FROM lexicon)`
	if n := b.count(t, left); n != 0 {
		t.Errorf("%d rows are left of a deleted document", n)
	}
	for _, id := range []string{d.ID, "no-uuid", "", "00000000-0000-0000-0000-000000000000"} {
		if err := b.DeleteDocument(t.Context(), id); !errors.Is(err, knowledge.ErrNotFound) {
			t.Errorf("DeleteDocument(%q) = %v, want ErrNotFound", id, err)
		}
		if _, err := b.Document(t.Context(), id); !errors.Is(err, knowledge.ErrNotFound) {
			t.Errorf("Document(%q) = %v, want ErrNotFound", id, err)
		}
	}
}

func TestAFileKeepsItsSendersEncodingAndAddress(t *testing.T) {
	b := newServer(t, dbtest.URL(t), nil, textReader)
	b.start(t)
	d, err := b.Add(t.Context(), knowledge.Upload{
		Name: "a.txt", MediaType: "text/plain; charset=windows-1253", URL: " https://shop.example/a ", Data: []byte("\xd0\xfe\xf2;"),
	})
	if err != nil || d.URL != "https://shop.example/a" {
		t.Fatalf("Add = %+v, %v; want a document with its address", d, err)
	}
	b.settled(t, d.ID)
	var text string
	if err := b.pool.QueryRow(t.Context(), `SELECT body || ' ' || url FROM passages`).Scan(&text); err != nil || text != "Πώς; https://shop.example/a" {
		t.Errorf("passage = %q, %v; want it read as windows-1253", text, err)
	}
	for _, url := range []string{"http://[", "\xff", strings.Repeat("x", 3000), "a\x00b"} {
		if _, err := b.Add(t.Context(), knowledge.Upload{Name: "b.txt", URL: url, Data: []byte("x")}); err == nil {
			t.Errorf("Add with the address %.20q = nil, want an error", url)
		}
	}
}

func TestALargeTableIsOneDocument(t *testing.T) {
	b := newServer(t, dbtest.URL(t), newFakeEmbedder(), textReader)
	b.start(t)
	var table strings.Builder
	for i := range 719 {
		fmt.Fprintf(&table, "{\"title\":\"Question %d about parcels\",\"text\":\"Answer %d, in a few words.\"}\n", i, i)
	}
	if d := b.settled(t, b.add(t, "corpus.jsonl", table.String()).ID); d.Status != knowledge.StatusReady || d.Passages != 719 {
		t.Errorf("document = %+v, want 719 passages", d)
	}
	if n := b.count(t, `SELECT count(*) FROM embeddings`); n != 719 {
		t.Errorf("%d vectors, want 719", n)
	}
}

func TestDocumentsAreListedNewestFirstByPages(t *testing.T) {
	b := newServer(t, dbtest.URL(t), nil, textReader)
	var want []string
	for i := range 7 {
		want = append([]string{b.add(t, "a.txt", fmt.Sprint("text ", i)).ID}, want...)
	}
	var got []string
	cursor := ""
	for {
		docs, next, err := b.Documents.Documents(t.Context(), cursor, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range docs {
			got = append(got, d.ID)
		}
		if cursor = next; next == "" {
			break
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("Documents = %v, want %v", got, want)
	}
	for _, bad := range []string{"x", "!!", "MjAyNi0wMS0wMVQwMDowMDowMFogeA"} { // the last: a time and "x"
		if docs, _, err := b.Documents.Documents(t.Context(), bad, 3); err != nil || len(docs) != 3 || docs[0].ID != want[0] {
			t.Errorf("Documents(%q) = %d documents, %v; want the first page", bad, len(docs), err)
		}
	}
}

func TestAnEntryIsADocument(t *testing.T) {
	b := newServer(t, dbtest.URL(t), nil, textReader)
	b.start(t)
	id, err := b.AddEntry(t.Context(), knowledge.Entry{Question: "Do you ship to A/B?", Alternatives: []string{"A/B delivery"}, Answer: "Yes.", Verbatim: true, Lang: "en"})
	if err != nil {
		t.Fatal(err)
	}
	if d := b.settled(t, id); d.Status != knowledge.StatusReady || d.Name != "Do you ship to A/B?" || d.Passages != 1 {
		t.Errorf("document = %+v, want one passage called by its question", d)
	}
	res, err := b.Find(t.Context(), knowledge.Query{Text: "a/b delivery"})
	if err != nil || len(res.Hits) == 0 || !res.Hits[0].Exact || !res.Hits[0].Verbatim || !res.Hits[0].IsEntry {
		t.Errorf("Find = %+v, %v; want the entry by its other wording", res, err)
	}
	for _, e := range []knowledge.Entry{{Question: "x"}, {Answer: "x"}, {Question: strings.Repeat("x", 3000), Answer: "y"}} {
		if _, err := b.AddEntry(t.Context(), e); err == nil {
			t.Errorf("AddEntry(%.20q, %q) = nil, want an error", e.Question, e.Answer)
		}
	}
}
