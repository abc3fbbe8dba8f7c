package console

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"time"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

const (
	// maxEntriesBytes bounds a file of FAQ entries, as knowledge/extract does a
	// text: 20,000 entries of a kilobyte.
	maxEntriesBytes = 20 << 20
	// maxImports is how many such files stand in memory at a time, each with
	// its rows and the report.
	maxImports = 2
	// importAgain is when to send a file again that found no place, in seconds.
	importAgain = 5
)

// Entries is what takes in a file of FAQ entries, or tells by row what doing
// so would change. It returns knowledge.ErrRefused with the report when rows
// are invalid or in conflict.
type Entries interface {
	ImportEntries(ctx context.Context, name string, content []byte, dryRun bool) (knowledge.ImportReport, error)
}

// importView is the report on a file of entries.
type importView struct {
	DryRun   bool             `json:"dry_run"`
	Name     string           `json:"name"`
	Document *documentRefView `json:"document"` // what was made of the file
	Replaces *documentRefView `json:"replaces"` // the document of that name
	Removed  int              `json:"removed"`  // its entries whose question the file does not have
	Totals   importTotals     `json:"totals"`
	Rows     []entryRowView   `json:"rows"`
	// NotCompared is how many rows were not looked at for entries near them, for
	// want of time; after an import that is done in the background.
	NotCompared int `json:"not_compared,omitempty"`
}

type importTotals struct {
	New      int `json:"new"`
	Changed  int `json:"changed"`
	Same     int `json:"same"`
	Conflict int `json:"conflict"`
	Invalid  int `json:"invalid"`
}

type documentRefView struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type entryRowView struct {
	Row      int               `json:"row"`
	Question string            `json:"question"`
	Verdict  knowledge.Verdict `json:"verdict"`
	Why      string            `json:"why,omitempty"`
	Changes  []string          `json:"changes,omitempty"`
	Document *documentRefView  `json:"document,omitempty"` // where the entry is that the row was compared with
	Near     []nearView        `json:"near,omitempty"`     // other entries that it nearly repeats or may contradict
}

// nearView is another entry than the row's: of the file, by its row, or of a
// document.
type nearView struct {
	Kind       knowledge.NearKind `json:"kind"`
	Why        string             `json:"why"`
	Similarity float64            `json:"similarity"`
	Row        int                `json:"row,omitempty"`
	Question   string             `json:"question"`
	Document   *documentRefView   `json:"document,omitempty"`
}

func viewNear(near []knowledge.NearEntry) []nearView {
	var out []nearView
	for _, n := range near {
		out = append(out, nearView{Kind: n.Kind, Why: n.Why, Similarity: n.Similarity, Row: n.Row, Question: n.Question, Document: viewRef(n.Document)})
	}
	return out
}

// importRefused is the problem with the report beside its members.
type importRefused struct {
	Problem
	importView
}

func viewRef(r knowledge.DocumentRef) *documentRefView {
	if r == (knowledge.DocumentRef{}) {
		return nil
	}
	return &documentRefView{ID: r.ID, Name: r.Name}
}

func viewImport(r knowledge.ImportReport, dryRun bool) importView {
	v := importView{DryRun: dryRun, Name: r.Name, Document: viewRef(r.Document), Replaces: viewRef(r.Replaces), Removed: r.Removed,
		Totals: importTotals{New: r.Totals[knowledge.EntryNew], Changed: r.Totals[knowledge.EntryChanged], Same: r.Totals[knowledge.EntrySame],
			Conflict: r.Totals[knowledge.EntryConflict], Invalid: r.Totals[knowledge.EntryInvalid]},
		Rows: make([]entryRowView, len(r.Rows)), NotCompared: r.NotCompared}
	for i, row := range r.Rows {
		v.Rows[i] = entryRowView{Row: row.Row, Question: row.Question, Verdict: row.Verdict, Why: row.Why, Changes: row.Changes,
			Document: viewRef(row.Document), Near: viewNear(row.Near)}
	}
	return v
}

// importFile serves what takes a file in, or with dry_run only says what that would
// change; most begins the sentence that says how large it may be.
func importFile(most string, take func(c *Console, w http.ResponseWriter, r *http.Request, name string, content []byte, dryRun bool) error) handler {
	return func(c *Console, w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
		dry := r.URL.Query().Get("dry_run")
		if dry != "" && dry != "true" && dry != "false" { // a slip must not import what was only to be looked at
			return problem(http.StatusUnprocessableEntity, "bad_parameter", "The parameter dry_run is true or false.")
		}
		select {
		case c.imports <- struct{}{}:
			defer func() { <-c.imports }()
		default:
			return importBusy("Other files are just being imported. Try again in a moment.")
		}
		name, content, err := entriesFile(w, r, most)
		if err != nil {
			return err
		}
		if dry == "true" {
			audited(r).nothing()
		}
		return take(c, w, r, name, content, dry == "true")
	}
}

func (c *Console) importEntries(w http.ResponseWriter, r *http.Request, name string, content []byte, dryRun bool) error {
	report, err := c.entries.ImportEntries(r.Context(), name, content, dryRun)
	if errors.Is(err, knowledge.ErrRefused) {
		return writeProblemWith(w, http.StatusUnprocessableEntity, importRefused{whole(http.StatusUnprocessableEntity, "import_refused",
			"Rows are invalid or in conflict. Nothing was imported. The rows say which and why."), viewImport(report, dryRun)})
	}
	if err != nil {
		return importProblem(err)
	}
	if report.Document.ID != "" {
		w.Header().Set("Location", "/api/v1/documents/"+report.Document.ID)
	}
	return writeJSON(w, http.StatusOK, viewImport(report, dryRun))
}

// entriesFile is formFile of maxEntriesBytes; most begins the sentence that says so.
func entriesFile(w http.ResponseWriter, r *http.Request, most string) (name string, content []byte, err error) {
	return formFile(w, r, maxEntriesBytes, most+strconv.Itoa(maxEntriesBytes>>20)+" MB.")
}

// formFile reads the form as it comes and keeps nothing but the one file, of so many
// bytes at most; large says that it has more.
func formFile(w http.ResponseWriter, r *http.Request, most int64, large string) (name string, content []byte, err error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" {
		return "", nil, problem(http.StatusUnsupportedMediaType, "content_type", "Send multipart/form-data with a file.")
	}
	rc := http.NewResponseController(w)
	rc.SetReadDeadline(time.Now().Add(uploadTimeout)) // not every writer can, and then there is none
	rc.SetWriteDeadline(time.Now().Add(uploadTimeout + callTimeout + writeTimeout))
	form := multipart.NewReader(http.MaxBytesReader(w, r.Body, most+multipartOverhead), params["boundary"])
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return "", nil, problem(http.StatusUnprocessableEntity, "no_file", `The form has no file called "file".`)
		}
		if err != nil {
			return "", nil, formError(err)
		}
		if part.FormName() != "file" {
			continue
		}
		if name = fileName(part.FileName()); name == "" {
			return "", nil, problem(http.StatusUnprocessableEntity, "no_name", "The file has no name.")
		}
		content, err := io.ReadAll(io.LimitReader(part, most+1))
		if err != nil {
			return "", nil, formError(err)
		}
		if int64(len(content)) > most {
			return "", nil, problem(http.StatusRequestEntityTooLarge, "too_large", large)
		}
		return name, content, nil
	}
}

// importProblem gives the reason why a file was not read, in the reader's own
// words: whoever sent the file is to put it right.
func importProblem(err error) error {
	switch {
	case errors.Is(err, knowledge.ErrBusy):
		return importBusy("A file of this name is just being taken in. Try again in a moment.")
	case errors.Is(err, knowledge.ErrKnown):
		return problem(http.StatusConflict, "known", "Another document has the same content. Delete it first, or the one that this file would replace.")
	}
	for _, k := range known {
		if errors.Is(err, k.err) && k.err != knowledge.ErrNotFound {
			return problem(k.status, k.code, knowledge.Words(err))
		}
	}
	return err
}

func importBusy(detail string) *Problem {
	p := problem(http.StatusServiceUnavailable, "busy", detail)
	p.retryAfter = importAgain
	return p
}
