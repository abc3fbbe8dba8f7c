package knowledgedb_test

import (
	"errors"
	"log/slog"
	"testing"

	"frontdesk/conversation"
	"frontdesk/knowledge"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/migrations/dbtest"
)

// The engine looks for this ability where it finds passages.
var _ conversation.PassageReader = (*knowledgedb.Store)(nil)

func TestPassageIsReadAsItIsFound(t *testing.T) {
	pool := dbtest.New(t)
	s := knowledgedb.New(pool, nil, slog.New(slog.DiscardHandler))
	ctx := t.Context()
	var doc string
	if err := pool.QueryRow(ctx, `INSERT INTO documents (name, url) VALUES ('FAQ', 'https://shop.example/faq') RETURNING id::text`).Scan(&doc); err != nil {
		t.Fatal(err)
	}
	if err := s.Publish(ctx, doc, "d", []knowledge.Passage{{Title: "Can I return it?", Alternatives: []string{"Refund?"}, Text: "Within 30 days.", IsEntry: true}}); err != nil {
		t.Fatal(err)
	}
	found, err := s.Find(ctx, knowledge.Query{Text: "refund"})
	if err != nil || len(found.Hits) != 1 {
		t.Fatalf("Find = %+v, %v, want the entry", found, err)
	}
	want := found.Hits[0].Passage
	got, err := s.Passage(ctx, want.ID)
	if err != nil || got.Title != want.Title || got.Text != want.Text || got.URL != want.URL || got.Document != want.Document || !got.IsEntry || len(got.Alternatives) != 1 {
		t.Errorf("Passage = %+v, %v, want %+v", got, err, want)
	}
	if _, err := pool.Exec(ctx, `DELETE FROM documents`); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{want.ID, "", "no id", "p1'; DROP"} {
		if _, err := s.Passage(ctx, id); !errors.Is(err, knowledge.ErrNotFound) {
			t.Errorf("Passage(%q) = %v, want ErrNotFound", id, err)
		}
	}
}
