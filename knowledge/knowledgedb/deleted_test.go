package knowledgedb_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

// texts are the texts a search finds, best first.
func (b *server) texts(t testing.TB, query string) []string {
	t.Helper()
	res, err := b.Find(t.Context(), knowledge.Query{Text: query})
	if err != nil {
		t.Fatalf("Find(%q) = %v", query, err)
	}
	var out []string
	for _, h := range res.Hits {
		out = append(out, h.Text)
	}
	return out
}

// snapshot is all that is there of a table's rows, but for what a restore stamps anew.
func (b *server) snapshot(t testing.TB, table, order string) string {
	t.Helper()
	var rows []json.RawMessage
	if err := b.pool.QueryRow(t.Context(), `SELECT coalesce(array_agg((to_jsonb(x) - 'updated_at') ORDER BY `+order+`), '{}') FROM `+table+` x`).Scan(&rows); err != nil {
		t.Fatal(err)
	}
	all, _ := json.Marshal(rows)
	return string(all)
}

func TestADeletedDocumentIsNowhereAndComesBackAsItWas(t *testing.T) {
	const query = "zebra jumper"
	embedder := newFakeEmbedder()
	b := newServer(t, dbtest.URL(t), embedder, textReader)
	b.start(t)
	other := b.settled(t, b.add(t, "b.md", "# Parcels\n\nThey take two days.\n").ID)
	before := b.snapshot(t, "terms", "dim")
	d := b.settled(t, b.add(t, "a.md", "# Care\n\n## How do I wash the zebra jumper?\n\nBy hand.\n\n## May I iron it?\n\nNo, never.\n").ID)
	ps, _, err := b.Passages(t.Context(), d.ID, "", 10)
	if err != nil || len(ps) < 2 {
		t.Fatalf("Passages = %d, %v; want two at least", len(ps), err)
	}
	yes, text := true, "Wash the zebra jumper never."
	if _, err := b.ChangePassage(t.Context(), ps[1].ID, ps[1].Version, knowledge.PassageChange{Hidden: &yes}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.ChangePassage(t.Context(), ps[0].ID, ps[0].Version, knowledge.PassageChange{Text: &text, Tokens: 6}); err != nil {
		t.Fatal(err)
	}
	b.settled(t, d.ID)
	if _, err := b.pool.Exec(t.Context(), `INSERT INTO document_uses VALUES ($1, 7, '2026-01-02'); `, d.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.pool.Exec(t.Context(), `INSERT INTO gaps (id, questions, customers, first_at, last_at, document_id) VALUES (gen_random_uuid(), 1, 1, now(), now(), $1)`, d.ID); err != nil {
		t.Fatal(err)
	}
	was := map[string]string{}
	tables := map[string]string{"documents": "id", "passages": "id", "lexemes": "passage_id", "terms": "dim", "vocabulary": "word, dim", "embeddings": "passage_id, model_id", "document_uses": "document_id", "gaps": "id"}
	for table, order := range tables {
		was[table] = b.snapshot(t, table, order)
	}
	embedder.mu.Lock()
	embedded := len(embedder.texts)
	embedder.mu.Unlock()

	ctx := knowledge.WithPerson(t.Context(), knowledge.Person{ID: "1", Name: "Ana"})
	if err := b.PutAway(ctx, d.ID); err != nil {
		t.Fatalf("PutAway = %v", err)
	}
	if got := b.snapshot(t, "terms", "dim"); got != before {
		t.Error("terms of the deleted document are still counted")
	}
	if n := b.count(t, `SELECT (SELECT count(*) FROM documents) + (SELECT count(DISTINCT document_id) FROM passages)`); n != 2 {
		t.Errorf("%d documents and documents of passages are left, want the other's alone", n)
	}
	if got := b.texts(t, query); slices.Contains(got, text) {
		t.Errorf("Find = %q, want nothing of the deleted document", got)
	}
	list, next, err := b.DeletedDocuments(t.Context(), "", 10)
	if err != nil || next != "" || len(list) != 1 || list[0].ID != d.ID || list[0].Name != d.Name || list[0].By.Name != "Ana" || list[0].Until().Sub(list[0].At) != knowledge.DeletedFor {
		t.Fatalf("DeletedDocuments = %+v, %q, %v; want it, deleted by Ana", list, next, err)
	}
	if err := b.PutAway(ctx, d.ID); !errors.Is(err, knowledge.ErrNotFound) {
		t.Errorf("PutAway again = %v, want ErrNotFound", err)
	}

	back, err := b.RestoreDocument(t.Context(), d.ID)
	if err != nil || back.ID != d.ID {
		t.Fatalf("RestoreDocument = %+v, %v", back, err)
	}
	if got := b.texts(t, query); len(got) == 0 || got[0] != text {
		t.Errorf("Find = %q at once, want the edited passage first", got)
	}
	b.settled(t, d.ID)
	for table, order := range tables {
		if got := b.snapshot(t, table, order); got != was[table] {
			t.Errorf("%s after the restore:\n%s\nwant\n%s", table, got, was[table])
		}
	}
	embedder.mu.Lock()
	if again := slices.DeleteFunc(embedder.texts[embedded:], func(s string) bool { return s == query }); len(again) > 0 {
		t.Errorf("%q were embedded again, want none", again)
	}
	embedder.mu.Unlock()
	for _, id := range []string{d.ID, other.ID, "no-uuid", ""} {
		if _, err := b.RestoreDocument(t.Context(), id); !errors.Is(err, knowledge.ErrNotFound) {
			t.Errorf("RestoreDocument(%q) = %v, want ErrNotFound", id, err)
		}
	}
	if n := b.count(t, `SELECT (SELECT count(*) FROM deleted_documents) + (SELECT count(*) FROM deleted_passages) + (SELECT count(*) FROM deleted_embeddings) + (SELECT count(*) FROM deletions)`); n != 0 {
		t.Errorf("%d rows are left of what was deleted", n)
	}
}

func TestADeletedDocumentsTwinKeepsItsPlace(t *testing.T) {
	b := newServer(t, dbtest.URL(t), nil, textReader)
	b.start(t)
	d := b.settled(t, b.add(t, "a.md", guide).ID)
	if err := b.PutAway(t.Context(), d.ID); err != nil {
		t.Fatal(err)
	}
	twin := b.settled(t, b.add(t, "again.md", guide).ID)
	if twin.ID == d.ID || twin.Status != knowledge.StatusReady {
		t.Fatalf("the same bytes again = %+v, want a document of their own", twin)
	}
	if got, err := b.RestoreDocument(t.Context(), d.ID); !errors.Is(err, knowledge.ErrKnown) || got.ID != twin.ID {
		t.Errorf("RestoreDocument = %+v, %v; want ErrKnown with the twin", got, err)
	}
	if err := b.PutAway(t.Context(), twin.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := b.RestoreDocument(t.Context(), d.ID); err != nil || got.ID != d.ID {
		t.Errorf("RestoreDocument without the twin = %+v, %v; want it back", got, err)
	}
}

func TestWhatWasNotReadToItsEndIsReadAfterARestore(t *testing.T) {
	b := newServer(t, dbtest.URL(t), nil, textReader)
	d := b.add(t, "a.md", guide) // nobody works yet
	if err := b.PutAway(t.Context(), d.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.RestoreDocument(t.Context(), d.ID); err != nil {
		t.Fatal(err)
	}
	b.start(t)
	if d = b.settled(t, d.ID); d.Status != knowledge.StatusReady || d.Passages != 2 {
		t.Errorf("document = %+v, want it ready", d)
	}
}

func TestDeletedDocumentsAreErasedInTheirTime(t *testing.T) {
	b := newServer(t, dbtest.URL(t), nil, textReader)
	b.start(t)
	var ids []string
	for _, text := range []string{"one", "two", "three"} {
		d := b.settled(t, b.add(t, text+".txt", text).ID)
		if err := b.PutAway(t.Context(), d.ID); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, d.ID)
	}
	if _, err := b.pool.Exec(t.Context(), `UPDATE deletions SET at = now() - interval '30 days' WHERE document_id = $1`, ids[0]); err != nil {
		t.Fatal(err)
	}
	var cursor string
	var listed []string
	for {
		page, next, err := b.DeletedDocuments(t.Context(), cursor, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range page {
			listed = append(listed, x.ID)
		}
		if cursor = next; next == "" {
			break
		}
	}
	if want := []string{ids[2], ids[1]}; !slices.Equal(listed, want) {
		t.Errorf("DeletedDocuments = %q, want %q: the last first, without what is too old", listed, want)
	}
	if n, err := b.EraseOld(t.Context()); err != nil || n != 1 {
		t.Errorf("EraseOld = %d, %v; want 1", n, err)
	}
	if err := b.EraseDeleted(t.Context(), ids[1]); err != nil {
		t.Errorf("EraseDeleted = %v", err)
	}
	for _, id := range []string{ids[0], ids[1], "no-uuid"} {
		if err := b.EraseDeleted(t.Context(), id); !errors.Is(err, knowledge.ErrNotFound) {
			t.Errorf("EraseDeleted(%q) = %v, want ErrNotFound", id, err)
		}
	}
	if n := b.count(t, `SELECT (SELECT count(*) FROM deleted_documents) * 10 + (SELECT count(*) FROM deleted_passages)`); n != 11 {
		t.Errorf("%d tens of documents and ones of passages are kept, want one each", n)
	}
}

// Rows are moved whole, so a column that is only on one side would be lost or fail.
func TestTheTablesOfDeletedDocumentsAreTwins(t *testing.T) {
	b := newServer(t, dbtest.URL(t), nil, textReader)
	const columns = `SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute
		WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`
	for _, table := range []string{"documents", "passages", "embeddings"} {
		var one, twin string
		for name, to := range map[string]*string{table: &one, "deleted_" + table: &twin} {
			if err := b.pool.QueryRow(t.Context(), columns, name).Scan(to); err != nil {
				t.Fatal(err)
			}
		}
		if one != twin {
			t.Errorf("%s has %s\nits twin %s", table, one, twin)
		}
	}
}
