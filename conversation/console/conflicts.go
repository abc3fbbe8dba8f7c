package console

import (
	"context"
	"net/http"
	"time"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// maxConflictsPage bounds one page of the list of conflicts.
const maxConflictsPage = 100

// Conflicts is what the knowledge knows of entries that nearly repeat or seem
// to contradict each other.
type Conflicts interface {
	// Conflicts lists the open pairs, those found last first, and a cursor for the
	// next page, which is empty after the last.
	Conflicts(ctx context.Context, cursor string, limit int) ([]knowledge.Conflict, string, error)
	// DismissConflict closes a pair for as long as its texts stay as they are.
	DismissConflict(ctx context.Context, id, by string) error
}

type conflictView struct {
	ID         string             `json:"id"`
	Kind       knowledge.NearKind `json:"kind"` // duplicate, contradiction
	Why        string             `json:"why"`
	Similarity float64            `json:"similarity"`
	Entries    []entryView        `json:"entries"` // two
	FoundAt    time.Time          `json:"found_at"`
}

type conflictsView struct {
	Conflicts []conflictView `json:"conflicts"`
	Next      string         `json:"next,omitempty"`
}

func (c *Console) listConflicts(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	limit, err := intParam(r, "limit", 50, 1, maxConflictsPage)
	if err != nil {
		return err
	}
	cursor, err := cursorParam(r)
	if err != nil {
		return err
	}
	found, next, err := c.conflicts.Conflicts(r.Context(), cursor, int(limit))
	if err != nil {
		return err
	}
	v := conflictsView{Conflicts: make([]conflictView, len(found)), Next: next}
	for i, f := range found {
		v.Conflicts[i] = conflictView{ID: f.ID, Kind: f.Kind, Why: f.Why, Similarity: f.Similarity, FoundAt: f.FoundAt.UTC(),
			Entries: []entryView{c.viewEntry(f.Entries[0]), c.viewEntry(f.Entries[1])}}
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) dismissConflict(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	missing := problem(http.StatusNotFound, "not_found", "There is no such conflict.")
	id, err := pathID(r, missing)
	if err != nil {
		return err
	}
	if err := c.conflicts.DismissConflict(r.Context(), id, who.ID); err != nil {
		return orMissing(err, missing)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
