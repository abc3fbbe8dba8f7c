package console

import (
	"net/http"
	"time"

	"frontdesk/conversation/staff"
)

type inviteRequest struct {
	Email string     `json:"email"`
	Role  staff.Role `json:"role"`
}

type invitedView struct {
	ID        string    `json:"id"`
	URL       string    `json:"url"` // shown only now
	ExpiresAt time.Time `json:"expires_at"`
}

// invitationPage is where the console takes an invitation. The secret stands behind
// the #, which browsers send to no server and in no Referer.
const invitationPage = "/console#/invitation/"

func (c *Console) invite(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	var req inviteRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	secret, i, err := c.staff.Invite(r.Context(), who, storable(req.Email), req.Role)
	if err != nil {
		return err
	}
	audited(r).about(i.ID).detail("email", i.Email).detail("role", string(i.Role))
	return writeJSON(w, http.StatusCreated, invitedView{i.ID, c.base(r) + invitationPage + secret, i.ExpiresAt.UTC()})
}

// base is where the caller's browser finds the console.
func (c *Console) base(r *http.Request) string {
	if c.origin != "" {
		return c.origin
	}
	if c.secure(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

type invitationView struct {
	ID        string     `json:"id"`
	Email     string     `json:"email"`
	Role      staff.Role `json:"role"`
	InvitedBy string     `json:"invited_by"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
}

type invitationsView struct {
	Invitations []invitationView `json:"invitations"`
}

func (c *Console) listInvitations(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	list, err := c.staff.Invitations(r.Context())
	if err != nil {
		return err
	}
	v := invitationsView{Invitations: make([]invitationView, len(list))}
	for k, i := range list {
		v.Invitations[k] = invitationView{i.ID, i.Email, i.Role, i.InvitedBy, i.CreatedAt.UTC(), i.ExpiresAt.UTC()}
	}
	return writeJSON(w, http.StatusOK, v)
}

// offerView is what an invitation is to.
type offerView struct {
	Email string     `json:"email"`
	Role  staff.Role `json:"role"`
}

func (c *Console) getInvitation(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	i, err := c.staff.Invited(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, offerView{i.Email, i.Role})
}

type acceptRequest struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

func (c *Console) acceptInvitation(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	if err := c.crossOrigin.Check(r); err != nil {
		return errCrossOrigin // as for signing in
	}
	var req acceptRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	secret, who, err := c.staff.AcceptInvitation(r.Context(), r.PathValue("token"), req.Name, req.Password, c.device(r))
	if err != nil {
		return err
	}
	audited(r).by(who).about(who.ID).detail("role", string(who.Role))
	c.setCookie(w, r, secret, who.Ends)
	return writeJSON(w, http.StatusCreated, viewMe(who))
}
