package staff

import (
	"context"
	"errors"
	"time"
)

// Device is where a sign-in comes from.
type Device struct {
	IP    string // of the browser
	Agent string // its User-Agent header
}

// Credentials are what somebody signs in with. Code is of the second factor, or a
// recovery code in its place; empty until it is asked for.
type Credentials struct {
	Email, Password, Code string
}

// Session is a console session as it can be listed; its secret is not kept.
type Session struct {
	ID         string // names it, opens nothing
	CreatedAt  time.Time
	LastUsedAt time.Time // exact to a minute
	EndsAt     time.Time
	IP         string // where it began
	Agent      string // the browser in a few words
}

// Login starts a session for whoever knows the password, and shows the second
// factor where the account has one, and returns the session's secret, which is not
// kept. It returns ErrLogin, ErrTOTPRequired or ErrTOTPWrong (the password being
// right), or a *SlowDownError when the pair of account and address has tried too
// often, or the account codes.
func (s *Service) Login(ctx context.Context, with Credentials, from Device) (string, Principal, error) {
	now, addr := s.now(), network(from.IP)
	norm, err := NormalizeEmail(with.Email)
	if err != nil {
		norm = "" // goes the whole way, so that its answer looks like any other
	}
	if err := s.throttle.attempt(norm, addr, now); err != nil {
		return "", Principal{}, err
	}
	account, hash, err := s.store.AccountByEmail(ctx, norm)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", Principal{}, err
	}
	right, err := s.hasher.verify(ctx, hash, with.Password)
	if err != nil {
		return "", Principal{}, err
	}
	if !right {
		return "", Principal{}, ErrLogin
	}
	if account.TOTP {
		// The attempt stays counted until the code is right too: the password alone
		// must not buy more guesses at it.
		if err := s.secondFactor(ctx, account, with.Code, now); err != nil {
			return "", Principal{}, err
		}
	}
	s.throttle.succeeded(norm, addr)
	return s.begin(ctx, account, from)
}

// begin starts a session of the account as it was read. ErrLogin when it changed
// in the meantime.
func (s *Service) begin(ctx context.Context, a Account, from Device) (string, Principal, error) {
	now := s.now()
	if err := s.store.DeleteEndedSessions(ctx, now); err != nil {
		return "", Principal{}, err
	}
	secret := newSecret()
	session, err := s.store.AddSession(ctx, hashOf(secret), a, Session{
		CreatedAt: now, LastUsedAt: now, EndsAt: now.Add(SessionLife), IP: from.IP, Agent: ShortAgent(from.Agent),
	})
	if errors.Is(err, ErrNotFound) {
		return "", Principal{}, ErrLogin
	}
	if err != nil {
		return "", Principal{}, err
	}
	return secret, principal(a, session), nil
}

// Sessions lists where the account is signed in, the last used first.
func (s *Service) Sessions(ctx context.Context, account string) ([]Session, error) {
	return s.store.AccountSessions(ctx, account, s.now())
}

// EndSession signs the account out of one session, or returns ErrNotFound.
func (s *Service) EndSession(ctx context.Context, account, id string) error {
	return s.store.EndSession(ctx, account, id)
}

// EndOthers signs the account out of every session but the one with the id keep.
func (s *Service) EndOthers(ctx context.Context, account, keep string) error {
	return s.store.EndSessions(ctx, account, keep)
}
