package console

import (
	"errors"
	"net/http"
	"time"

	"frontdesk/conversation/staff"
)

type linkRequest struct {
	Email      string `json:"email"`
	Channel    string `json:"channel"` // slack or telegram
	Account    string `json:"account,omitempty"`
	ExternalID string `json:"external_id"`
}

type linkView struct {
	Channel    string     `json:"channel"`
	Account    string     `json:"account,omitempty"` // the workspace; none: any
	ExternalID string     `json:"external_id"`
	Email      string     `json:"email"`
	Name       string     `json:"name"`
	Role       staff.Role `json:"role"`
	Disabled   bool       `json:"disabled"`
	CreatedAt  time.Time  `json:"created_at"`
}

type linksView struct {
	Links []linkView `json:"links"`
}

func viewLink(l staff.Link) linkView {
	return linkView{
		Channel: l.Channel, Account: l.Account, ExternalID: l.ExternalID,
		Email: l.Staff.Email, Name: l.Staff.Name, Role: l.Staff.Role, Disabled: l.Disabled, CreatedAt: l.CreatedAt.UTC(),
	}
}

// linkError says in this API's words what is wrong with a link.
func linkError(err error) error {
	switch {
	case errors.Is(err, staff.ErrLink):
		return problem(http.StatusUnprocessableEntity, "bad_link", "A link names a channel, slack or telegram, and a person's id there, such as U024BE7LH or 100200300.")
	case errors.Is(err, staff.ErrEmail):
		return problem(http.StatusUnprocessableEntity, "bad_email", "The e-mail address is none.")
	case errors.Is(err, staff.ErrNotFound):
		return problem(http.StatusNotFound, "not_found", "There is no such account or link.")
	}
	return err
}

func (c *Console) listLinks(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	list, err := c.staff.Links(r.Context())
	if err != nil {
		return err
	}
	v := linksView{Links: make([]linkView, len(list))}
	for i, l := range list {
		v.Links[i] = viewLink(l)
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) putLink(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	var req linkRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	l, err := c.staff.Link(r.Context(), staff.Link{Channel: req.Channel, Account: req.Account, ExternalID: req.ExternalID}, storable(req.Email))
	if err != nil {
		return linkError(err)
	}
	audited(r).about(l.Staff.ID).detail("channel", l.Channel).detail("external_id", l.ExternalID)
	return writeJSON(w, http.StatusOK, viewLink(l))
}

func (c *Console) deleteLink(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	q := r.URL.Query()
	err := c.staff.Unlink(r.Context(), staff.Link{Channel: q.Get("channel"), Account: q.Get("account"), ExternalID: q.Get("external_id")})
	if err != nil {
		return linkError(err)
	}
	audited(r).about(q.Get("external_id")).detail("channel", q.Get("channel"))
	w.WriteHeader(http.StatusNoContent)
	return nil
}
