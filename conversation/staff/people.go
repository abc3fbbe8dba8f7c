package staff

import (
	"context"
	"errors"
)

// Status is whether a person takes new conversations, as they chose themselves.
type Status string

// The statuses.
const (
	StatusOnline Status = "online"
	StatusAway   Status = "away"
)

var (
	// ErrLastAdmin is returned for a change that would leave nobody who may undo it.
	ErrLastAdmin = errors.New("staff: this is the last admin")
	// ErrWrongPassword is returned to somebody signed in who cannot prove it.
	ErrWrongPassword = errors.New("staff: the current password is wrong")
	// ErrStatus is returned for a status that does not exist.
	ErrStatus = errors.New("staff: status is not online or away")
	// ErrVersion is returned for an account that was changed since the version was read.
	ErrVersion = errors.New("staff: the account was changed meanwhile")
)

// Member is an account as colleagues see it.
type Member struct {
	Account
	Online bool // has a console open: an event stream that gave a sign of life lately
	Open   int  // conversations held that are not resolved
}

// Change is what is to become of an account; nil leaves a thing as it is.
type Change struct {
	Name     *string
	Status   *Status
	Role     *Role
	Disabled *bool
	By       string // whose doing it is, by id; empty: that of whoever runs the server
	Version  int64  // that was read; 0 changes whatever is there
}

// People keeps what is known of accounts beside how they sign in.
type People interface {
	// Members lists all accounts, disabled ones too, by name.
	Members(ctx context.Context) ([]Member, error)
	// AnyAccountByEmail returns an account, even a disabled one, or ErrNotFound.
	AnyAccountByEmail(ctx context.Context, email string) (Account, error)
	// ChangeAccount changes an account and returns it. Disabling ends its sessions, and
	// gives what it holds and may no longer answer back to the queue, in the same transaction. ErrNotFound, or ErrLastAdmin when no enabled admin would be
	// left, whatever other calls do at the same moment.
	// ErrVersion comes with the account as it is, unchanged.
	ChangeAccount(ctx context.Context, id string, c Change) (Account, error)
	// SetPassword stores another hash in place of old, ends the sessions but the one
	// with the id keep, and raises Credentials, all or nothing. ErrNotFound when the
	// hash is not old any more.
	SetPassword(ctx context.Context, id, old, hash, keep string) error
}

// Members lists everybody, disabled accounts too.
func (s *Service) Members(ctx context.Context) ([]Member, error) {
	return s.store.Members(ctx)
}

// ChangeAccount changes an account and returns it. It returns ErrName, ErrRole,
// ErrStatus, ErrNotFound or ErrLastAdmin, and ErrVersion with the account as it is.
func (s *Service) ChangeAccount(ctx context.Context, id string, c Change) (Account, error) {
	if c.Name != nil {
		name, err := cleanName(*c.Name)
		if err != nil {
			return Account{}, err
		}
		c.Name = &name
	}
	if c.Role != nil && !c.Role.Valid() {
		return Account{}, ErrRole
	}
	if c.Status != nil && *c.Status != StatusOnline && *c.Status != StatusAway {
		return Account{}, ErrStatus
	}
	return s.store.ChangeAccount(ctx, id, c)
}

// ChangeByEmail is ChangeAccount of the account with that address.
func (s *Service) ChangeByEmail(ctx context.Context, email string, c Change) (Account, error) {
	a, err := s.find(ctx, email)
	if err != nil {
		return Account{}, err
	}
	return s.ChangeAccount(ctx, a.ID, c)
}

func (s *Service) find(ctx context.Context, email string) (Account, error) {
	email, err := NormalizeEmail(email)
	if err != nil {
		return Account{}, err
	}
	return s.store.AnyAccountByEmail(ctx, email)
}

// ChangePassword gives the account another password and ends all its sessions but
// the caller's. It returns ErrWrongPassword, ErrPassword or a *SlowDownError.
func (s *Service) ChangePassword(ctx context.Context, who Principal, current, fresh string, from Device) error {
	a, old, err := s.proven(ctx, who, from)
	if err != nil {
		return err
	}
	if err := s.prove(ctx, a, old, current, from); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, fresh)
	if err != nil {
		return err
	}
	err = s.store.SetPassword(ctx, a.ID, old, hash, who.Session)
	if errors.Is(err, ErrNotFound) {
		return ErrWrongPassword // it was changed a moment ago
	}
	return err
}

// ResetPassword sets a password by the word of whoever runs the server, ends all
// sessions, and returns the account. It returns ErrEmail, ErrNotFound (also for a
// disabled account) or ErrPassword.
func (s *Service) ResetPassword(ctx context.Context, email, fresh string) (Account, error) {
	email, err := NormalizeEmail(email)
	if err != nil {
		return Account{}, err
	}
	a, old, err := s.store.AccountByEmail(ctx, email)
	if err != nil {
		return Account{}, err
	}
	hash, err := s.hasher.hash(ctx, fresh)
	if err != nil {
		return Account{}, err
	}
	return a, s.store.SetPassword(ctx, a.ID, old, hash, "")
}

// proven returns the caller's account and password hash, after taking an attempt:
// a session left open must not be where a password is guessed.
func (s *Service) proven(ctx context.Context, who Principal, from Device) (Account, string, error) {
	if err := s.throttle.attempt(who.Email, network(from.IP), s.now()); err != nil {
		return Account{}, "", err
	}
	a, hash, err := s.store.AccountByEmail(ctx, who.Email)
	if errors.Is(err, ErrNotFound) {
		return Account{}, "", ErrUnauthenticated
	}
	return a, hash, err
}

func (s *Service) prove(ctx context.Context, a Account, hash, password string, from Device) error {
	right, err := s.hasher.verify(ctx, hash, password)
	if err != nil {
		return err
	}
	if !right {
		return ErrWrongPassword
	}
	s.throttle.succeeded(a.Email, network(from.IP))
	return nil
}

// Tokens lists the API tokens that are not revoked, the newest first.
func (s *Service) Tokens(ctx context.Context) ([]Token, error) { return s.store.AllTokens(ctx) }
