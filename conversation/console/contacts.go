package console

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
	"unicode/utf8"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// ContactBook is who writes to us.
type ContactBook interface {
	Contact(ctx context.Context, id string) (conversation.Contact, error)
	ContactRows(ctx context.Context, id, me string, limit int) ([]conversation.Row, error)
	ContactMessages(ctx context.Context, id, before string, limit int) ([]conversation.Message, string, error)
	EditContact(ctx context.Context, id string, e conversation.ContactEdit) (conversation.Contact, error)
	Block(ctx context.Context, id string, by conversation.Actor, blocked bool) error
	Merge(ctx context.Context, from, into string, by conversation.Actor) (conversation.Contact, error)
	ExportContact(ctx context.Context, id string, to io.Writer) error
	Erase(ctx context.Context, id string, by conversation.Actor) (conversation.Erasure, error)
}

// Bounds of a contact, in characters.
const (
	maxContactName    = 120
	maxContactEmail   = 120
	maxAttributes     = 50
	maxAttributeName  = 60
	maxAttributeValue = 1000
	// maxContactRows is how many of a contact's conversations are shown with it.
	maxContactRows = 100
	// exportTimeout is how long an export may take to leave.
	exportTimeout = 5 * time.Minute
)

type contactView struct {
	ID            string                  `json:"id"`
	Name          string                  `json:"name"`
	Email         string                  `json:"email"`
	Phone         string                  `json:"phone,omitempty"` // the attribute of that name
	Locale        string                  `json:"locale"`
	Blocked       bool                    `json:"blocked"`
	Attributes    map[string]string       `json:"attributes"`
	Identities    []conversation.Identity `json:"identities"`
	Page          *visitedView            `json:"page,omitempty"`    // they last wrote from
	Context       map[string]string       `json:"context,omitempty"` // all that page said, unverified
	CreatedAt     time.Time               `json:"created_at"`
	Conversations []summaryView           `json:"conversations"`
	edited
}

type visitedView struct {
	URL   string `json:"url"`
	Title string `json:"title,omitempty"`
}

type contactRequest struct {
	Name       *string           `json:"name,omitempty"`
	Email      *string           `json:"email,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"` // in place of those there were
	edited
}

type blockRequest struct {
	Blocked bool `json:"blocked"`
}

type mergeContactRequest struct {
	Into string `json:"into"`
}

type erasedView struct {
	Contact string           `json:"contact"`
	Erased  map[string]int64 `json:"erased"` // rows by table
	Receipt string           `json:"receipt"`
	At      string           `json:"at"`
}

type contactMessagesView struct {
	Messages []messageView `json:"messages"`
	Next     string        `json:"next,omitempty"` // goes before these
}

// showContact answers with the contact as it is.
func (c *Console) showContact(w http.ResponseWriter, r *http.Request, who staff.Principal, p conversation.Contact) error {
	v, err := c.viewContact(r, who, p)
	if err != nil {
		return err
	}
	return writeEdited(w, http.StatusOK, v.Version, v)
}

func (c *Console) viewContact(r *http.Request, who staff.Principal, p conversation.Contact) (contactView, error) {
	rows, err := c.inbox.ContactRows(r.Context(), p.ID, who.ID, maxContactRows)
	if err != nil {
		return contactView{}, err
	}
	v := contactView{ID: p.ID, Name: p.Name, Email: p.Email, Phone: p.Attributes["phone"], Locale: p.Locale, Blocked: p.Blocked,
		Attributes: p.Attributes, Identities: p.Identities, Context: p.Page, CreatedAt: p.CreatedAt.UTC(), Conversations: viewRows(rows), edited: edited{p.Version}}
	if u := p.Page["url"]; u != "" {
		v.Page = &visitedView{URL: u, Title: p.Page["title"]}
	}
	return v, nil
}

func (c *Console) getContact(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoContact)
	if err != nil {
		return err
	}
	p, err := c.inbox.Contact(r.Context(), id)
	if err != nil {
		return err
	}
	return c.showContact(w, r, who, p)
}

func (c *Console) patchContact(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoContact)
	if err != nil {
		return err
	}
	var req contactRequest
	if err := readEdited(w, r, &req); err != nil {
		return err
	}
	e, err := req.edit()
	if err != nil {
		return err
	}
	p, err := c.inbox.EditContact(r.Context(), id, e)
	if isErr(err, conversation.ErrVersion) {
		now, err := c.viewContact(r, who, p)
		if err != nil {
			return err
		}
		return overtaken(now)
	}
	if err != nil {
		return err
	}
	return c.showContact(w, r, who, p)
}

// edit checks what was sent.
func (req contactRequest) edit() (conversation.ContactEdit, error) {
	e := conversation.ContactEdit{Name: req.Name, Email: req.Email, Version: req.Version}
	for _, f := range []struct {
		name string
		s    *string
		most int
	}{{"name", e.Name, maxContactName}, {"email", e.Email, maxContactEmail}} {
		if f.s == nil {
			continue
		}
		if *f.s = line(storable(*f.s)); utf8.RuneCountInString(*f.s) > f.most {
			return e, badField(f.name, "a text of up to 120 characters")
		}
	}
	if req.Attributes == nil {
		return e, nil
	}
	if len(req.Attributes) > maxAttributes {
		return e, badField("attributes", "up to 50 texts by name")
	}
	e.Attributes = map[string]string{}
	for k, v := range req.Attributes {
		k, v = line(storable(k)), storable(v)
		if k == "" || utf8.RuneCountInString(k) > maxAttributeName || utf8.RuneCountInString(v) > maxAttributeValue {
			return e, badField("attributes", "texts of up to 1,000 characters by names of up to 60")
		}
		e.Attributes[k] = v
	}
	return e, nil
}

func (c *Console) blockContact(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoContact)
	if err != nil {
		return err
	}
	var req blockRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	if err := c.inbox.Block(r.Context(), id, actor(who), req.Blocked); err != nil {
		return err
	}
	return c.getContact(w, r, who)
}

func (c *Console) mergeContact(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoContact)
	if err != nil {
		return err
	}
	var req mergeContactRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	other := &http.Request{}
	other.SetPathValue("id", req.Into)
	into, err := pathID(other, conversation.ErrNoContact)
	if err != nil {
		return err
	}
	if into == id {
		return badField("into", "another contact's id")
	}
	p, err := c.inbox.Merge(r.Context(), id, into, actor(who))
	if err != nil {
		return err
	}
	return c.showContact(w, r, who, p)
}

func (c *Console) contactMessages(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoContact)
	if err != nil {
		return err
	}
	limit, err := intParam(r, "limit", 100, 1, maxMessagesPage)
	if err != nil {
		return err
	}
	before := r.URL.Query().Get("before")
	if len(before) > maxCursorBytes {
		return conversation.ErrBadCursor
	}
	list, next, err := c.inbox.ContactMessages(r.Context(), id, before, int(limit))
	if err != nil {
		return err
	}
	v := contactMessagesView{Messages: make([]messageView, len(list)), Next: next}
	for i, m := range list {
		v.Messages[i] = viewMessage(m)
	}
	return writeJSON(w, http.StatusOK, v)
}

// exportContact streams; what goes wrong after it has begun cuts the connection, so
// that nobody takes half of it for all.
func (c *Console) exportContact(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoContact)
	if err != nil {
		return err
	}
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(exportTimeout)) // not every writer can
	out := &attachment{w: w, name: "contact-" + id + ".json", media: "application/json"}
	err = c.inbox.ExportContact(r.Context(), id, out)
	return out.end(c, err)
}

func (c *Console) eraseContact(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoContact)
	if err != nil {
		return err
	}
	e, err := c.inbox.Erase(r.Context(), id, actor(who))
	if err != nil {
		return err
	}
	audited(r).detail("receipt", e.Receipt)
	return writeJSON(w, http.StatusOK, erasedView{Contact: e.Contact, Erased: e.Erased, Receipt: e.Receipt,
		At: e.At.UTC().Format("2006-01-02T15:04:05.000000Z07:00")})
}

func isErr(err, target error) bool { return errors.Is(err, target) }
