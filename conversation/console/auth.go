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

// accountHeader names the account that a page shows. All tabs of a browser share one
// cookie, which is of whoever signed in last.
const accountHeader = "Frontdesk-Account"

var (
	errCrossOrigin  = errors.New("console: cross-origin request")
	errOtherAccount = errors.New("console: the session is another account's")
)

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
	if c.sessionSecret(r) == "" {
		return staff.Principal{}, staff.ErrUnauthenticated
	}
	return c.session(r)
}

// session is whose session it is, if that is whom the page shows.
func (c *Console) session(r *http.Request) (staff.Principal, error) {
	who, err := c.staff.Session(r.Context(), c.sessionSecret(r))
	if account := r.Header.Get(accountHeader); err == nil && account != "" && account != who.ID {
		return staff.Principal{}, errOtherAccount
	}
	return who, err
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

type loginRequest struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Code     string `json:"code,omitempty"` // of the second factor, or a recovery code
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
	secret, who, err := c.staff.Login(ctx, staff.Credentials{Email: req.Email, Password: req.Password, Code: req.Code}, c.device(r))
	if errors.Is(err, staff.ErrTOTPWrong) {
		return problem(http.StatusUnauthorized, "totp_wrong", "The code is wrong, too old, or was used before.")
	}
	if err != nil {
		return err
	}
	audited(r).by(who)
	c.setCookie(w, r, secret, who.Ends)
	return writeJSON(w, http.StatusOK, viewMe(who))
}

// device is where the request comes from.
func (c *Console) device(r *http.Request) staff.Device {
	return staff.Device{IP: c.clientIP(r), Agent: r.UserAgent()}
}

func (c *Console) logout(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	if err := c.crossOrigin.Check(r); err != nil {
		return errCrossOrigin
	}
	who, err := c.session(r)
	if errors.Is(err, errOtherAccount) {
		return err // the other one stays signed in
	}
	if err == nil {
		audited(r).by(who)
	} else {
		audited(r).nothing()
	}
	if err := c.staff.Logout(r.Context(), c.sessionSecret(r)); err != nil {
		return err
	}
	c.watchers.look(who.ID)
	c.setCookie(w, r, "", time.Unix(1, 0))
	w.WriteHeader(http.StatusNoContent)
	return nil
}
