package knowledgedb_test

import (
	"errors"
	"testing"

	"frontdesk/knowledge"
)

func TestADocumentsOwnReviewOutlivesBeingReadAgain(t *testing.T) {
	ed := newEditor(t)
	ed.taken(t, "kept.csv", kept) // with an entry to be reviewed by 2026-03-01
	list, _, err := ed.ShelvedDocuments(t.Context(), knowledge.DocumentFilter{}, "", 9)
	if err != nil || len(list) != 1 {
		t.Fatalf("ShelvedDocuments = %+v, %v", list, err)
	}
	id := list[0].ID
	wants := func(when string, d knowledge.Shelved, err error, first, own string) {
		t.Helper()
		if err != nil || d.ReviewBy != first || d.OwnReviewBy != own {
			t.Errorf("%s: review by %q, own %q, %v; want %q and %q", when, d.ReviewBy, d.OwnReviewBy, err, first, own)
		}
	}
	wants("at first", list[0], nil, "2026-03-01", "")
	d, err := ed.SetReview(t.Context(), id, "2027-01-31")
	wants("later than an entry's", d, err, "2026-03-01", "2027-01-31")
	d, err = ed.SetReview(t.Context(), id, "2026-02-01")
	wants("before an entry's", d, err, "2026-02-01", "2026-02-01")
	if due, _, err := ed.ShelvedDocuments(t.Context(), knowledge.DocumentFilter{DueBefore: "2026-02-02"}, "", 9); err != nil || len(due) != 1 {
		t.Errorf("due = %+v, %v, want the document", due, err)
	}
	if err := ed.Store.Publish(t.Context(), id, "kept.csv", []knowledge.Passage{{Text: "Something else."}}); err != nil {
		t.Fatal(err)
	}
	d, err = ed.Shelved(t.Context(), id)
	wants("read again, without entries", d, err, "2026-02-01", "2026-02-01")
	d, err = ed.SetReview(t.Context(), id, "")
	wants("taken away", d, err, "", "")
	for _, missing := range []string{knowledge.NewID(), "x"} {
		if _, err := ed.SetReview(t.Context(), missing, ""); !errors.Is(err, knowledge.ErrNotFound) {
			t.Errorf("SetReview(%s) = %v, want ErrNotFound", missing, err)
		}
	}
}
