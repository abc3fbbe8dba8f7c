package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation/staff"
	"frontdesk/conversation/staff/sso"

	"github.com/oauth2-proxy/mockoidc"
)

// issuer gives the place a provider to sign in at.
func (p *place) issuer() *mockoidc.MockOIDC {
	p.t.Helper()
	m, err := mockoidc.Run()
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { m.Shutdown() })
	p.console.signOn = sso.New(sso.Config{Issuer: m.Issuer(), ClientID: m.ClientID, ClientSecret: m.ClientSecret,
		RedirectURL: p.URL + "/api/v1/login/oidc/callback", Name: "Acme"})
	return m
}

// follow gets an address without following where it leads.
func (p *place) follow(address string, options ...option) (where string, cookies []*http.Cookie) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), "GET", address, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, o := range options {
		o(req)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	return res.Header.Get("Location"), res.Cookies()
}

// signOn goes the whole way as a user of the issuer, and returns where it ends and
// the session's cookie.
func (p *place) signOn(m *mockoidc.MockOIDC, u *mockoidc.MockUser) (where string, session *http.Cookie) {
	p.t.Helper()
	m.QueueUser(u)
	to, tickets := p.follow(p.URL + "/api/v1/login/oidc")
	if len(tickets) != 1 || !tickets[0].HttpOnly || tickets[0].SameSite != http.SameSiteLaxMode || tickets[0].MaxAge != 600 {
		p.t.Fatalf("cookies = %v, want one ticket, HttpOnly, Lax, ten minutes", tickets)
	}
	back, _ := p.follow(to)
	where, cookies := p.follow(back, with(tickets[0]))
	for _, c := range cookies {
		if c.Name == plainCookie {
			session = c
		}
	}
	return where, session
}

func TestSigningOnElsewhere(t *testing.T) {
	p := newPlace(t)
	p.do("GET", "/api/v1/login/oidc", nil).want(t, 404, "no_signon")
	if got := p.do("GET", "/api/v1/login/methods", nil); strings.TrimSpace(got.body) != `{"password":true}` {
		t.Errorf("methods = %s, want the password alone", got.body)
	}
	m := p.issuer()
	if got := p.do("GET", "/api/v1/login/methods", nil); strings.TrimSpace(got.body) != `{"password":true,"oidc":{"name":"Acme"}}` {
		t.Errorf("methods = %s, want Acme too", got.body)
	}
	id := p.member("ana@example.com", staff.RoleAgent)
	const failed = "/console#/login?error="

	// Not by an address nobody vouches for.
	if where, session := p.signOn(m, &mockoidc.MockUser{Subject: "mallory", Email: "ana@example.com"}); where != failed+"oidc_unverified" || session != nil {
		t.Errorf("an unverified address leads to %s, %v, want oidc_unverified and no session", where, session)
	}
	// Not a stranger.
	if where, session := p.signOn(m, &mockoidc.MockUser{Subject: "s", Email: "stranger@example.com", EmailVerified: true}); where != failed+"oidc_unknown" || session != nil {
		t.Errorf("a stranger is led to %s, %v, want oidc_unknown and no session", where, session)
	}
	where, session := p.signOn(m, &mockoidc.MockUser{Subject: "ana", Email: "Ana@example.com", EmailVerified: true})
	if where != "/console" || session == nil {
		t.Fatalf("Ana is led to %s, %v, want the console with a session", where, session)
	}
	var me meView
	if p.do("GET", "/api/v1/me", nil, with(session)).want(t, 200, "").decode(t, &me); me.ID != id {
		t.Errorf("me = %+v, want Ana's account", me)
	}
	// The subject is what counts from now on, whatever its address.
	if _, session := p.signOn(m, &mockoidc.MockUser{Subject: "ana", Email: "other@example.com"}); session == nil {
		t.Error("Ana with another address has no session, want one: the subject is known")
	}
	if where, session := p.signOn(m, &mockoidc.MockUser{Subject: "new-ana", Email: "ana@example.com", EmailVerified: true}); where != failed+"oidc_other" || session != nil {
		t.Errorf("another person with Ana's address is led to %s, %v, want oidc_other", where, session)
	}
	list, _, err := p.staff.AuditPage(t.Context(), staff.AuditFilter{Action: "GET /api/v1/login/oidc/callback"}, "", 10)
	if err != nil || len(list) != 2 || list[0].Actor.ID != id {
		t.Errorf("audit = %+v, %v, want Ana's two sign-ins", list, err)
	}
	yes := true
	if _, err := p.staff.ChangeAccount(t.Context(), id, staff.Change{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	if where, session := p.signOn(m, &mockoidc.MockUser{Subject: "ana", Email: "ana@example.com", EmailVerified: true}); where != failed+"disabled" || session != nil {
		t.Errorf("Ana disabled is led to %s, %v, want disabled", where, session)
	}
}

func TestAnInvitationIsAcceptedBySigningOn(t *testing.T) {
	p := newPlace(t)
	m := p.issuer()
	admin := with(p.cookie(staff.RoleAdmin))
	p.do("POST", "/api/v1/staff/invitations", map[string]string{"email": "ben@example.com", "role": "agent"}, admin).want(t, 201, "")
	_, session := p.signOn(m, &mockoidc.MockUser{Subject: "ben", Email: "ben@example.com", EmailVerified: true, PreferredUsername: "Ben B\u202E"})
	if session == nil {
		t.Fatal("Ben has no session, want one: he was invited")
	}
	var me meView
	if p.do("GET", "/api/v1/me", nil, with(session)).decode(t, &me); me.Role != staff.RoleAgent || me.Name != "Ben B" {
		t.Errorf("me = %+v, want Ben B, agent", me)
	}
	p.login("ben@example.com", "", "").want(t, 401, "login")
	if got := p.do("GET", "/api/v1/staff/invitations", nil, admin); strings.Contains(got.body, "ben@") {
		t.Errorf("invitations = %s, want Ben's used up", got.body)
	}
}

func TestAWayBackMustFitItsTicket(t *testing.T) {
	p := newPlace(t)
	m := p.issuer()
	p.member("ana@example.com", staff.RoleAdmin)
	ana := &mockoidc.MockUser{Subject: "ana", Email: "ana@example.com", EmailVerified: true}
	begin := func() (back *url.URL, ticket *http.Cookie) {
		m.QueueUser(ana)
		to, cookies := p.follow(p.URL + "/api/v1/login/oidc")
		address, _ := p.follow(to)
		back, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		return back, cookies[0]
	}
	other := func(change func(url.Values)) func(back *url.URL) string {
		return func(back *url.URL) string {
			q := back.Query()
			change(q)
			u := *back
			u.RawQuery = q.Encode()
			return u.String()
		}
	}
	_, anothers := begin()
	for name, c := range map[string]struct {
		address func(*url.URL) string
		ticket  func(*http.Cookie) *http.Cookie
		want    string
	}{
		"no ticket":        {(*url.URL).String, func(*http.Cookie) *http.Cookie { return &http.Cookie{Name: "x", Value: "y"} }, "oidc_state"},
		"another's ticket": {(*url.URL).String, func(*http.Cookie) *http.Cookie { return anothers }, "oidc_state"},
		"a changed ticket": {(*url.URL).String, func(k *http.Cookie) *http.Cookie {
			return &http.Cookie{Name: k.Name, Value: k.Value[:len(k.Value)-2] + "AA"}
		}, "oidc_state"},
		"another state":  {other(func(q url.Values) { q.Set("state", "x") }), nil, "oidc_state"},
		"no state":       {other(func(q url.Values) { q.Del("state") }), nil, "oidc_state"},
		"no code":        {other(func(q url.Values) { q.Del("code") }), nil, "oidc_refused"},
		"a refusal":      {other(func(q url.Values) { q.Set("error", "access_denied") }), nil, "oidc_refused"},
		"a made-up code": {other(func(q url.Values) { q.Set("code", "made-up") }), nil, "oidc_refused"},
	} {
		back, ticket := begin()
		if c.ticket != nil {
			ticket = c.ticket(ticket)
		}
		where, cookies := p.follow(c.address(back), with(ticket))
		if where != "/console#/login?error="+c.want {
			t.Errorf("with %s the browser is led to %s, want %s", name, where, c.want)
		}
		for _, k := range cookies {
			if k.Name == plainCookie {
				t.Errorf("with %s there is a session", name)
			}
		}
	}
	back, ticket := begin()
	now := time.Now()
	p.console.now = func() time.Time { return now.Add(ticketLife + time.Second) }
	if where, _ := p.follow(back.String(), with(ticket)); where != "/console#/login?error=oidc_state" {
		t.Errorf("too late the browser is led to %s, want oidc_state", where)
	}
}

// awayIssuer cannot be reached.
type awayIssuer struct{}

func (awayIssuer) Name() string { return "Away" }
func (awayIssuer) Start(context.Context, string, string, string) (string, error) {
	return "", staff.ErrIssuerAway
}
func (awayIssuer) Finish(context.Context, string, string, string) (staff.Identity, error) {
	return staff.Identity{}, staff.ErrIssuerAway
}

func TestAnIssuerThatIsAwayIsSaidToBe(t *testing.T) {
	p := newPlace(t)
	p.console.signOn = awayIssuer{}
	if where, _ := p.follow(p.URL + "/api/v1/login/oidc"); where != "/console#/login?error=oidc_away" {
		t.Errorf("the browser is led to %s, want oidc_away", where)
	}
	p.member("ana@example.com", staff.RoleAdmin)
	p.login("ana@example.com", password, "").want(t, 200, "")
}

func FuzzOpenTicket(f *testing.F) {
	box, err := staff.NewSealer(make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	now := time.Unix(1e9, 0)
	mine, err := sealTicket(box, newTicket(now))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(mine)
	f.Add("")
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := openTicket(box, s, now)
		if err != nil && got != (ticket{}) || err == nil && (len(got.State) < 26 || len(got.Verifier) < 43 || got.Expires <= now.Unix()) {
			t.Errorf("openTicket(%q) = %+v, %v, want a whole ticket of ours or nothing", s, got, err)
		}
	})
}
