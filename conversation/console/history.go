package console

import (
	"context"
	"errors"
	"net/http"
	"time"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// History is what FAQ entries were.
type History interface {
	// EntryHistory returns the versions of an entry, the newest first.
	EntryHistory(ctx context.Context, entry string) ([]knowledge.EntryVersion, error)
	// DeletedEntries returns entries that were deleted and can come back.
	DeletedEntries(ctx context.Context) ([]knowledge.EntryVersion, error)
	// RestoreEntry makes an entry what it was; knowledge.ErrVersion comes with the
	// entry as it is, when that is not the version read.
	RestoreEntry(ctx context.Context, id string, version int64, read string) (knowledge.ListedEntry, error)
}

type versionView struct {
	ID       int64                `json:"id"` // for restore
	Version  string               `json:"version"`
	Kind     knowledge.ChangeKind `json:"kind"` // before, edited, deleted, restored
	At       time.Time            `json:"at"`
	By       *Person              `json:"by,omitempty"`
	Entry    entryView            `json:"entry"` // as it was after that; of a deleted one, before
	Document *documentRefView     `json:"document"`
}

type versionsView struct {
	Versions []versionView `json:"versions"`
}

type entryRestoreRequest struct {
	Restore int64  `json:"restore"`
	Version string `json:"version,omitempty"` // that was read, when no If-Match says it; of a deleted entry, none
}

func viewVersions(vs []knowledge.EntryVersion) versionsView {
	out := versionsView{Versions: make([]versionView, len(vs))}
	for i, v := range vs {
		e := v.Entry
		out.Versions[i] = versionView{ID: v.ID, Version: v.Version, Kind: v.Kind, At: v.At.UTC(), By: personOf(v.By), Document: viewRef(v.Document),
			Entry: entryView{ID: v.EntryID, Version: v.Version, Question: e.Question, Alternatives: append([]string{}, e.Alternatives...), Answer: e.Answer,
				Lang: e.Lang, Verbatim: e.Verbatim, URL: e.URL, Owner: e.Owner, ReviewBy: e.ReviewBy, Document: viewRef(v.Document)}}
	}
	return out
}

func (c *Console) entryHistory(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, errNoEntry)
	if err != nil {
		return err
	}
	vs, err := c.curation.EntryHistory(r.Context(), id)
	if err != nil {
		return orMissing(err, errNoEntry)
	}
	if len(vs) == 0 { // one that was never edited has no past, one that is not there neither
		if _, err := c.faq.Entry(r.Context(), id); err != nil {
			return entryProblem(err)
		}
	}
	return writeJSON(w, http.StatusOK, viewVersions(vs))
}

func (c *Console) deletedEntries(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	vs, err := c.curation.DeletedEntries(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, viewVersions(vs))
}

// restoreEntry makes an entry what it was where it still is the version that the
// caller has read, or brings back one that was deleted.
func (c *Console) restoreEntry(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, errNoEntry)
	if err != nil {
		return err
	}
	var req entryRestoreRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	now, err := c.curation.RestoreEntry(asPerson(r.Context(), who), id, req.Restore, ifMatch(r, req.Version))
	if errors.Is(err, knowledge.ErrVersion) {
		return c.writeChanged(w, now)
	}
	if err != nil {
		return entryProblem(err)
	}
	return c.writeEntry(w, http.StatusAccepted, now)
}

// withUses adds to entries how often answers have cited them.
func (c *Console) withUses(ctx context.Context, vs []entryView) error {
	ids := make([]string, len(vs))
	for i, v := range vs {
		ids[i] = v.ID
	}
	uses, err := c.curation.EntryUses(ctx, ids)
	if err != nil {
		return err
	}
	for i := range vs {
		u := uses[vs[i].ID]
		vs[i].Hits, vs[i].LastUsed = &u.Hits, given(u.LastUsed)
	}
	return nil
}
