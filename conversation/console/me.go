package console

import (
	"net/http"
	"time"

	"frontdesk/conversation/staff"
)

// meView is who the caller is.
type meView struct {
	ID     string       `json:"id"`
	Name   string       `json:"name"`
	Email  string       `json:"email,omitempty"`
	Role   staff.Role   `json:"role"`
	Token  bool         `json:"token"`
	TOTP   bool         `json:"totp"`
	Status staff.Status `json:"status,omitempty"`
	Ends   *time.Time   `json:"ends_at,omitempty"` // of the session
}

func viewMe(p staff.Principal) meView {
	v := meView{ID: p.ID, Name: p.Name, Email: p.Email, Role: p.Role, Token: p.Token, TOTP: p.TOTP, Status: p.Status}
	if !p.Ends.IsZero() {
		ends := p.Ends.UTC()
		v.Ends = &ends
	}
	return v
}

// errNoAccount answers an API token that asks for what only a person has.
var errNoAccount = problem(http.StatusConflict, "no_account", "This is about a person's own account, which an API token has none of.")

func (c *Console) me(w http.ResponseWriter, _ *http.Request, who staff.Principal) error {
	return writeJSON(w, http.StatusOK, viewMe(who))
}

type meRequest struct {
	Name   *string       `json:"name,omitempty"`
	Status *staff.Status `json:"status,omitempty"` // online: takes new conversations; or away
}

func (c *Console) patchMe(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	if who.Token {
		return errNoAccount
	}
	var req meRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	a, err := c.staff.ChangeAccount(r.Context(), who.ID, staff.Change{Name: req.Name, Status: req.Status})
	if err != nil {
		return err
	}
	noteChange(r, staff.Change{Name: req.Name, Status: req.Status}, a)
	who.Name, who.Status = a.Name, a.Status
	return writeJSON(w, http.StatusOK, viewMe(who))
}

type passwordRequest struct {
	Current string `json:"current"`
	New     string `json:"new"`
}

func (c *Console) changePassword(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	if who.Token {
		return errNoAccount
	}
	var req passwordRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	if err := c.staff.ChangePassword(r.Context(), who, req.Current, req.New, c.device(r)); err != nil {
		return err
	}
	c.watchers.look(who.ID)
	audited(r).about(who.ID)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

type sessionView struct {
	ID         string    `json:"id"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"`
	EndsAt     time.Time `json:"ends_at"`
	IP         string    `json:"ip"`
	Agent      string    `json:"agent"`
	Current    bool      `json:"current"`
}

type sessionsView struct {
	Sessions []sessionView `json:"sessions"`
}

func (c *Console) listSessions(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	if who.Token {
		return errNoAccount
	}
	list, err := c.staff.Sessions(r.Context(), who.ID)
	if err != nil {
		return err
	}
	v := sessionsView{Sessions: make([]sessionView, len(list))}
	for i, s := range list {
		v.Sessions[i] = sessionView{s.ID, s.CreatedAt.UTC(), s.LastUsedAt.UTC().Truncate(time.Minute), s.EndsAt.UTC(), s.IP, s.Agent, s.ID == who.Session}
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) endSession(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	if who.Token {
		return errNoAccount
	}
	id, err := pathID(r, staff.ErrNotFound)
	if err != nil {
		return err
	}
	if err := c.staff.EndSession(r.Context(), who.ID, id); err != nil {
		return err
	}
	c.watchers.look(who.ID)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (c *Console) endSessions(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	if who.Token {
		return errNoAccount
	}
	if err := c.staff.EndOthers(r.Context(), who.ID, who.Session); err != nil {
		return err
	}
	c.watchers.look(who.ID)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
