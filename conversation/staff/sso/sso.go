// Package sso signs people in at an OpenID Connect provider: the authorization code
// flow with PKCE. It says who somebody is; what they may do is decided elsewhere.
package sso

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"frontdesk/conversation/staff"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	// askTimeout bounds one request to the provider.
	askTimeout = 10 * time.Second
	// maxAnswer bounds what is read of an answer; documents of keys have some 10 KB.
	maxAnswer = 1 << 20
	// askAgain is how long a provider that was away is not asked again, so that people
	// who try do not wait one after the other.
	askAgain = 5 * time.Second
	// atOnce bounds sign-ins being finished at the same time: each waits for the
	// provider, and anybody may come back with a made-up code.
	atOnce = 16
)

// Config says where and as what to sign in.
type Config struct {
	Issuer       string // as its discovery document names it
	ClientID     string
	ClientSecret string
	RedirectURL  string // where the provider sends browsers back
	Name         string // what people call it

	Client *http.Client // nil: one with limits of its own
	// Now is the clock; the wall clock when nil.
	Now func() time.Time
}

// Provider is one place to sign in. It is not asked for anything until somebody
// does. It is safe for concurrent use.
type Provider struct {
	cfg   Config
	slots chan struct{}

	mu    sync.Mutex // guards those below; held while the provider is discovered
	found *oidc.Provider
	err   error
	again time.Time
}

// New returns a Provider.
func New(cfg Config) *Provider {
	if cfg.Client == nil {
		cfg.Client = &http.Client{}
	}
	c := *cfg.Client
	c.Timeout = askTimeout
	c.Transport = bounded{c.Transport}
	cfg.Client = &c
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Provider{cfg: cfg, slots: make(chan struct{}, atOnce)}
}

// Name is what people call the provider.
func (p *Provider) Name() string { return p.cfg.Name }

// Check reports whether the provider can be reached and is the one it should be.
// staff.ErrIssuerAway.
func (p *Provider) Check(ctx context.Context) error {
	_, err := p.discover(ctx)
	return err
}

// Start returns where to send the browser. staff.ErrIssuerAway.
func (p *Provider) Start(ctx context.Context, state, nonce, verifier string) (string, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return p.oauth(found).AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), nil
}

// Finish returns whom the code is about. It returns staff.ErrIssuerAway, or
// staff.ErrRefused when the code or what it brings does not hold.
func (p *Provider) Finish(ctx context.Context, code, nonce, verifier string) (staff.Identity, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return staff.Identity{}, fmt.Errorf("finish sign-on: %w", ctx.Err())
	}
	found, err := p.discover(ctx)
	if err != nil {
		return staff.Identity{}, err
	}
	ctx = oidc.ClientContext(ctx, p.cfg.Client)
	token, err := p.oauth(found).Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return staff.Identity{}, exchangeError(err)
	}
	raw, _ := token.Extra("id_token").(string)
	verified, err := found.Verifier(&oidc.Config{ClientID: p.cfg.ClientID, Now: p.cfg.Now}).Verify(ctx, raw)
	if err != nil {
		return staff.Identity{}, fmt.Errorf("%w: ID token: %s", staff.ErrRefused, cause(err))
	}
	if subtle.ConstantTimeCompare([]byte(verified.Nonce), []byte(nonce)) != 1 {
		return staff.Identity{}, fmt.Errorf("%w: the ID token is for another sign-in", staff.ErrRefused)
	}
	var says claims
	if err := verified.Claims(&says); err != nil {
		return staff.Identity{}, fmt.Errorf("%w: claims cannot be read", staff.ErrRefused)
	}
	if says.Email == "" && found.UserInfoEndpoint() != "" {
		// Some providers keep the address out of the token.
		if says, err = p.ask(ctx, found, token, verified.Subject, says); err != nil {
			return staff.Identity{}, err
		}
	}
	return staff.Identity{
		Issuer: verified.Issuer, Subject: verified.Subject, Email: says.Email, Verified: bool(says.Verified), Name: says.name(),
	}, nil
}

// ask reads the person's claims from the provider, which must be about the subject
// of the token (OpenID Connect Core 1.0 §5.3.2).
func (p *Provider) ask(ctx context.Context, found *oidc.Provider, token *oauth2.Token, subject string, had claims) (claims, error) {
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return claims{}, fmt.Errorf("%w: userinfo: %s", staff.ErrRefused, cause(err))
	}
	says := had
	// Whether an address is verified is for who names it to say: the token named none.
	says.Verified = false
	if info.Subject != subject || info.Claims(&says) != nil {
		return claims{}, fmt.Errorf("%w: userinfo is about somebody else", staff.ErrRefused)
	}
	return says, nil
}

func (p *Provider) oauth(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.cfg.ClientID, ClientSecret: p.cfg.ClientSecret, RedirectURL: p.cfg.RedirectURL,
		Endpoint: found.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "email", "profile"},
	}
}

// discover returns what the provider says of itself, which is asked for once.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	if p.err != nil && p.cfg.Now().Before(p.again) {
		return nil, p.err
	}
	// The provider fetches its keys later with what it is given here, and what is
	// learned serves others too, so it must not end with one caller.
	ctx, cancel := context.WithTimeout(oidc.ClientContext(context.WithoutCancel(ctx), p.cfg.Client), askTimeout)
	defer cancel()
	found, err := oidc.NewProvider(ctx, p.cfg.Issuer)
	if err != nil {
		p.err, p.again = fmt.Errorf("%w: %s", staff.ErrIssuerAway, cause(err)), p.cfg.Now().Add(askAgain)
		return nil, p.err
	}
	p.found, p.err = found, nil
	return found, nil
}

// exchangeError tells a provider that says no from one that is away. Its own words
// may quote what was sent, so only the code it names is kept.
func exchangeError(err error) error {
	var said *oauth2.RetrieveError
	if errors.As(err, &said) && said.Response != nil && said.Response.StatusCode < 500 {
		return fmt.Errorf("%w: token endpoint: %d %s", staff.ErrRefused, said.Response.StatusCode, short(said.ErrorCode))
	}
	if errors.As(err, &said) && said.Response != nil {
		return fmt.Errorf("%w: token endpoint: %d", staff.ErrIssuerAway, said.Response.StatusCode)
	}
	return fmt.Errorf("%w: token endpoint: %s", staff.ErrIssuerAway, cause(err))
}

// maxCause bounds what of a provider's answer gets into the log.
const maxCause = 300

func cause(err error) string { return short(err.Error()) }

func short(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) > maxCause {
		s = strings.ToValidUTF8(s[:maxCause], "")
	}
	return s
}

// bounded cuts answers that are longer than any should be.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	next := b.next
	if next == nil {
		next = http.DefaultTransport
	}
	res, err := next.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, maxAnswer), res.Body}
	}
	return res, err
}
