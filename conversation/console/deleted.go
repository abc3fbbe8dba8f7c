package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// Deleted is what was deleted and can come back.
type Deleted interface {
	// DeletedDocuments lists documents, the last deleted first, and a cursor for the
	// next page, which is empty after the last.
	DeletedDocuments(ctx context.Context, cursor string, limit int) ([]knowledge.Deleted, string, error)
	// RestoreDocument returns knowledge.ErrKnown with the document that has the content
	// by now.
	RestoreDocument(ctx context.Context, id string) (knowledge.Document, error)
	// EraseDeleted removes one for good.
	EraseDeleted(ctx context.Context, id string) error
}

type deletedView struct {
	documentView
	DeletedAt time.Time `json:"deleted_at"`
	DeletedBy *Person   `json:"deleted_by,omitempty"`
	Until     time.Time `json:"until"` // it is erased some hours later at the most
}

type deletedListView struct {
	Documents []deletedView `json:"documents"`
	Next      string        `json:"next,omitempty"`
}

var errNotDeleted = problem(http.StatusNotFound, "not_found", "No such document was deleted, or it has been erased or restored.")

// deleteDocument has the document noted as deleted by the caller.
func (c *Console) deleteDocument(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, knowledge.ErrNotFound)
	if err == nil {
		err = c.documents.DeleteDocument(asPerson(r.Context(), who), id)
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (c *Console) deletedDocuments(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	limit, err := intParam(r, "limit", 50, 1, maxDocumentsPage)
	if err != nil {
		return err
	}
	cursor, err := cursorParam(r)
	if err != nil {
		return err
	}
	docs, next, err := c.curation.DeletedDocuments(r.Context(), cursor, int(limit))
	if err != nil {
		return err
	}
	v := deletedListView{Documents: make([]deletedView, len(docs)), Next: next}
	for i, d := range docs {
		v.Documents[i] = deletedView{viewDocument(d.Document), d.At.UTC(), personOf(d.By), d.Until().UTC()}
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) restoreDocument(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, errNotDeleted)
	if err != nil {
		return err
	}
	d, err := c.curation.RestoreDocument(r.Context(), id)
	if errors.Is(err, knowledge.ErrKnown) {
		return problem(http.StatusConflict, "known", fmt.Sprintf("“%s” has the same content by now, or came back in its place. Delete that first to restore this one.", d.Name))
	}
	if err != nil {
		return orMissing(err, errNotDeleted)
	}
	return writeJSON(w, http.StatusAccepted, viewDocument(d))
}

func (c *Console) eraseDeleted(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, errNotDeleted)
	if err == nil {
		err = orMissing(c.curation.EraseDeleted(r.Context(), id), errNotDeleted)
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
