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

// maxPassagesPage bounds one page of a document's passages.
const maxPassagesPage = 100

// Curation is what staff see and admins make of what the bot knows, beyond
// putting things in.
type Curation interface {
	// ShelvedDocuments lists documents, newest first, and a cursor for the next
	// page, which is empty after the last.
	ShelvedDocuments(ctx context.Context, f knowledge.DocumentFilter, cursor string, limit int) ([]knowledge.Shelved, string, error)
	Shelved(ctx context.Context, id string) (knowledge.Shelved, error)
	// Passages lists a document's passages likewise, in its order.
	Passages(ctx context.Context, document, cursor string, limit int) ([]knowledge.ShelvedPassage, string, error)
	// ChangePassage returns knowledge.ErrVersion with the passage as it is when
	// that is not the version.
	ChangePassage(ctx context.Context, id string, version int, c knowledge.PassageChange) (knowledge.ShelvedPassage, error)
	// EntryUses tells how often answers have cited entries.
	EntryUses(ctx context.Context, ids []string) (map[string]knowledge.Uses, error)
	History
	Deleted
}

var documentsParams = append([]param{
	{"q", "Only documents with this in the name or the address.", "string"},
	{"status", "Only documents in this state: queued, extracting, embedding, ready, failed.", "string"},
	{"kind", "file leaves those that were uploaded or written here, page those of a site.", "string"},
	{"lang", "Only documents mostly in this language; en finds en-GB.", "string"},
	{"site", "Only pages of the site with this id.", "string"},
	{"stale", "true leaves documents with an entry whose review date has passed.", "boolean"}}, pageParams...)

type passageView struct {
	ID       string     `json:"id"`
	Document string     `json:"document"`
	Ordinal  int        `json:"ordinal"`
	Title    string     `json:"title,omitempty"`
	Heading  string     `json:"heading,omitempty"`
	Page     int        `json:"page,omitempty"`
	Text     string     `json:"text"`
	Lang     string     `json:"lang,omitempty"`
	URL      string     `json:"url,omitempty"`
	Tokens   int        `json:"tokens"`
	Entry    string     `json:"entry,omitempty"` // the FAQ entry that it is, or a part of; its text is edited there
	Version  int        `json:"version"`
	Hidden   bool       `json:"hidden"`             // no search finds it
	Original string     `json:"original,omitempty"` // the text as it was read, where that was edited
	EditedAt *time.Time `json:"edited_at,omitempty"`
	EditedBy *Person    `json:"edited_by,omitempty"`
	Error    string     `json:"error,omitempty"` // why it is found by its words only
}

type passagesView struct {
	Passages []passageView `json:"passages"`
	Next     string        `json:"next,omitempty"`
}

type passageRequest struct {
	Text    *string `json:"text,omitempty"`
	Hidden  *bool   `json:"hidden,omitempty"`
	Version int     `json:"version"` // that was read
}

// passageChanged is the problem with the passage as it is now.
type passageChanged struct {
	Problem
	Passage passageView `json:"passage"`
}

var errNoPassage = problem(http.StatusNotFound, "not_found", "There is no such passage. When a document is read again its passages are new ones.")

func viewPassage(p knowledge.ShelvedPassage) passageView {
	return passageView{ID: p.ID, Document: p.DocumentID, Ordinal: p.Ordinal, Title: p.Title, Heading: p.Heading, Page: p.Page, Text: p.Text,
		Lang: p.Lang, URL: p.URL, Tokens: p.Tokens, Entry: p.Kept.ID, Version: p.Version, Hidden: p.Hidden, Original: p.Original,
		EditedAt: given(p.EditedAt), EditedBy: personOf(p.EditedBy), Error: p.Unembedded}
}

func personOf(p knowledge.Person) *Person {
	if p == (knowledge.Person{}) {
		return nil
	}
	return &Person{ID: p.ID, Name: p.Name}
}

// asPerson has changes of the knowledge noted as the caller's.
func asPerson(ctx context.Context, who staff.Principal) context.Context {
	return knowledge.WithPerson(ctx, knowledge.Person{ID: who.ID, Name: who.Name})
}

func (c *Console) viewShelved(d knowledge.Shelved) documentView {
	v := viewDocument(d.Document)
	v.Hits, v.LastUsed, v.Lang, v.ReviewBy, v.Site = &d.Hits, given(d.LastUsed), d.Lang, d.ReviewBy, d.Site
	v.Stale = d.ReviewBy != "" && d.ReviewBy < c.today()
	return v
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
	f, err := c.documentFilter(r)
	if err != nil {
		return err
	}
	docs, next, err := c.curation.ShelvedDocuments(r.Context(), f, cursor, int(limit))
	if err != nil {
		return err
	}
	v := documentsView{Documents: make([]documentView, len(docs)), Next: next}
	for i, d := range docs {
		v.Documents[i] = c.viewShelved(d)
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) documentFilter(r *http.Request) (knowledge.DocumentFilter, error) {
	q, f := r.URL.Query(), knowledge.DocumentFilter{}
	for name, to := range map[string]*string{"q": &f.Text, "lang": &f.Lang, "site": &f.Site} {
		*to = strings.TrimSpace(storable(q.Get(name)))
		if !utf8.ValidString(*to) || utf8.RuneCountInString(*to) > maxFilterRunes {
			return f, problem(http.StatusUnprocessableEntity, "bad_parameter", "The parameter "+name+" is a text of at most 200 characters.")
		}
	}
	f.Status = knowledge.Status(q.Get("status"))
	switch f.Status {
	case "", knowledge.StatusQueued, knowledge.StatusExtracting, knowledge.StatusEmbedding, knowledge.StatusReady, knowledge.StatusFailed:
	default:
		return f, problem(http.StatusUnprocessableEntity, "bad_parameter", "The parameter status is queued, extracting, embedding, ready or failed.")
	}
	f.Kind = knowledge.DocumentKind(q.Get("kind"))
	switch f.Kind {
	case "", knowledge.KindFile, knowledge.KindPage:
	default:
		return f, problem(http.StatusUnprocessableEntity, "bad_parameter", "The parameter kind is file or page.")
	}
	switch q.Get("stale") {
	case "", "false":
	case "true":
		f.DueBefore = c.today()
	default:
		return f, problem(http.StatusUnprocessableEntity, "bad_parameter", "The parameter stale is true or false.")
	}
	return f, nil
}

func (c *Console) getDocument(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, knowledge.ErrNotFound)
	if err != nil {
		return err
	}
	s, err := c.curation.Shelved(r.Context(), id)
	if err == nil {
		return writeJSON(w, http.StatusOK, c.viewShelved(s))
	}
	if !errors.Is(err, knowledge.ErrNotFound) {
		return err
	}
	d, err := c.documents.Document(r.Context(), id) // a site
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, viewDocument(d))
}

func (c *Console) listPassages(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, knowledge.ErrNotFound)
	if err != nil {
		return err
	}
	limit, err := intParam(r, "limit", 50, 1, maxPassagesPage)
	if err != nil {
		return err
	}
	cursor, err := cursorParam(r)
	if err != nil {
		return err
	}
	found, next, err := c.curation.Passages(r.Context(), id, cursor, int(limit))
	if err != nil {
		return err
	}
	v := passagesView{Passages: make([]passageView, len(found)), Next: next}
	for i, p := range found {
		v.Passages[i] = viewPassage(p)
	}
	return writeJSON(w, http.StatusOK, v)
}

// patchPassage hides a passage, shows it again or gives it another text.
func (c *Console) patchPassage(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, errNoPassage)
	if err != nil {
		return err
	}
	var req passageRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	switch {
	case req.Text == nil && req.Hidden == nil:
		return problem(http.StatusUnprocessableEntity, "bad_field", "Say what is to be changed: text or hidden.")
	case req.Version < 1:
		return problem(http.StatusPreconditionRequired, "version_required", "Say by the member version which version you have read, so that nobody's edit is lost.")
	}
	if req.Text != nil {
		*req.Text = storable(*req.Text)
	}
	p, err := c.curation.ChangePassage(asPerson(r.Context(), who), id, req.Version, knowledge.PassageChange{Text: req.Text, Hidden: req.Hidden})
	switch {
	case errors.Is(err, knowledge.ErrVersion):
		return writeProblemWith(w, http.StatusConflict, passageChanged{whole(http.StatusConflict, "passage_changed", "Somebody has changed this passage meanwhile. Nothing was overwritten; the member passage is how it is now."), viewPassage(p)})
	case errors.Is(err, knowledge.ErrNotEditable):
		return problem(http.StatusConflict, "not_editable", "This passage is an FAQ entry: edit the entry.")
	case errors.Is(err, knowledge.ErrBusy):
		return importBusy("The document is just being read or made searchable, or could not be read. Try again when it is ready.")
	case errors.Is(err, knowledge.ErrEmpty), errors.Is(err, knowledge.ErrTooLarge):
		return problem(http.StatusUnprocessableEntity, "bad_text", knowledge.Words(err)+".")
	case err != nil:
		return orMissing(err, errNoPassage)
	}
	return writeJSON(w, http.StatusOK, viewPassage(p))
}
