package staff

import (
	"context"
	"errors"
	"time"
)

// ResetLife is how long a link to choose another password works: it is handed over
// at once, by whatever way two colleagues talk.
const ResetLife = time.Hour

var (
	// ErrReset is returned for a link that is unknown, used, replaced or too old; it
	// does not tell which.
	ErrReset = errors.New("staff: no such reset link")
	// ErrOwnAccount is returned to an admin who would go round their own password: a
	// session left open must not be enough to take an account over.
	ErrOwnAccount = errors.New("staff: that is the caller's own account")
)

// Resets keeps the links to choose another password.
type Resets interface {
	// AddReset stores a link in place of an earlier one of the account. ErrNotFound for
	// an account that does not exist or is disabled.
	AddReset(ctx context.Context, h Hash, account string, expires time.Time) (Account, error)
	// ResetOf returns whose link it is, or ErrReset.
	ResetOf(ctx context.Context, h Hash, now time.Time) (Account, error)
	// UseReset uses the link up, stores the hash, ends all sessions and raises
	// Credentials, all or nothing. Of two calls at the same moment one wins. ErrReset.
	UseReset(ctx context.Context, h Hash, passwordHash string, now time.Time) (Account, error)
}

// MakeReset lets whoever holds the secret it returns choose another password for an
// account, once and for ResetLife. It replaces an earlier link, and any other change of the password ends
// it. ErrNotFound, ErrOwnAccount.
func (s *Service) MakeReset(ctx context.Context, by Principal, account string) (secret string, a Account, expires time.Time, err error) {
	if account == by.ID {
		return "", a, expires, ErrOwnAccount
	}
	secret, expires = newSecret(), s.now().Add(ResetLife)
	a, err = s.store.AddReset(ctx, hashOf(secret), account, expires)
	return secret, a, expires, err
}

// ResetOf returns whose password the secret lets choose, or ErrReset.
func (s *Service) ResetOf(ctx context.Context, secret string) (Account, error) {
	if !plausible(secret) {
		return Account{}, ErrReset
	}
	return s.store.ResetOf(ctx, hashOf(secret), s.now())
}

// UseReset gives the account of the link another password and ends all its sessions.
// It signs nobody in: a second factor is asked for as ever. ErrReset, ErrPassword.
func (s *Service) UseReset(ctx context.Context, secret, password string) (Account, error) {
	if _, err := s.ResetOf(ctx, secret); err != nil { // before the hash, which costs
		return Account{}, err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return Account{}, err
	}
	return s.store.UseReset(ctx, hashOf(secret), hash, s.now())
}

// DropTOTP takes a colleague's second factor away by the word of an admin. ErrTOTPOff,
// also where there is no such account; ErrOwnAccount.
func (s *Service) DropTOTP(ctx context.Context, by Principal, account string) error {
	if account == by.ID {
		return ErrOwnAccount
	}
	return s.store.ClearTOTP(ctx, account)
}
