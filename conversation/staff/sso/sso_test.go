package sso

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation/staff"

	"github.com/oauth2-proxy/mockoidc"
)

const redirect = "https://help.example.com/api/v1/login/oidc/callback"

// issuer is a provider written by others, with ours talking to it.
func issuer(t *testing.T) (*mockoidc.MockOIDC, *Provider) {
	t.Helper()
	m, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Shutdown() })
	return m, New(Config{Issuer: m.Issuer(), ClientID: m.ClientID, ClientSecret: m.ClientSecret, RedirectURL: redirect, Name: "Acme"})
}

// visit goes where the browser is sent and returns what it comes back with.
func visit(t *testing.T, to string) url.Values {
	t.Helper()
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.Get(to)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	back, err := res.Location()
	if err != nil {
		t.Fatalf("%s answers %d without a way back", to, res.StatusCode)
	}
	if !strings.HasPrefix(back.String(), redirect) {
		t.Fatalf("sent back to %s, want %s", back, redirect)
	}
	return back.Query()
}

const verifier = "a-verifier-of-at-least-forty-three-characters-0123456789"

func TestACodeBecomesAnIdentity(t *testing.T) {
	m, p := issuer(t)
	m.QueueUser(&mockoidc.MockUser{Subject: "s-1", Email: "Ana@Example.com", EmailVerified: true, PreferredUsername: "ana"})
	to, err := p.Start(t.Context(), "state", "nonce", verifier)
	if err != nil {
		t.Fatal(err)
	}
	sent, _ := url.Parse(to)
	if q := sent.Query(); q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || strings.Contains(to, verifier) {
		t.Errorf("Start = %s, want a S256 challenge and not the verifier", to)
	}
	back := visit(t, to)
	if back.Get("state") != "state" {
		t.Errorf("state = %q, want what was sent", back.Get("state"))
	}
	got, err := p.Finish(t.Context(), back.Get("code"), "nonce", verifier)
	want := staff.Identity{Issuer: m.Issuer(), Subject: "s-1", Email: "Ana@Example.com", Verified: true, Name: "ana"}
	if err != nil || got != want {
		t.Errorf("Finish = %+v, %v, want %+v", got, err, want)
	}
	if _, err := p.Finish(t.Context(), back.Get("code"), "nonce", verifier); !errors.Is(err, staff.ErrRefused) {
		t.Errorf("Finish with the same code = %v, want ErrRefused", err)
	}
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	m, p := issuer(t)
	other := New(Config{Issuer: m.Issuer(), ClientID: m.ClientID, ClientSecret: "wrong", RedirectURL: redirect})
	late := New(Config{Issuer: m.Issuer(), ClientID: m.ClientID, ClientSecret: m.ClientSecret, RedirectURL: redirect,
		Now: func() time.Time { return time.Now().Add(time.Hour) }})
	for name, c := range map[string]struct {
		by              *Provider
		nonce, verifier string
		code            string
	}{
		"another's nonce":    {p, "other", verifier, ""},
		"another's verifier": {p, "nonce", verifier + "x", ""},
		"made-up code":       {p, "nonce", verifier, "made-up"},
		"wrong secret":       {other, "nonce", verifier, ""},
		"token too old":      {late, "nonce", verifier, ""},
	} {
		to, err := p.Start(t.Context(), "state", "nonce", verifier)
		if err != nil {
			t.Fatal(err)
		}
		code := visit(t, to).Get("code")
		if c.code != "" {
			code = c.code
		}
		if id, err := c.by.Finish(t.Context(), code, c.nonce, c.verifier); !errors.Is(err, staff.ErrRefused) || id != (staff.Identity{}) {
			t.Errorf("Finish with %s = %+v, %v, want ErrRefused", name, id, err)
		}
	}
}

func TestAnUnverifiedAddressIsSaidToBeSo(t *testing.T) {
	m, p := issuer(t)
	m.QueueUser(&mockoidc.MockUser{Subject: "s-2", Email: "ben@example.com"})
	to, err := p.Start(t.Context(), "state", "nonce", verifier)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Finish(t.Context(), visit(t, to).Get("code"), "nonce", verifier)
	if err != nil || got.Verified || got.Email != "ben@example.com" {
		t.Errorf("Finish = %+v, %v, want Ben, unverified", got, err)
	}
}

// split is a person whose ID token says that an address is verified, and names none.
type split struct {
	*mockoidc.MockUser
	info string
}

func (u split) Userinfo([]string) ([]byte, error) { return []byte(u.info), nil }

func TestWhoNamesTheAddressSaysWhetherItIsVerified(t *testing.T) {
	for info, verified := range map[string]bool{
		`{"sub": "s-3", "email": "boss@example.com"}`:                          false,
		`{"sub": "s-3", "email": "boss@example.com", "email_verified": false}`: false,
		`{"sub": "s-3", "email": "boss@example.com", "email_verified": true}`:  true,
	} {
		m, p := issuer(t)
		m.QueueUser(split{&mockoidc.MockUser{Subject: "s-3", EmailVerified: true}, info})
		to, err := p.Start(t.Context(), "state", "nonce", verifier)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Finish(t.Context(), visit(t, to).Get("code"), "nonce", verifier)
		if err != nil || got.Email != "boss@example.com" || got.Verified != verified {
			t.Errorf("userinfo %s: Finish = %+v, %v, want verified %v", info, got, err, verified)
		}
	}
}

func TestAnIssuerThatWasAwayIsFoundOnceItIsThere(t *testing.T) {
	m, _ := issuer(t)
	away := true
	now := time.Unix(1e9, 0)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away {
			http.Error(w, "no", http.StatusBadGateway)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"issuer": "http://" + r.Host, "authorization_endpoint": m.AuthorizationEndpoint(),
			"token_endpoint": m.TokenEndpoint(), "jwks_uri": m.JWKSEndpoint()})
	}))
	defer front.Close()
	p := New(Config{Issuer: front.URL, ClientID: "x", ClientSecret: "y", RedirectURL: redirect, Now: func() time.Time { return now }})
	if _, err := p.Start(t.Context(), "s", "n", verifier); !errors.Is(err, staff.ErrIssuerAway) {
		t.Errorf("Start while it is away = %v, want ErrIssuerAway", err)
	}
	away = false
	if _, err := p.Start(t.Context(), "s", "n", verifier); !errors.Is(err, staff.ErrIssuerAway) {
		t.Errorf("Start a moment later = %v, want ErrIssuerAway without asking", err)
	}
	now = now.Add(askAgain)
	ctx, cancel := context.WithCancel(t.Context())
	to, err := p.Start(ctx, "s", "n", verifier)
	cancel()
	if err != nil || !strings.HasPrefix(to, m.AuthorizationEndpoint()) {
		t.Errorf("Start once it is there = %q, %v, want its address", to, err)
	}
}

func TestAnIssuerOfAnotherNameIsNotBelieved(t *testing.T) {
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"issuer": "https://elsewhere.example", "authorization_endpoint": "https://elsewhere.example/a"}`))
	}))
	defer front.Close()
	if err := New(Config{Issuer: front.URL}).Check(t.Context()); !errors.Is(err, staff.ErrIssuerAway) {
		t.Errorf("Check = %v, want ErrIssuerAway", err)
	}
}

func FuzzClaims(f *testing.F) {
	f.Add([]byte(`{"email": "a@x.org", "email_verified": true}`))
	f.Add([]byte(`{"email": "a@x.org", "email_verified": "true"}`))
	f.Add([]byte(`{"email_verified": 1}`))
	f.Add([]byte(`{"email_verified": null, "name": "\u202e"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var c claims
		if json.Unmarshal(data, &c) == nil && bool(c.Verified) && !strings.Contains(string(data), "true") {
			t.Errorf("%q counts as verified", data)
		}
	})
}
