package staff

import (
	"context"
	"errors"
	"time"
)

// Errors of signing in elsewhere.
var (
	// ErrUnverified is returned when the issuer does not vouch for the address of
	// somebody it names for the first time.
	ErrUnverified = errors.New("staff: the issuer does not vouch for the e-mail address")
	// ErrStranger is returned for somebody who has no account here and no invitation.
	ErrStranger = errors.New("staff: no account for this person")
	// ErrOtherIdentity is returned when the account belongs to another person of the
	// same issuer, such as the one who had the address before.
	ErrOtherIdentity = errors.New("staff: the account belongs to another identity of the issuer")
	// ErrIssuerAway is returned when the issuer cannot be reached.
	ErrIssuerAway = errors.New("staff: the issuer cannot be reached")
	// ErrRefused is returned when the issuer does not vouch for the caller, or its word
	// does not hold.
	ErrRefused = errors.New("staff: the issuer did not sign the caller in")
	// ErrDisabled is returned for the person of a disabled account.
	ErrDisabled = errors.New("staff: the account is disabled")
)

// Identity is who an issuer says somebody is.
type Identity struct {
	Issuer, Subject string // never change for one person
	Email           string // as the issuer writes it
	Verified        bool   // the issuer vouches for Email
	Name            string // may be empty
}

// Identities keeps which account is whose.
type Identities interface {
	// AccountByIdentity returns the account of a person known before, or ErrNotFound;
	// ErrDisabled when it is.
	AccountByIdentity(ctx context.Context, issuer, subject string) (Account, error)
	// LinkIdentity finds or makes the account of somebody new, in one transaction: the
	// account with the address; else the role of an open invitation for it, which is used
	// up; else fallback, where it is not empty. ErrStranger, ErrOtherIdentity,
	// ErrDisabled. Of two calls at the same moment both return the same account.
	LinkIdentity(ctx context.Context, id Identity, fallback Role, now time.Time) (a Account, made bool, err error)
}

// SignOn starts a session for whom an issuer names. Somebody named for the first
// time needs an address the issuer vouches for, and an account or invitation with it,
// or a fallback role. made reports a new account. It returns ErrUnverified,
// ErrStranger, ErrOtherIdentity or ErrDisabled.
func (s *Service) SignOn(ctx context.Context, id Identity, fallback Role, from Device) (secret string, who Principal, made bool, err error) {
	a, err := s.store.AccountByIdentity(ctx, id.Issuer, id.Subject)
	if errors.Is(err, ErrNotFound) {
		a, made, err = s.link(ctx, id, fallback)
	}
	if err != nil {
		return "", Principal{}, false, err
	}
	secret, who, err = s.begin(ctx, a, from)
	return secret, who, made, err
}

func (s *Service) link(ctx context.Context, id Identity, fallback Role) (Account, bool, error) {
	email, err := NormalizeEmail(id.Email)
	if err != nil || !id.Verified {
		return Account{}, false, ErrUnverified
	}
	id.Email = email
	if id.Name, err = cleanName(cut(printable(id.Name), maxNameRunes)); err != nil {
		id.Name = nameOf(email)
	}
	return s.store.LinkIdentity(ctx, id, fallback, s.now())
}
