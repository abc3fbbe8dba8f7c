package console

import (
	"context"
	"mime"
	"net/http"
	"time"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// maxDocumentsPage bounds one page of the list of documents.
const maxDocumentsPage = 200

// Documents is what the knowledge does for an admin.
type Documents interface {
	// AddFile stores a file, or each file of an archive, and has it read in the
	// background.
	AddFile(ctx context.Context, name string, content []byte) (knowledge.Added, error)
	// AddEntry does so with one FAQ entry; it returns the id.
	AddEntry(ctx context.Context, e knowledge.Entry) (id string, err error)
	Document(ctx context.Context, id string) (knowledge.Document, error)
	// DeleteDocument ends the reading of one that is on its way; Deleted has what it
	// deletes.
	DeleteDocument(ctx context.Context, id string) error
	// RetryDocument has a failed document tried again, and passages that the
	// embedding model refused.
	RetryDocument(ctx context.Context, id string) (knowledge.Document, error)
	// Changes returns what has changed since a moment, some of it again; of the
	// zero time the moment alone.
	Changes(ctx context.Context, since time.Time) (knowledge.Changes, error)
}

type documentView struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	URL       string           `json:"url,omitempty"`
	MediaType string           `json:"media_type"`
	Status    knowledge.Status `json:"status"`
	Error     string           `json:"error,omitempty"`
	Progress  *progressView    `json:"progress,omitempty"`
	Passages  int              `json:"passages"`
	Warnings  []string         `json:"warnings"`
	Bytes     int64            `json:"bytes"`
	CreatedAt time.Time        `json:"created_at"`
	UpdatedAt time.Time        `json:"updated_at"`

	// What follows events do not have.
	Lang     string     `json:"lang,omitempty"`
	ReviewBy string     `json:"review_by,omitempty"` // of its entries, the first
	Stale    bool       `json:"stale,omitempty"`     // the day of review_by has passed
	Site     string     `json:"site,omitempty"`      // whose page it is
	Hits     *int64     `json:"hits,omitempty"`      // answers that cite it
	LastUsed *time.Time `json:"last_used,omitempty"`
}

// progressView is how far a document is on the stage that its status names:
// pages read while extracting, passages embedded while embedding.
type progressView struct {
	Done  int `json:"done"`
	Total int `json:"total"`
}

type documentsView struct {
	Documents []documentView `json:"documents"`
	Next      string         `json:"next,omitempty"`
}

// addedView is what was added. Of an archive ID is the first document's.
type addedView struct {
	ID         string           `json:"id"`
	Documents  []memberView     `json:"documents,omitzero"`
	PassedOver []passedOverView `json:"passed_over,omitzero"`
}

// memberView is a file of an archive that became a document.
type memberView struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// passedOverView is a file of an archive that is no document here.
type passedOverView struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// addRequest is a document as JSON: one FAQ entry, or an address whose pages
// are to be read; the members after URL are for that.
type addRequest struct {
	Question     string   `json:"question,omitempty"`
	Answer       string   `json:"answer,omitempty"`
	Alternatives []string `json:"alternatives,omitempty"`
	Lang         string   `json:"lang,omitempty"`
	Verbatim     bool     `json:"verbatim,omitempty"`
	URL          string   `json:"url,omitempty"`
	Kind         string   `json:"kind,omitempty"`
	Prefix       string   `json:"prefix,omitempty"`
	MaxDepth     int      `json:"max_depth,omitempty"`
	MaxPages     int      `json:"max_pages,omitempty"`
	EveryHours   int      `json:"every_hours,omitempty"`
	Owner        string   `json:"owner,omitempty"`
	ReviewBy     string   `json:"review_by,omitempty"`
}

func viewDocument(d knowledge.Document) documentView {
	v := documentView{ID: d.ID, Name: d.Name, URL: d.URL, MediaType: d.MediaType, Status: d.Status, Error: d.Error,
		Passages: d.Passages, Warnings: append([]string{}, d.Warnings...), Bytes: d.Bytes, CreatedAt: d.CreatedAt.UTC(), UpdatedAt: d.UpdatedAt.UTC()}
	if d.Progress.Total > 0 {
		v.Progress = &progressView{d.Progress.Done, d.Progress.Total}
	}
	return v
}

func (c *Console) retryDocument(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, knowledge.ErrNotFound)
	if err != nil {
		return err
	}
	d, err := c.documents.RetryDocument(r.Context(), id)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusAccepted, viewDocument(d))
}

func viewAdded(a knowledge.Added) addedView {
	v := addedView{ID: a.Documents[0].ID}
	if !a.Archive {
		return v
	}
	v.Documents, v.PassedOver = make([]memberView, len(a.Documents)), make([]passedOverView, len(a.PassedOver))
	for i, d := range a.Documents {
		v.Documents[i] = memberView{ID: d.ID, Name: d.Name}
	}
	for i, p := range a.PassedOver {
		v.PassedOver[i] = passedOverView{Name: p.Name, Reason: knowledge.Words(p.Reason)}
	}
	return v
}

func (c *Console) addDocument(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var added addedView
	switch {
	case err == nil && media == "multipart/form-data":
		added, err = c.addFile(w, r, params["boundary"])
	case err == nil && media == "application/json":
		added.ID, err = c.addJSON(w, r)
	default:
		err = problem(http.StatusUnsupportedMediaType, "content_type", "Send multipart/form-data with a file, or application/json.")
	}
	if err != nil {
		return err
	}
	audited(r).about(added.ID)
	w.Header().Set("Location", "/api/v1/documents/"+added.ID)
	return writeJSON(w, http.StatusAccepted, added)
}

func (c *Console) addJSON(w http.ResponseWriter, r *http.Request) (string, error) {
	var req addRequest
	if err := readJSON(w, r, &req); err != nil {
		return "", err
	}
	if req.URL != "" && req.Question == "" && req.Answer == "" {
		return c.addSite(r, req)
	}
	e, err := entryRequest{Question: req.Question, Answer: req.Answer, Alternatives: req.Alternatives, Lang: req.Lang,
		Verbatim: req.Verbatim, URL: req.URL, Owner: req.Owner, ReviewBy: req.ReviewBy}.entry()
	if err != nil {
		return "", err
	}
	return c.documents.AddEntry(r.Context(), e)
}
