package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"frontdesk/conversation/staff"
)

// Names of the session cookie. The __Host- prefix makes a browser refuse it
// from anything but this very host over TLS; without TLS it cannot be used.
const (
	secureCookie = "__Host-frontdesk"
	plainCookie  = "frontdesk"
)

var errCrossOrigin = errors.New("console: cross-origin request")

// authenticate says who makes the request: the bearer of an API token, or the
// holder of a console session. A request with both counts as the token's. One
// with a cookie must come from our own pages unless it only reads.
func (c *Console) authenticate(r *http.Request) (staff.Principal, error) {
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, token, _ := strings.Cut(h, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return staff.Principal{}, staff.ErrUnauthenticated
		}
		return c.staff.Token(r.Context(), strings.TrimSpace(token))
	}
	if err := c.crossOrigin.Check(r); err != nil {
		return staff.Principal{}, errCrossOrigin
	}
	secret := c.sessionSecret(r)
	if secret == "" {
		return staff.Principal{}, staff.ErrUnauthenticated
	}
	return c.staff.Session(r.Context(), secret)
}

func (c *Console) cookieName(r *http.Request) string {
	if c.secure(r) {
		return secureCookie
	}
	return plainCookie
}

func (c *Console) sessionSecret(r *http.Request) string {
	k, err := r.Cookie(c.cookieName(r))
	if err != nil {
		return ""
	}
	return k.Value
}

func (c *Console) setCookie(w http.ResponseWriter, r *http.Request, secret string, ends time.Time) {
	k := &http.Cookie{
		Name: c.cookieName(r), Value: secret, Path: "/", Expires: ends,
		HttpOnly: true, Secure: c.secure(r), SameSite: http.SameSiteStrictMode,
	}
	if secret == "" {
		k.MaxAge = -1
	}
	http.SetCookie(w, k)
}

// meView is who the caller is.
type meView struct {
	ID    string     `json:"id"`
	Name  string     `json:"name"`
	Email string     `json:"email,omitempty"`
	Role  staff.Role `json:"role"`
	Token bool       `json:"token"`
	Ends  *time.Time `json:"session_ends,omitempty"`
}

func viewMe(p staff.Principal) meView {
	v := meView{ID: p.ID, Name: p.Name, Email: p.Email, Role: p.Role, Token: p.Token}
	if !p.Ends.IsZero() {
		v.Ends = &p.Ends
	}
	return v
}

type loginRequest struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// loginTimeout bounds the wait for a free slot to hash in.
const loginTimeout = 10 * time.Second

func (c *Console) login(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	if err := c.crossOrigin.Check(r); err != nil {
		return errCrossOrigin // or another site could sign its visitor in as somebody else
	}
	var req loginRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), loginTimeout)
	defer cancel()
	secret, who, err := c.staff.Login(ctx, req.Email, req.Password, c.clientIP(r))
	if err != nil {
		return err
	}
	c.setCookie(w, r, secret, who.Ends)
	return writeJSON(w, http.StatusOK, viewMe(who))
}

func (c *Console) logout(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	if err := c.crossOrigin.Check(r); err != nil {
		return errCrossOrigin
	}
	if err := c.staff.Logout(r.Context(), c.sessionSecret(r)); err != nil {
		return err
	}
	c.setCookie(w, r, "", time.Unix(1, 0))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (c *Console) me(w http.ResponseWriter, _ *http.Request, who staff.Principal) error {
	return writeJSON(w, http.StatusOK, viewMe(who))
}
