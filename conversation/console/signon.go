package console

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"frontdesk/conversation/staff"
)

// SignOn is a place where people sign in elsewhere.
type SignOn interface {
	// Name is what people call it.
	Name() string
	// Start returns where to send the browser. staff.ErrIssuerAway.
	Start(ctx context.Context, state, nonce, verifier string) (string, error)
	// Finish returns whom the code is about. staff.ErrIssuerAway, staff.ErrRefused.
	Finish(ctx context.Context, code, nonce, verifier string) (staff.Identity, error)
}

const (
	// ticketLife is how long somebody may take to sign in elsewhere.
	ticketLife = 10 * time.Minute
	// ticketPath is where the ticket's cookie is sent: nowhere but back.
	ticketPath = "/api/v1/login/oidc"
	// maxTicketBytes bounds what is opened; a ticket of ours has some 300.
	maxTicketBytes = 1024
)

// Names of the ticket's cookie, with and without TLS. __Host- would ask for the path /.
const (
	secureTicket = "__Secure-frontdesk-signon"
	plainTicket  = "frontdesk-signon"
)

// ticketPlace is the sealed place of a ticket: nothing else sealed is one.
const ticketPlace = "signon"

var errTicket = errors.New("console: no such sign-in was begun here")

// ticket is what one browser's way elsewhere and back must fit. The browser keeps it
// sealed, so that the server keeps nothing and any replica can finish.
type ticket struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"` // RFC 7636
	Expires  int64  `json:"e"` // Unix seconds
}

func newTicket(now time.Time) ticket {
	return ticket{State: rand.Text(), Nonce: rand.Text(), Verifier: rand.Text() + rand.Text(), Expires: now.Add(ticketLife).Unix()}
}

func sealTicket(box *staff.Sealer, t ticket) (string, error) {
	data, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(box.Seal(data, ticketPlace)), nil
}

// openTicket returns the ticket of a cookie's value, or errTicket for one that is
// not ours or too old.
func openTicket(box *staff.Sealer, value string, now time.Time) (ticket, error) {
	var t ticket
	if len(value) > maxTicketBytes {
		return t, errTicket
	}
	sealed, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return t, errTicket
	}
	data, err := box.Open(sealed, ticketPlace)
	if err != nil || json.Unmarshal(data, &t) != nil || t.State == "" || now.Unix() >= t.Expires {
		return ticket{}, errTicket
	}
	return t, nil
}

type methodsView struct {
	Password bool           `json:"password"`
	OIDC     *elsewhereView `json:"oidc,omitempty"`
}

// elsewhereView is where else people sign in.
type elsewhereView struct {
	Name string `json:"name"`
}

func (c *Console) loginMethods(w http.ResponseWriter, _ *http.Request, _ staff.Principal) error {
	v := methodsView{Password: true}
	if c.signOn != nil {
		v.OIDC = &elsewhereView{c.signOn.Name()}
	}
	return writeJSON(w, http.StatusOK, v)
}

var errNoSignOn = problem(http.StatusNotFound, "no_signon", "There is no single sign-on here.")

func (c *Console) beginSignOn(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	if c.signOn == nil {
		return errNoSignOn
	}
	box, err := c.staff.Sealer(r.Context())
	if err != nil {
		return err
	}
	t := newTicket(c.now())
	to, err := c.signOn.Start(r.Context(), t.State, t.Nonce, t.Verifier)
	if err != nil {
		return c.notSignedOn(w, r, err)
	}
	value, err := sealTicket(box, t)
	if err != nil {
		return err
	}
	c.setTicket(w, r, value, int(ticketLife.Seconds()))
	return seeOther(w, to)
}

func (c *Console) finishSignOn(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	if c.signOn == nil {
		return errNoSignOn
	}
	c.setTicket(w, r, "", -1) // whatever comes of it, it was used
	secret, who, made, err := c.signedOn(r)
	if err != nil {
		return c.notSignedOn(w, r, err)
	}
	n := audited(r).by(who).about(who.ID)
	n.something()
	if made {
		n.detail("made", "account").detail("role", string(who.Role))
	}
	c.setCookie(w, r, secret, who.Ends)
	return seeOther(w, "/console")
}

// signedOn checks the browser's return against its ticket and starts a session.
func (c *Console) signedOn(r *http.Request) (string, staff.Principal, bool, error) {
	fail := func(err error) (string, staff.Principal, bool, error) { return "", staff.Principal{}, false, err }
	box, err := c.staff.Sealer(r.Context())
	if err != nil {
		return fail(err)
	}
	k, err := r.Cookie(c.ticketName(r))
	if err != nil {
		return fail(errTicket)
	}
	t, err := openTicket(box, k.Value, c.now())
	if err != nil {
		return fail(err)
	}
	q := r.URL.Query()
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(t.State)) != 1 {
		return fail(errTicket)
	}
	code := q.Get("code")
	if code == "" || q.Get("error") != "" {
		return fail(staff.ErrRefused)
	}
	id, err := c.signOn.Finish(r.Context(), code, t.Nonce, t.Verifier)
	if err != nil {
		return fail(err)
	}
	return c.staff.SignOn(r.Context(), id, c.newcomer, c.device(r))
}

// signOnCodes are what the console is told of a sign-in that failed.
var signOnCodes = []struct {
	err  error
	code string
}{
	{errTicket, "oidc_state"}, {staff.ErrIssuerAway, "oidc_away"}, {staff.ErrRefused, "oidc_refused"}, {staff.ErrUnverified, "oidc_unverified"},
	{staff.ErrStranger, "oidc_unknown"}, {staff.ErrOtherIdentity, "oidc_other"}, {staff.ErrDisabled, "disabled"},
	{staff.ErrLogin, "disabled"}, // disabled in this very moment
}

// notSignedOn leads back to the console with the cause; whatever else went wrong is
// an error of ours.
func (c *Console) notSignedOn(w http.ResponseWriter, r *http.Request, err error) error {
	for _, k := range signOnCodes {
		if errors.Is(err, k.err) {
			if k.err == staff.ErrIssuerAway || k.err == staff.ErrRefused {
				c.log.WarnContext(r.Context(), "single sign-on failed", "error", err)
			}
			return seeOther(w, "/console#/login?error="+url.QueryEscape(k.code))
		}
	}
	return err
}

func seeOther(w http.ResponseWriter, to string) error {
	h := w.Header()
	h.Set("Location", to)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // the address may hold a code
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

func (c *Console) ticketName(r *http.Request) string {
	if c.secure(r) {
		return secureTicket
	}
	return plainTicket
}

// setTicket sets the ticket's cookie. Lax, since it is another site that sends the
// browser back.
func (c *Console) setTicket(w http.ResponseWriter, r *http.Request, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: c.ticketName(r), Value: value, Path: ticketPath, MaxAge: maxAge,
		HttpOnly: true, Secure: c.secure(r), SameSite: http.SameSiteLaxMode,
	})
}
