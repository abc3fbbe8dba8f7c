package console

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// Helper has a model write for staff. Nothing of it reaches a customer by itself.
type Helper interface {
	Suggest(ctx context.Context, id string) (conversation.Suggestion, error)
	Brief(ctx context.Context, id string) (string, error)
	Translate(ctx context.Context, id, text, to string) (string, error)
}

type suggestionView struct {
	Text    string                `json:"text"`
	Sources []conversation.Source `json:"sources"`
}

type briefView struct {
	Summary string `json:"summary"`
}

// translateRequest names a message by seq, or brings a text.
type translateRequest struct {
	Seq  int64  `json:"seq,omitempty"`
	Text string `json:"text,omitempty"`
	To   string `json:"to"`
}

type translationView struct {
	Text string `json:"text"`
	Lang string `json:"lang"` // the one asked for
}

func (c *Console) suggest(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNotFound)
	if err != nil {
		return err
	}
	s, err := c.engine.Suggest(r.Context(), id)
	if err != nil {
		return nothingToSay(err)
	}
	return writeJSON(w, http.StatusOK, suggestionView{Text: s.Text, Sources: append([]conversation.Source{}, s.Sources...)})
}

func (c *Console) summarize(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNotFound)
	if err != nil {
		return err
	}
	text, err := c.engine.Brief(r.Context(), id)
	if err != nil {
		return nothingToSay(err)
	}
	return writeJSON(w, http.StatusOK, briefView{text})
}

func nothingToSay(err error) error {
	if isErr(err, conversation.ErrEmpty) {
		return problem(http.StatusConflict, "no_message", "The customer has written nothing yet.")
	}
	return err
}

func (c *Console) translate(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNotFound)
	if err != nil {
		return err
	}
	var req translateRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	req.Text = storable(req.Text)
	switch {
	case !isLang(req.To):
		return badField("to", "a language's code such as en or pt-BR")
	case (req.Seq > 0) == (req.Text != "") || req.Seq < 0:
		return problem(http.StatusUnprocessableEntity, "bad_field", "Name a message by seq, or send a text.")
	case utf8.RuneCountInString(req.Text) > conversation.MaxTextRunes:
		return conversation.ErrTooLong
	}
	if _, err := c.engine.State(r.Context(), id); err != nil {
		return err
	}
	if req.Seq > 0 {
		m, err := c.engine.Message(r.Context(), id, req.Seq)
		if err != nil {
			return err
		}
		req.Text = m.Text
	}
	text, err := c.engine.Translate(r.Context(), id, req.Text, req.To)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, translationView{Text: text, Lang: req.To})
}

// isLang reports whether s has the form of a language tag (RFC 5646 §2.1): it is put
// into a prompt.
func isLang(s string) bool {
	if len(s) > maxEntryLangLen {
		return false
	}
	for i, part := range strings.Split(s, "-") {
		if len(part) == 0 || len(part) > 8 || i == 0 && len(part) < 2 {
			return false
		}
		for _, b := range []byte(part) {
			letter := b|0x20 >= 'a' && b|0x20 <= 'z'
			if !letter && (i == 0 || b < '0' || b > '9') {
				return false
			}
		}
	}
	return true
}
