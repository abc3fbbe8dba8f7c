package knowledgedb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdesk/knowledge"
)

func TestChangesTellsWhatChangedSinceAMoment(t *testing.T) {
	s := newStore(t, nil)
	docs, err := s.Documents()
	if err != nil {
		t.Fatal(err)
	}
	sites := docs.Sites()
	old := newDocument(t, s, "old")
	if _, err := s.pool.Exec(t.Context(), `UPDATE documents SET updated_at = now() - interval '1 hour'`); err != nil {
		t.Fatal(err)
	}
	start, err := sites.Changes(t.Context(), time.Time{})
	if err != nil || start.At.IsZero() || len(start.Documents) > 0 {
		t.Fatalf("Changes(no moment) = %+v, %v; want the moment alone", start, err)
	}
	id := newDocument(t, s, "new")
	if err := s.SetProgress(t.Context(), id, knowledge.Progress{Done: 3, Total: 9}); err != nil {
		t.Fatal(err)
	}
	got, err := sites.Changes(t.Context(), start.At)
	if err != nil || len(got.Documents) != 1 || got.Documents[0].ID != id || got.Documents[0].Progress != (knowledge.Progress{Done: 3, Total: 9}) {
		t.Errorf("Changes = %+v, %v; want document %s at 3 of 9 and not %s", got.Documents, err, id, old)
	}
	if err := s.SetStatus(t.Context(), id, knowledge.StatusExtracting, ""); err != nil {
		t.Fatal(err)
	}
	if d, err := docs.Document(t.Context(), id); err != nil || d.Progress != (knowledge.Progress{}) {
		t.Errorf("a new stage has progress %+v, %v; want none", d.Progress, err)
	}
	if err := s.SetProgress(t.Context(), "00000000-0000-4000-8000-000000000000", knowledge.Progress{}); !errors.Is(err, knowledge.ErrNotFound) {
		t.Errorf("SetProgress of a document that is gone = %v, want ErrNotFound", err)
	}
}

// prudish refuses texts with a word in them, alone or in company.
type prudish struct {
	fakeEmbedder
	word string
}

func (e *prudish) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	for _, t := range texts {
		if e.word != "" && strings.Contains(t, e.word) {
			return nil, fmt.Errorf("%w: not this", knowledge.ErrUnembeddable)
		}
	}
	return e.fakeEmbedder.Embed(ctx, texts)
}

func TestAPassageTheModelRefusesDoesNotHoldUpTheOthers(t *testing.T) {
	e := &prudish{fakeEmbedder{model: "m", dims: 8}, "frowned"}
	s := newStore(t, e)
	docs, err := s.Documents()
	if err != nil {
		t.Fatal(err)
	}
	var ps []knowledge.Passage
	for i := range 20 {
		ps = append(ps, entry(fmt.Sprintf("question %d", i), "answer"))
	}
	ps[3].Text, ps[11].Text = "frowned upon", "also frowned upon"
	id := newDocument(t, s, "FAQ")
	put(t, s, id, ps...)
	d, err := docs.Document(t.Context(), id)
	if err != nil || d.Status != knowledge.StatusReady || !strings.Contains(d.Error, "2 passages") || !strings.Contains(d.Error, "not this") {
		t.Fatalf("document = %+v, %v; want it ready with a word on 2 passages", d, err)
	}
	count := func() (n int) {
		if err := s.pool.QueryRow(t.Context(), `SELECT count(*) FROM embeddings`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 18 {
		t.Errorf("%d passages have vectors, want 18", n)
	}
	if err := docs.requeueUnembedded(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d, _ := docs.Document(t.Context(), id); d.Status != knowledge.StatusReady {
		t.Errorf("a start puts the document to %s, want it left ready", d.Status)
	}
	e.word = ""
	if d, err = docs.RetryDocument(t.Context(), id); err != nil || d.Status != knowledge.StatusEmbedding || d.Error != "" {
		t.Fatalf("RetryDocument = %+v, %v; want it embedding", d, err)
	}
	if err := s.Embed(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != 20 {
		t.Errorf("%d passages have vectors after a retry, want 20", n)
	}
	if d, err := docs.RetryDocument(t.Context(), id); err != nil || d.Status != knowledge.StatusReady {
		t.Errorf("RetryDocument of a whole one = %s, %v; want it left ready", d.Status, err)
	}
	for _, none := range []string{"00000000-0000-4000-8000-000000000000", "x"} {
		if _, err := docs.RetryDocument(t.Context(), none); !errors.Is(err, knowledge.ErrNotFound) {
			t.Errorf("RetryDocument(%q) = %v, want ErrNotFound", none, err)
		}
	}
}

func TestAModelThatRefusesEverythingMarksNoPassage(t *testing.T) {
	e := &prudish{fakeEmbedder{model: "m", dims: 8}, "e"} // harmless has one too
	s := newStore(t, e)
	id := newDocument(t, s, "FAQ")
	if err := s.Publish(t.Context(), id, "FAQ", []knowledge.Passage{entry("When?", "Then."), entry("Where?", "There.")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Embed(t.Context(), id); !errors.Is(err, knowledge.ErrUnembeddable) {
		t.Errorf("Embed = %v, want ErrUnembeddable", err)
	}
	var marked int
	if err := s.pool.QueryRow(t.Context(), `SELECT count(*) FROM passages WHERE embed_error <> ''`).Scan(&marked); err != nil || marked != 0 {
		t.Errorf("%d passages are marked, %v; want none", marked, err)
	}
}
