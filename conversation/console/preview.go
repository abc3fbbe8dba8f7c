package console

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"strings"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// maxShownText bounds how much of a passage a preview shows, in bytes: enough to
// tell which it is.
const maxShownText = 600

// Previews says what a change of the knowledge would do to real questions.
type Previews interface {
	Preview(ctx context.Context, c knowledge.Change, n int) (conversation.Preview, error)
}

var previewParams = []param{
	{"n", "How many of the last questions that customers asked are asked again, 500 at most; 50 when not given.", "integer"},
	{"replaces", "The id of the document, or with JSON of the entry, whose place it would take.", "string"},
}

type previewView struct {
	Questions int           `json:"questions"` // asked again
	Same      int           `json:"same"`      // of them get the same answer from the same passage
	Now       stanceTotals  `json:"now"`
	Then      stanceTotals  `json:"then"`
	Changed   []changedView `json:"changed"`
}

type stanceTotals struct {
	Verbatim int `json:"verbatim"`
	Answer   int `json:"answer"`
	Offer    int `json:"offer"`
	Unknown  int `json:"unknown"`
}

type changedView struct {
	Conversation string       `json:"conversation"`
	Seq          int64        `json:"seq"`
	At           time.Time    `json:"at"`
	Question     string       `json:"question"`
	History      []saidView   `json:"history,omitempty"`
	Now          decisionView `json:"now"`
	Then         decisionView `json:"then"`
}

// saidView is a message before the question.
type saidView struct {
	Text string `json:"text"`
	Ours bool   `json:"ours"` // of the bot or of staff
}

func viewSaid(history []conversation.Message) []saidView {
	var out []saidView
	for _, h := range history {
		out = append(out, saidView{h.Text, h.Author != conversation.AuthorCustomer})
	}
	return out
}

type decisionView struct {
	Stance     conversation.Stance `json:"decision"` // verbatim, answer, offer, unknown
	Confidence float64             `json:"confidence"`
	Top        *topView            `json:"top"` // the best passage
}

type topView struct {
	DocumentID string `json:"document_id"`
	Document   string `json:"document"`
	Title      string `json:"title"`
	Heading    string `json:"heading,omitempty"`
	Page       int    `json:"page,omitempty"`
	Text       string `json:"text"` // its beginning
	Exact      bool   `json:"exact"`
}

func viewTotals(n map[conversation.Stance]int) stanceTotals {
	return stanceTotals{Verbatim: n[conversation.StanceVerbatim], Answer: n[conversation.StanceAnswer],
		Offer: n[conversation.StanceOffer], Unknown: n[conversation.StanceUnknown]}
}

func viewDecision(d conversation.Prospect) decisionView {
	v := decisionView{Stance: d.Stance, Confidence: d.Confidence}
	if h := d.Top; h != nil {
		text := h.Text
		if len(text) > maxShownText {
			text = strings.ToValidUTF8(text[:maxShownText], "") + "…"
		}
		v.Top = &topView{DocumentID: h.DocumentID, Document: h.Document, Title: h.Title, Heading: h.Heading, Page: h.Page, Text: text, Exact: h.Exact}
	}
	return v
}

// preview tells what the file, entry or edit in the request would change.
func (c *Console) preview(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	n, err := intParam(r, "n", conversation.DefaultPreview, 1, conversation.MaxPreview)
	if err != nil {
		return err
	}
	change := knowledge.Change{Replaces: strings.ToLower(r.URL.Query().Get("replaces"))}
	if change.Replaces != "" && !isUUID(change.Replaces) {
		return knowledge.ErrNotFound
	}
	select {
	case c.imports <- struct{}{}:
		defer func() { <-c.imports }()
	default:
		return importBusy("Other files are just being looked at. Try again in a moment.")
	}
	// Not every writer can, and then there is none.
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(uploadTimeout + callTimeout + writeTimeout))
	switch media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media {
	case "multipart/form-data":
		name, content, err := entriesFile(w, r, "A file to be tried out may have ")
		if err != nil {
			return err
		}
		change.Upload = knowledge.Upload{Name: name, Data: content}
	case "application/json":
		var req entryRequest
		if err := readJSON(w, r, &req); err != nil {
			return err
		}
		e, err := req.entry()
		if err != nil {
			return err
		}
		change.Entry = &e
	default:
		return problem(http.StatusUnsupportedMediaType, "content_type", "Send multipart/form-data with a file, or application/json.")
	}
	p, err := c.previews.Preview(r.Context(), change, int(n))
	switch {
	case errors.Is(err, knowledge.ErrBusy):
		return importBusy("Documents are just being taken in, the embedding model does not answer, or there is too much to try out at once. Try again in a moment.")
	case errors.Is(err, knowledge.ErrNotFound):
		return problem(http.StatusNotFound, "not_found", "There is no such document or entry to be replaced.")
	case errors.Is(err, knowledge.ErrNotEditable):
		return entryProblem(err)
	case err != nil:
		return importProblem(err)
	}
	v := previewView{Questions: p.Questions, Same: p.Questions - len(p.Changed), Now: viewTotals(p.Now), Then: viewTotals(p.Then),
		Changed: make([]changedView, len(p.Changed))}
	for i, q := range p.Changed {
		v.Changed[i] = changedView{Conversation: q.Conversation, Seq: q.Seq, At: q.At.UTC(), Question: q.Text, History: viewSaid(q.History),
			Now: viewDecision(q.Now), Then: viewDecision(q.Then)}
	}
	return writeJSON(w, http.StatusOK, v)
}
