package knowledgedb_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

func (b *server) passages(t testing.TB, document string) []knowledge.ShelvedPassage {
	t.Helper()
	var out []knowledge.ShelvedPassage
	for cursor := ""; ; {
		page, next, err := b.Documents.Passages(t.Context(), document, cursor, 1)
		if err != nil {
			t.Fatalf("Passages(%s) = %v", document, err)
		}
		out = append(out, page...)
		if cursor = next; next == "" {
			return out
		}
	}
}

func (b *server) found(t testing.TB, query string) (texts []string) {
	t.Helper()
	r, err := b.Find(t.Context(), knowledge.Query{Text: query})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range r.Hits {
		texts = append(texts, h.Text)
	}
	return texts
}

func set[T any](v T) *T { return &v }

const tale = "# Care guide\n\n## Washing\n\nWash the zebra jumper by hand, in cold water, and never longer than it takes. It is dried flat on a towel.\n\n" +
	"## Ironing\n\nIron the walrus scarf with steam alone. It keeps its shape for years when it is hung up while it is still a little warm.\n"

func TestAHiddenPassageIsNeverFoundUntilItIsShown(t *testing.T) {
	for name, e := range map[string]*fakeEmbedder{"by words": nil, "by meaning too": newFakeEmbedder()} {
		t.Run(name, func(t *testing.T) {
			var embedder knowledge.Embedder
			if e != nil {
				embedder = e
			}
			b := newServer(t, dbtest.URL(t), embedder, textReader)
			var told atomic.Int32
			b.OnChange(func(context.Context) { told.Add(1) })
			b.start(t)
			d := b.settled(t, b.add(t, "care.md", tale).ID)
			faq := b.settled(t, b.add(t, "faq.csv", "question,answer\nWhere is the walrus?,At sea.\n").ID)
			ps := b.passages(t, d.ID)
			if len(b.found(t, "zebra")) == 0 || len(ps) == 0 {
				t.Fatalf("nothing found before, passages %d", len(ps))
			}
			terms := b.count(t, `SELECT count(*) FROM terms`)
			ed := knowledge.NewEditor(b.Ingest, b.Documents)
			before := told.Load()
			for _, p := range append(ps, b.passages(t, faq.ID)...) {
				got, err := ed.ChangePassage(t.Context(), p.ID, p.Version, knowledge.PassageChange{Hidden: set(true)})
				if err != nil || !got.Hidden || got.Version != p.Version+1 {
					t.Fatalf("hide = %+v, %v; want it hidden", got, err)
				}
			}
			if n := told.Load() - before; int(n) <= len(ps) {
				t.Errorf("%d changes were told, want one for each passage", n)
			}
			for _, q := range []string{"zebra jumper", "Where is the walrus?"} {
				if got := b.found(t, q); len(got) != 0 {
					t.Errorf("Find(%q) = %q, want nothing", q, got)
				}
			}
			if n := b.count(t, `SELECT count(*) FROM terms`) + b.count(t, `SELECT passages FROM lexicon`) + b.count(t, `SELECT sum(passages)::int FROM documents`); n != 0 {
				t.Errorf("%d terms and passages are counted still, want none", n)
			}
			for _, p := range append(b.passages(t, d.ID), b.passages(t, faq.ID)...) {
				if _, err := ed.ChangePassage(t.Context(), p.ID, p.Version, knowledge.PassageChange{Hidden: set(false)}); err != nil {
					t.Fatalf("show = %v", err)
				}
			}
			b.settled(t, d.ID)
			b.settled(t, faq.ID)
			if got := b.found(t, "Where is the walrus?"); len(got) == 0 || got[0] != "At sea." {
				t.Errorf("found once shown = %q, want the entry first", got)
			}
			if n := b.count(t, `SELECT count(*) FROM terms`); n != terms {
				t.Errorf("terms = %d, want the %d of before", n, terms)
			}
			if n := b.count(t, `SELECT count(*) FROM passages p WHERE NOT EXISTS (SELECT FROM embeddings e WHERE e.passage_id = p.id)`); e != nil && n != 0 {
				t.Errorf("%d passages are without a vector, want none", n)
			}
		})
	}
}

func TestAnEditedPassageIsFoundByItsNewText(t *testing.T) {
	e := newFakeEmbedder()
	b := newServer(t, dbtest.URL(t), e, textReader)
	b.start(t)
	d := b.settled(t, b.add(t, "care.md", tale).ID)
	p := b.passages(t, d.ID)[0]
	ed := knowledge.NewEditor(b.Ingest, b.Documents)
	ctx := knowledge.WithPerson(t.Context(), knowledge.Person{ID: "7", Name: "Ana"})
	got, err := ed.ChangePassage(ctx, p.ID, p.Version, knowledge.PassageChange{Text: set(" Ask the ocelot. ")})
	if err != nil || got.Text != "Ask the ocelot." || got.Original != p.Text || got.EditedBy.Name != "Ana" || got.EditedAt.IsZero() || got.Tokens >= p.Tokens {
		t.Fatalf("ChangePassage = %+v, %v; want it edited by Ana and shorter", got, err)
	}
	b.settled(t, d.ID)
	if hits := b.found(t, "ocelot"); len(hits) == 0 || hits[0] != "Ask the ocelot." {
		t.Errorf("Find(ocelot) = %q, want the new text first", hits)
	}
	if n := b.count(t, `SELECT count(*) FROM passages p JOIN embeddings e ON e.passage_id = p.id`); n != len(b.passages(t, d.ID)) {
		t.Errorf("%d passages have a vector, want each", n)
	}
	if now, err := ed.ChangePassage(t.Context(), p.ID, p.Version, knowledge.PassageChange{Text: set("Mine.")}); !errors.Is(err, knowledge.ErrVersion) || now.Text != "Ask the ocelot." {
		t.Errorf("edit of an old version = %q, %v; want ErrVersion with the text as it is", now.Text, err)
	}
	back, err := ed.ChangePassage(t.Context(), p.ID, got.Version, knowledge.PassageChange{Text: &p.Text})
	if err != nil || back.Original != "" || back.EditedBy.Name != "" || back.Tokens != p.Tokens {
		t.Errorf("edit to the text as it was cut = %+v, %v; want no edit left", back, err)
	}
	for name, c := range map[string]struct {
		id   string
		text string
		want error
	}{"empty": {p.ID, " ", knowledge.ErrEmpty}, "of none": {knowledge.NewID(), "x", knowledge.ErrNotFound}, "of no id": {"x", "x", knowledge.ErrNotFound}} {
		if _, err := ed.ChangePassage(t.Context(), c.id, 1, knowledge.PassageChange{Text: &c.text}); !errors.Is(err, c.want) {
			t.Errorf("edit %s = %v, want %v", name, err, c.want)
		}
	}
	faq := b.settled(t, b.add(t, "faq.csv", "question,answer\nQ?,A.\n").ID)
	if _, err := ed.ChangePassage(t.Context(), b.passages(t, faq.ID)[0].ID, 1, knowledge.PassageChange{Text: set("B.")}); !errors.Is(err, knowledge.ErrNotEditable) {
		t.Errorf("edit of an entry's passage = %v, want ErrNotEditable", err)
	}
}

func TestReadingAnewReplacesEditsAndKeepsHiddenWhatIsTheSame(t *testing.T) {
	ed := newEditor(t)
	doc := ed.taken(t, "kept.csv", kept).Document
	ps := ed.passages(t, doc.ID)
	if _, err := ed.ChangePassage(t.Context(), ps[1].ID, 1, knowledge.PassageChange{Hidden: set(true)}); err != nil {
		t.Fatal(err)
	}
	a := ed.named(t, "Alpha?")
	a.Answer = "Otherwise."
	if _, err := ed.EditEntry(t.Context(), a.ID, "*", a.Entry); err != nil {
		t.Fatal(err)
	}
	ed.settled(t, doc.ID)
	now := ed.passages(t, doc.ID)
	if !now[1].Hidden || now[0].Hidden || now[2].Hidden || len(ed.found(t, "Beta?")) != 0 {
		t.Errorf("passages = %+v, want the second alone hidden still", now)
	}
	if d, err := ed.Document(t.Context(), doc.ID); err != nil || d.Passages != 2 {
		t.Errorf("document = %+v, %v; want 2 searchable passages", d, err)
	}
}

func TestUsesAreCountedOnce(t *testing.T) {
	ed := newEditor(t)
	doc := ed.taken(t, "kept.csv", kept).Document
	ps := ed.passages(t, doc.ID)
	cite := func(seq int, author, passages string) {
		t.Helper()
		_, err := ed.pool.Exec(t.Context(), `WITH c AS (INSERT INTO contacts (id) VALUES (gen_random_uuid()) RETURNING id), v AS (
				INSERT INTO conversations (id, contact_id, channel, account, thread) SELECT gen_random_uuid(), id, 'widget', '', gen_random_uuid()::text FROM c RETURNING id)
			INSERT INTO messages (conversation_id, seq, author, body, episode, sources)
			SELECT id, $1, $2, 'x', 1, $3::jsonb FROM v`, seq, author, passages)
		if err != nil {
			t.Fatal(err)
		}
	}
	both := fmt.Sprintf(`[{"passage": %q}, {"passage": %q}]`, ps[0].ID, ps[1].ID)
	for i := range 3 {
		cite(i+1, "bot", both)
	}
	cite(4, "bot", fmt.Sprintf(`[{"passage": %q}, {"passage": "nonsense"}, {}, {"passage": %q}]`, ps[0].ID, knowledge.NewID()))
	cite(5, "staff", both)
	cite(6, "bot", `null`)
	for range 2 {
		if err := ed.CountUses(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	d, err := ed.Shelved(t.Context(), doc.ID)
	if err != nil || d.Hits != 4 || d.LastUsed.IsZero() {
		t.Errorf("Shelved = %d hits, %v, %v; want 4", d.Hits, d.LastUsed, err)
	}
	a, b := ed.named(t, "Alpha?"), ed.named(t, "Beta?")
	uses, err := ed.EntryUses(t.Context(), []string{a.ID, b.ID, knowledge.NewID()})
	if err != nil || len(uses) != 2 || uses[a.ID].Hits != 4 || uses[b.ID].Hits != 3 {
		t.Errorf("EntryUses = %+v, %v; want 4 and 3", uses, err)
	}
}

func TestDocumentsAreFiltered(t *testing.T) {
	ed := newEditor(t)
	ed.taken(t, "kept.csv", kept)
	ed.taken(t, "other.csv", "question,answer,lang\nQuando?,Domani.,pt-br\n")
	for _, c := range []struct {
		name string
		f    knowledge.DocumentFilter
		want int
	}{
		{"all", knowledge.DocumentFilter{}, 2}, {"by name", knowledge.DocumentFilter{Text: "KEPT"}, 1}, {"by a pattern", knowledge.DocumentFilter{Text: "%"}, 0},
		{"ready", knowledge.DocumentFilter{Status: knowledge.StatusReady}, 2}, {"failed", knowledge.DocumentFilter{Status: knowledge.StatusFailed}, 0},
		{"pages", knowledge.DocumentFilter{Kind: knowledge.KindPage}, 0}, {"files", knowledge.DocumentFilter{Kind: knowledge.KindFile}, 2},
		{"of a site", knowledge.DocumentFilter{Site: knowledge.NewID()}, 0}, {"in a language", knowledge.DocumentFilter{Lang: "pt"}, 1},
		{"due", knowledge.DocumentFilter{DueBefore: "2026-03-02"}, 1}, {"not due yet", knowledge.DocumentFilter{DueBefore: "2026-03-01"}, 0},
	} {
		n := 0
		for cursor := ""; ; {
			page, next, err := ed.ShelvedDocuments(t.Context(), c.f, cursor, 1)
			if err != nil {
				t.Fatalf("%s = %v", c.name, err)
			}
			n += len(page)
			if cursor = next; next == "" {
				break
			}
		}
		if n != c.want {
			t.Errorf("%s = %d documents, want %d", c.name, n, c.want)
		}
	}
}

func TestAnEntryCanBeWhatItWas(t *testing.T) {
	ed := newEditor(t)
	doc := ed.taken(t, "kept.csv", kept).Document
	a := ed.named(t, "Alpha?")
	ctx := knowledge.WithPerson(t.Context(), knowledge.Person{ID: "7", Name: "Ana"})
	next := a.Entry
	next.Question, next.Answer = "Alpha now?", "Changed."
	got, err := ed.EditEntry(ctx, a.ID, a.Version, next)
	if err != nil {
		t.Fatal(err)
	}
	ed.settled(t, doc.ID)
	h, err := ed.EntryHistory(t.Context(), a.ID)
	if err != nil || len(h) != 2 || h[0].Kind != knowledge.EntryEdited || h[0].By.Name != "Ana" || h[1].Kind != knowledge.EntryBefore || h[1].Entry.Answer != "First." || h[1].By.Name != "" {
		t.Fatalf("EntryHistory = %+v, %v; want the edit by Ana and what was before", h, err)
	}
	if now, err := ed.RestoreEntry(ctx, a.ID, h[1].ID, a.Version); !errors.Is(err, knowledge.ErrVersion) || now.Answer != "Changed." {
		t.Errorf("restore over another version = %+v, %v; want ErrVersion with the entry as it is", now, err)
	}
	back, err := ed.RestoreEntry(ctx, a.ID, h[1].ID, got.Version)
	if err != nil || back.Version != a.Version || back.Question != "Alpha?" {
		t.Fatalf("RestoreEntry = %+v, %v; want the entry as it was", back, err)
	}
	ed.settled(t, doc.ID)
	if err := ed.DeleteEntry(ctx, a.ID, "*"); err != nil {
		t.Fatal(err)
	}
	ed.settled(t, doc.ID)
	gone, err := ed.DeletedEntries(t.Context())
	if err != nil || len(gone) != 1 || gone[0].EntryID != a.ID || gone[0].Entry.Answer != "First." {
		t.Fatalf("DeletedEntries = %+v, %v; want the one", gone, err)
	}
	if back, err = ed.RestoreEntry(ctx, a.ID, gone[0].ID, ""); err != nil || back.ID != a.ID {
		t.Fatalf("restore of a deleted entry = %+v, %v; want it under its id", back, err)
	}
	ed.settled(t, doc.ID)
	if e := ed.named(t, "Alpha?"); e.ID != a.ID || e.Answer != "First." || e.Owner != "ana@shop.example" {
		t.Errorf("entry = %+v, want all of it back", e)
	}
	if gone, err = ed.DeletedEntries(t.Context()); err != nil || len(gone) != 0 {
		t.Errorf("DeletedEntries = %+v, %v; want none", gone, err)
	}
	if h, err = ed.EntryHistory(t.Context(), a.ID); err != nil || len(h) != 5 || h[0].Kind != knowledge.EntryRestored {
		t.Errorf("EntryHistory = %d versions, %v; want 5", len(h), err)
	}
	if _, err := ed.RestoreEntry(ctx, a.ID, 1<<40, "*"); !errors.Is(err, knowledge.ErrNotFound) {
		t.Errorf("restore of no version = %v, want ErrNotFound", err)
	}
}

func TestTheLastEntryComesBackWithItsDocument(t *testing.T) {
	ed := newEditor(t)
	doc := ed.taken(t, "one.csv", "question,answer\nOnly?,This.\n").Document
	e := ed.named(t, "Only?")
	if err := ed.DeleteEntry(t.Context(), e.ID, "*"); err != nil {
		t.Fatal(err)
	}
	if _, err := ed.Document(t.Context(), doc.ID); !errors.Is(err, knowledge.ErrNotFound) {
		t.Fatalf("Document = %v, want it gone with its last entry", err)
	}
	gone, err := ed.DeletedEntries(t.Context())
	if err != nil || len(gone) != 1 {
		t.Fatalf("DeletedEntries = %+v, %v; want the one", gone, err)
	}
	if _, err := ed.RestoreEntry(t.Context(), e.ID, gone[0].ID, ""); err != nil {
		t.Fatal(err)
	}
	d := ed.settled(t, doc.ID)
	if again := ed.named(t, "Only?"); again.ID != e.ID || again.Answer != "This." || d.Name != "one.csv" {
		t.Errorf("entry = %+v of %+v, want the same in the document of the same name", again, d)
	}
}

func TestAHistoryHasItsBound(t *testing.T) {
	ed := newEditor(t)
	ed.taken(t, "one.csv", "question,answer\nOnly?,This.\n")
	e := ed.named(t, "Only?")
	for i := range knowledge.MaxVersions + 10 {
		v := []knowledge.EntryVersion{{EntryID: e.ID, Document: e.Document, Version: fmt.Sprint(i), Kind: knowledge.EntryEdited, Entry: e.Entry}}
		if err := ed.NoteVersions(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
	if n := ed.count(t, `SELECT count(*) FROM entry_versions`); n != knowledge.MaxVersions {
		t.Errorf("%d versions are kept, want %d", n, knowledge.MaxVersions)
	}
}

func TestDeletingADocumentEndsItsReading(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan error, 1)
	reader := textReader
	reader.Extract = func(ctx context.Context, name, mediaType string, data []byte) (knowledge.Text, error) {
		close(begun)
		for ctx.Err() == nil {
			knowledge.ReportProgress(ctx, knowledge.Progress{Done: 1, Total: 2})
		}
		ended <- context.Cause(ctx)
		return knowledge.Text{}, ctx.Err()
	}
	b := newServer(t, dbtest.URL(t), nil, reader)
	d := b.add(t, "long.txt", "much text")
	done := make(chan error, 1)
	go func() { done <- b.Process(t.Context(), d.ID) }()
	<-begun
	if err := b.DeleteDocument(t.Context(), d.ID); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, knowledge.ErrNotFound) {
		t.Errorf("reading ended for %v, want ErrNotFound", err)
	}
	if err := <-done; err != nil {
		t.Errorf("Process = %v, want no error for a document that is gone", err)
	}
}
