package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

const (
	// maxEntriesPage bounds one page of the list of entries.
	maxEntriesPage = 200
	// maxFilterRunes bounds a text to filter a list by.
	maxFilterRunes = 200
)

// FAQ is what the knowledge does with single entries.
type FAQ interface {
	// Entries lists them, and a cursor for the next page, which is empty after
	// the last.
	Entries(ctx context.Context, f knowledge.EntryFilter, cursor string, limit int) ([]knowledge.ListedEntry, string, error)
	Entry(ctx context.Context, id string) (knowledge.ListedEntry, error)
	// EditEntry returns knowledge.ErrVersion with the entry as it is when that is
	// not the version, which may be "*".
	EditEntry(ctx context.Context, id, version string, e knowledge.Entry) (knowledge.ListedEntry, error)
	DeleteEntry(ctx context.Context, id, version string) error
}

var entriesParams = append([]param{
	{"q", "Only entries with this in the question, an alternative or the answer.", "string"},
	{"lang", "Only entries in this language.", "string"},
	{"owner", "Only entries of this owner.", "string"},
	{"document", "Only entries of the document with this id.", "string"},
	{"stale", "true leaves entries whose review date has passed.", "boolean"}}, pageParams...)

// entryRequest is an entry as JSON; what is left out is empty.
type entryRequest struct {
	Question     string   `json:"question"`
	Answer       string   `json:"answer"`
	Alternatives []string `json:"alternatives,omitempty"`
	Lang         string   `json:"lang,omitempty"`
	Verbatim     bool     `json:"verbatim,omitempty"`
	URL          string   `json:"url,omitempty"`
	Owner        string   `json:"owner,omitempty"`
	ReviewBy     string   `json:"review_by,omitempty"` // 2026-01-31
	Version      string   `json:"version,omitempty"`   // that was read, when no If-Match says it
}

type entryView struct {
	ID           string           `json:"id"`
	Version      string           `json:"version"`
	Question     string           `json:"question"`
	Alternatives []string         `json:"alternatives"`
	Answer       string           `json:"answer"`
	Lang         string           `json:"lang"`
	Verbatim     bool             `json:"verbatim"`
	URL          string           `json:"url,omitempty"`
	Owner        string           `json:"owner,omitempty"`
	ReviewBy     string           `json:"review_by,omitempty"`
	Stale        bool             `json:"stale"` // the day of review_by has passed
	Document     *documentRefView `json:"document"`
	Status       knowledge.Status `json:"status"`         // of the document; searches follow once it is embedding or ready
	Hits         *int64           `json:"hits,omitempty"` // answers that cite it
	LastUsed     *time.Time       `json:"last_used,omitempty"`
}

type entriesView struct {
	Entries []entryView `json:"entries"`
	Next    string      `json:"next,omitempty"`
}

// entryChanged is the problem with the entry as it is now.
type entryChanged struct {
	Problem
	Entry entryView `json:"entry"`
}

func (c *Console) viewEntry(e knowledge.ListedEntry) entryView {
	return entryView{ID: e.ID, Version: e.Version, Question: e.Question, Alternatives: append([]string{}, e.Alternatives...), Answer: e.Answer,
		Lang: e.Lang, Verbatim: e.Verbatim, URL: e.URL, Owner: e.Owner, ReviewBy: e.ReviewBy,
		Stale: e.ReviewBy != "" && e.ReviewBy < c.today(), Document: viewRef(e.Document), Status: e.Status}
}

// today is the day in UTC, as knowledge.Entry.ReviewBy is written.
func (c *Console) today() string { return c.now().UTC().Format(time.DateOnly) }

func (c *Console) listEntries(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	limit, err := intParam(r, "limit", 50, 1, maxEntriesPage)
	if err != nil {
		return err
	}
	cursor, err := cursorParam(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	f := knowledge.EntryFilter{}
	for name, to := range map[string]*string{"q": &f.Text, "lang": &f.Lang, "owner": &f.Owner, "document": &f.Document} {
		*to = strings.TrimSpace(storable(q.Get(name)))
		if !utf8.ValidString(*to) || utf8.RuneCountInString(*to) > maxFilterRunes {
			return problem(http.StatusUnprocessableEntity, "bad_parameter", "The parameter "+name+" is a text of at most 200 characters.")
		}
	}
	switch q.Get("stale") {
	case "", "false":
	case "true":
		f.DueBefore = c.today()
	default:
		return problem(http.StatusUnprocessableEntity, "bad_parameter", "The parameter stale is true or false.")
	}
	found, next, err := c.faq.Entries(r.Context(), f, cursor, int(limit))
	if err != nil {
		return err
	}
	v := entriesView{Entries: make([]entryView, len(found)), Next: next}
	for i, e := range found {
		v.Entries[i] = c.viewEntry(e)
	}
	if err := c.withUses(r.Context(), v.Entries); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) getEntry(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, errNoEntry)
	if err != nil {
		return err
	}
	e, err := c.faq.Entry(r.Context(), id)
	if err != nil {
		return entryProblem(err)
	}
	return c.writeEntry(w, http.StatusOK, e)
}

// putEntry gives an entry another text where it still is the version that the
// caller has read.
func (c *Console) putEntry(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, errNoEntry)
	if err != nil {
		return err
	}
	var req entryRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	e, err := req.entry()
	if err != nil {
		return err
	}
	version := ifMatch(r, req.Version)
	if version == "" {
		return problem(http.StatusPreconditionRequired, "version_required",
			"Say which version you have read, by If-Match or the member version, so that nobody's edit is lost.")
	}
	now, err := c.faq.EditEntry(asPerson(r.Context(), who), id, version, e)
	if errors.Is(err, knowledge.ErrVersion) {
		return c.writeChanged(w, now)
	}
	if err != nil {
		return entryProblem(err)
	}
	return c.writeEntry(w, http.StatusAccepted, now)
}

func (c *Console) deleteEntry(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, errNoEntry)
	if err != nil {
		return err
	}
	version := ifMatch(r, "*")
	err = c.faq.DeleteEntry(asPerson(r.Context(), who), id, version)
	if errors.Is(err, knowledge.ErrVersion) {
		return problem(http.StatusConflict, "entry_changed", "The entry was changed since that version. Look at it again.")
	}
	if err != nil {
		return entryProblem(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// entry is the request's entry, checked as far as this package can.
func (req entryRequest) entry() (knowledge.Entry, error) {
	e := knowledge.Entry{
		Question: strings.TrimSpace(storable(req.Question)), Answer: strings.TrimSpace(storable(req.Answer)),
		Lang: storable(req.Lang), Verbatim: req.Verbatim, URL: storable(req.URL),
		Owner: strings.TrimSpace(storable(req.Owner)), ReviewBy: strings.TrimSpace(req.ReviewBy),
	}
	for _, a := range req.Alternatives {
		if a = strings.TrimSpace(storable(a)); a != "" {
			e.Alternatives = append(e.Alternatives, a)
		}
	}
	if e.Question == "" || e.Answer == "" {
		return e, problem(http.StatusUnprocessableEntity, "incomplete_entry", "An entry needs a question and an answer.")
	}
	if _, err := time.Parse(time.DateOnly, e.ReviewBy); e.ReviewBy != "" && err != nil {
		return e, problem(http.StatusUnprocessableEntity, "bad_date", "The member review_by is a day such as 2026-01-31.")
	}
	return e, nil
}

// ifMatch is the version that a request is for, without what RFC 9110 puts
// around it; another when it says none.
func ifMatch(r *http.Request, otherwise string) string {
	s := strings.TrimSpace(r.Header.Get("If-Match"))
	if s = strings.Trim(strings.TrimPrefix(s, "W/"), `"`); s == "" {
		return otherwise
	}
	return s
}

func (c *Console) writeEntry(w http.ResponseWriter, code int, e knowledge.ListedEntry) error {
	w.Header().Set("ETag", `"`+e.Version+`"`)
	return writeJSON(w, code, c.viewEntry(e))
}

func (c *Console) writeChanged(w http.ResponseWriter, now knowledge.ListedEntry) error {
	w.Header().Set("ETag", `"`+now.Version+`"`)
	return writeProblemWith(w, http.StatusConflict, entryChanged{whole(http.StatusConflict, "entry_changed", "Somebody has changed this entry meanwhile. Nothing was overwritten; the member entry is how it is now."), c.viewEntry(now)})
}

var errNoEntry = problem(http.StatusNotFound, "not_found", "There is no such entry.")

// entryProblem gives the reason in the words of whoever found it: an editor is
// to put it right.
func entryProblem(err error) error {
	switch {
	case errors.Is(err, knowledge.ErrNotFound):
		return errNoEntry
	case errors.Is(err, knowledge.ErrNotEditable):
		return problem(http.StatusConflict, "not_editable", knowledge.Words(knowledge.ErrNotEditable)+". Change the file or page it comes from.")
	case errors.Is(err, knowledge.ErrKnown):
		return problem(http.StatusConflict, "known", "Another document would have the same content. Delete one of the two.")
	case errors.Is(err, knowledge.ErrTooLarge), errors.Is(err, knowledge.ErrCorrupt):
		return problem(http.StatusUnprocessableEntity, "bad_entry", knowledge.Words(err))
	}
	return err
}

// orMissing is what err is for a caller who named something that is not there.
func orMissing(err error, missing *Problem) error {
	if errors.Is(err, knowledge.ErrNotFound) {
		return missing
	}
	return err
}
