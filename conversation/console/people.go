package console

import (
	"net/http"
	"strconv"
	"time"

	"frontdesk/conversation/staff"
)

// accountView is an account as colleagues see it.
type accountView struct {
	ID       string       `json:"id"`
	Name     string       `json:"name"`
	Email    string       `json:"email"`
	Role     staff.Role   `json:"role"`
	Disabled bool         `json:"disabled"`
	TOTP     bool         `json:"totp"`
	Status   staff.Status `json:"status"`
	edited
}

// colleagueView is an account after a change.
type colleagueView struct{ accountView }

// listedView is a line of the list of staff.
type listedView struct {
	accountView
	Online bool `json:"online"`
	Open   int  `json:"open"` // conversations held
}

type staffView struct {
	Staff []listedView `json:"staff"`
}

func viewAccount(a staff.Account) accountView {
	return accountView{ID: a.ID, Name: a.Name, Email: a.Email, Role: a.Role, Disabled: a.Disabled, TOTP: a.TOTP, Status: a.Status, edited: edited{a.Version}}
}

func (c *Console) listStaff(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	list, err := c.staff.Members(r.Context())
	if err != nil {
		return err
	}
	v := staffView{Staff: make([]listedView, len(list))}
	for i, m := range list {
		v.Staff[i] = listedView{viewAccount(m.Account), m.Online, m.Open}
	}
	return writeJSON(w, http.StatusOK, v)
}

type memberRequest struct {
	Name     *string     `json:"name,omitempty"`
	Role     *staff.Role `json:"role,omitempty"`
	Disabled *bool       `json:"disabled,omitempty"`
	edited
}

func (c *Console) patchStaff(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, staff.ErrNotFound)
	if err != nil {
		return err
	}
	var req memberRequest
	if err := readEdited(w, r, &req); err != nil {
		return err
	}
	change := staff.Change{Name: req.Name, Role: req.Role, Disabled: req.Disabled, By: who.ID, Version: req.Version}
	a, err := c.staff.ChangeAccount(r.Context(), id, change)
	if isErr(err, staff.ErrVersion) {
		return overtaken(colleagueView{viewAccount(a)})
	}
	if err != nil {
		return err
	}
	c.watchers.look(id)
	noteChange(r, change, a)
	return writeEdited(w, http.StatusOK, a.Version, colleagueView{viewAccount(a)})
}

// noteChange tells the audit log what became of an account.
func noteChange(r *http.Request, c staff.Change, a staff.Account) {
	n := audited(r).about(a.ID)
	if c.Name != nil {
		n.detail("name", a.Name)
	}
	if c.Status != nil {
		n.detail("status", string(a.Status))
	}
	if c.Role != nil {
		n.detail("role", string(a.Role))
	}
	if c.Disabled != nil {
		n.detail("disabled", strconv.FormatBool(a.Disabled))
	}
}

// tokenView is an API token without its secret.
type tokenView struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Role       staff.Role `json:"role"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
}

type tokensView struct {
	Tokens []tokenView `json:"tokens"`
}

func (c *Console) listTokens(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	list, err := c.staff.Tokens(r.Context())
	if err != nil {
		return err
	}
	v := tokensView{Tokens: make([]tokenView, len(list))}
	for i, t := range list {
		v.Tokens[i] = tokenView{ID: t.ID, Name: t.Name, Role: t.Role, CreatedAt: t.CreatedAt.UTC()}
		if !t.LastUsedAt.IsZero() {
			used := t.LastUsedAt.UTC()
			v.Tokens[i].LastUsedAt = &used
		}
	}
	return writeJSON(w, http.StatusOK, v)
}

type tokenRequest struct {
	Name string     `json:"name"`
	Role staff.Role `json:"role"`
}

type newTokenView struct {
	ID    string `json:"id"`
	Token string `json:"token"` // shown only now
}

func (c *Console) addToken(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	var req tokenRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	secret, t, err := c.staff.CreateToken(r.Context(), req.Name, req.Role)
	if err != nil {
		return err
	}
	audited(r).about(t.ID).detail("name", t.Name).detail("role", string(t.Role))
	return writeJSON(w, http.StatusCreated, newTokenView{t.ID, secret})
}

func (c *Console) revokeToken(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, staff.ErrNotFound)
	if err != nil {
		return err
	}
	if err := c.staff.RevokeToken(r.Context(), id); err != nil {
		return err
	}
	c.watchers.look(id)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
