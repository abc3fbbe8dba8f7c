package console

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// MaxFileBytes bounds one uploaded file. It is as much as the reader of files
// takes; of text it takes less, and says so.
const MaxFileBytes = 64 << 20

// A file stands in memory until it is stored. Those above largeFile, and those
// that do not say how large they are, are therefore taken one beside another
// only up to maxLarge.
const (
	largeFile = 4 << 20
	maxLarge  = 2
	// largeAgain is when a file that found no place may be sent again, in
	// seconds: a large one is stored in about that time once it is here.
	largeAgain = 5
)

// multipartOverhead is what the form around a file may add.
const multipartOverhead = 64 << 10

// uploadTimeout is how long a file may take to arrive, at 64 MB some 190 KB/s.
const uploadTimeout = 6 * time.Minute

// maxDocumentsPage bounds one page of the list of documents.
const maxDocumentsPage = 200

// maxNameRunes bounds the name of an uploaded file.
const maxNameRunes = 200

// Documents is what the knowledge does for an admin.
type Documents interface {
	// AddFile stores a file, or each file of an archive, and has it read in the
	// background.
	AddFile(ctx context.Context, name string, content []byte) (knowledge.Added, error)
	// AddEntry does so with one FAQ entry; it returns the id.
	AddEntry(ctx context.Context, e knowledge.Entry) (id string, err error)
	Document(ctx context.Context, id string) (knowledge.Document, error)
	// Documents lists them, newest first, and a cursor for the next page, which is
	// empty after the last.
	Documents(ctx context.Context, cursor string, limit int) ([]knowledge.Document, string, error)
	DeleteDocument(ctx context.Context, id string) error
}

type documentView struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	URL       string           `json:"url,omitempty"`
	MediaType string           `json:"media_type"`
	Status    knowledge.Status `json:"status"`
	Error     string           `json:"error,omitempty"`
	Passages  int              `json:"passages"`
	Warnings  []string         `json:"warnings"`
	Bytes     int64            `json:"bytes"`
	CreatedAt time.Time        `json:"created_at"`
	UpdatedAt time.Time        `json:"updated_at"`
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
}

func viewDocument(d knowledge.Document) documentView {
	return documentView{ID: d.ID, Name: d.Name, URL: d.URL, MediaType: d.MediaType, Status: d.Status, Error: d.Error,
		Passages: d.Passages, Warnings: append([]string{}, d.Warnings...), Bytes: d.Bytes, CreatedAt: d.CreatedAt.UTC(), UpdatedAt: d.UpdatedAt.UTC()}
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
	w.Header().Set("Location", "/api/v1/documents/"+added.ID)
	return writeJSON(w, http.StatusAccepted, added)
}

// addFile reads the form as it comes and keeps nothing but the one file.
func (c *Console) addFile(w http.ResponseWriter, r *http.Request, boundary string) (addedView, error) {
	if r.ContentLength < 0 || r.ContentLength > largeFile {
		select {
		case c.large <- struct{}{}:
			defer func() { <-c.large }()
		default:
			p := problem(http.StatusServiceUnavailable, "busy", "Other large files are just being taken in. Try again in a moment.")
			p.retryAfter = largeAgain
			return addedView{}, p
		}
	}
	rc := http.NewResponseController(w)
	rc.SetReadDeadline(time.Now().Add(uploadTimeout)) // not every writer can, and then there is none
	rc.SetWriteDeadline(time.Now().Add(uploadTimeout + writeTimeout))
	form := multipart.NewReader(http.MaxBytesReader(w, r.Body, MaxFileBytes+multipartOverhead), boundary)
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return addedView{}, problem(http.StatusUnprocessableEntity, "no_file", `The form has no file called "file".`)
		}
		if err != nil {
			return addedView{}, formError(err)
		}
		if part.FormName() != "file" {
			continue
		}
		name := fileName(part.FileName())
		if name == "" {
			return addedView{}, problem(http.StatusUnprocessableEntity, "no_name", "The file has no name.")
		}
		content, err := readPart(part, r.ContentLength)
		if err != nil {
			return addedView{}, err
		}
		added, err := c.documents.AddFile(r.Context(), name, content)
		if err != nil {
			return addedView{}, err
		}
		return viewAdded(added), nil
	}
}

// readPart reads a file of a form whose length is given, or -1 when it is not
// known. The room is made at once: growing would take that of several files.
func readPart(part io.Reader, length int64) ([]byte, error) {
	var content bytes.Buffer
	content.Grow(int(min(max(length, 0), MaxFileBytes+1)) + bytes.MinRead)
	if _, err := content.ReadFrom(io.LimitReader(part, MaxFileBytes+1)); err != nil {
		return nil, formError(err)
	}
	switch n := content.Len(); {
	case n > MaxFileBytes:
		return nil, knowledge.ErrTooLarge
	case n == 0:
		return nil, knowledge.ErrEmpty
	}
	return content.Bytes(), nil
}

func formError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return knowledge.ErrTooLarge
	}
	return problem(http.StatusBadRequest, "bad_form", "The form is damaged or ended too early.")
}

// fileName is what a file is called, without folders and without characters
// that do not show. It is shown to people and never used as a path.
func fileName(s string) string {
	s = path.Base(strings.ReplaceAll(strings.ToValidUTF8(s, ""), `\`, "/"))
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s))
	if s == "." || s == ".." || s == "/" {
		return ""
	}
	if n := utf8.RuneCountInString(s); n > maxNameRunes { // the ending says the format: keep it
		s = string([]rune(s)[n-maxNameRunes:])
	}
	return s
}

func (c *Console) addJSON(w http.ResponseWriter, r *http.Request) (string, error) {
	var req addRequest
	if err := readJSON(w, r, &req); err != nil {
		return "", err
	}
	if req.URL != "" && req.Question == "" && req.Answer == "" {
		return c.addSite(r, req)
	}
	e := knowledge.Entry{
		Question: strings.TrimSpace(storable(req.Question)), Answer: strings.TrimSpace(storable(req.Answer)),
		Lang: storable(req.Lang), Verbatim: req.Verbatim, URL: storable(req.URL),
	}
	for _, a := range req.Alternatives {
		if a = strings.TrimSpace(storable(a)); a != "" {
			e.Alternatives = append(e.Alternatives, a)
		}
	}
	if e.Question == "" || e.Answer == "" {
		return "", problem(http.StatusUnprocessableEntity, "incomplete_entry", "An entry needs a question and an answer.")
	}
	return c.documents.AddEntry(r.Context(), e)
}

func (c *Console) listDocuments(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	limit, err := intParam(r, "limit", 50, 1, maxDocumentsPage)
	if err != nil {
		return err
	}
	cursor, err := cursorParam(r)
	if err != nil {
		return err
	}
	docs, next, err := c.documents.Documents(r.Context(), cursor, int(limit))
	if err != nil {
		return err
	}
	v := documentsView{Documents: make([]documentView, len(docs)), Next: next}
	for i, d := range docs {
		v.Documents[i] = viewDocument(d)
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) getDocument(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, knowledge.ErrNotFound)
	if err != nil {
		return err
	}
	d, err := c.documents.Document(r.Context(), id)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, viewDocument(d))
}

func (c *Console) deleteDocument(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, knowledge.ErrNotFound)
	if err != nil {
		return err
	}
	if err := c.documents.DeleteDocument(r.Context(), id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
