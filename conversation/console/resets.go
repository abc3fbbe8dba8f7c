package console

import (
	"net/http"
	"time"

	"frontdesk/conversation/staff"
)

// resetPage is where the console takes a link to choose another password; see invitationPage.
const resetPage = "/console#/reset/"

type resetLinkView struct {
	URL       string    `json:"url"` // shown only now
	ExpiresAt time.Time `json:"expires_at"`
}

func (c *Console) makeReset(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, staff.ErrNotFound)
	if err != nil {
		return err
	}
	secret, _, expires, err := c.staff.MakeReset(r.Context(), who, id)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, resetLinkView{c.base(r) + resetPage + secret, expires.UTC()})
}

// resetView is whose password a link lets choose.
type resetView struct {
	Email string `json:"email"`
}

func (c *Console) getReset(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	a, err := c.staff.ResetOf(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, resetView{a.Email})
}

type resetRequest struct {
	Password string `json:"password"`
}

func (c *Console) useReset(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	if err := c.crossOrigin.Check(r); err != nil {
		return errCrossOrigin // as for signing in
	}
	var req resetRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	a, err := c.staff.UseReset(r.Context(), r.PathValue("token"), req.Password)
	if err != nil {
		return err
	}
	audited(r).by(staff.Principal{ID: a.ID, Name: a.Name, Role: a.Role}).about(a.ID)
	c.watchers.look(a.ID)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (c *Console) dropTOTP(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, staff.ErrNotFound)
	if err != nil {
		return err
	}
	if err := c.staff.DropTOTP(r.Context(), who, id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
