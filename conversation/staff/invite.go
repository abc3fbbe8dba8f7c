package staff

import (
	"context"
	"errors"
	"time"
)

// InvitationLife is how long an invitation can be accepted.
const InvitationLife = 7 * 24 * time.Hour

// ErrInvitation is returned for an invitation that is unknown, used, taken back or
// too old; it does not tell which.
var ErrInvitation = errors.New("staff: no such invitation")

// Invitation lets one person make their account. Its secret is not kept.
type Invitation struct {
	ID        string
	Email     string
	Role      Role
	InvitedBy string // name
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Invitations keeps them.
type Invitations interface {
	// AddInvitation stores it in place of an open one for the same address. ErrExists
	// when there is an account with that address.
	AddInvitation(ctx context.Context, h Hash, i Invitation) (Invitation, error)
	// OpenInvitations lists those that can be accepted at now, the newest first.
	OpenInvitations(ctx context.Context, now time.Time) ([]Invitation, error)
	// Invitation returns the open one with that secret, or ErrInvitation.
	Invitation(ctx context.Context, h Hash, now time.Time) (Invitation, error)
	// Accept makes the account and uses the invitation up, both or neither. Of two
	// calls at the same moment one wins. ErrInvitation, ErrExists.
	Accept(ctx context.Context, h Hash, name, passwordHash string, now time.Time) (Account, error)
	// EndInvitation takes an open one back, or returns ErrNotFound.
	EndInvitation(ctx context.Context, id string, now time.Time) error
}

// Invite lets whoever holds the secret it returns make an account with that
// address and role. An earlier invitation of the address ends. It returns ErrEmail, ErrRole or
// ErrExists.
func (s *Service) Invite(ctx context.Context, by Principal, email string, role Role) (string, Invitation, error) {
	email, err := NormalizeEmail(email)
	if err != nil {
		return "", Invitation{}, err
	}
	if !role.Valid() {
		return "", Invitation{}, ErrRole
	}
	secret, now := newSecret(), s.now()
	i, err := s.store.AddInvitation(ctx, hashOf(secret), Invitation{
		Email: email, Role: role, InvitedBy: by.Name, CreatedAt: now, ExpiresAt: now.Add(InvitationLife),
	})
	return secret, i, err
}

// Invitations lists those that can still be accepted, the newest first.
func (s *Service) Invitations(ctx context.Context) ([]Invitation, error) {
	return s.store.OpenInvitations(ctx, s.now())
}

// Invited returns what the secret invites to, or ErrInvitation.
func (s *Service) Invited(ctx context.Context, secret string) (Invitation, error) {
	if !plausible(secret) {
		return Invitation{}, ErrInvitation
	}
	return s.store.Invitation(ctx, hashOf(secret), s.now())
}

// AcceptInvitation makes the account and signs it in. It returns ErrInvitation,
// ErrName, ErrPassword or ErrExists.
func (s *Service) AcceptInvitation(ctx context.Context, secret, name, password string, from Device) (string, Principal, error) {
	name, err := cleanName(name)
	if err != nil {
		return "", Principal{}, err
	}
	if _, err := s.Invited(ctx, secret); err != nil { // before the hash, which costs
		return "", Principal{}, err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return "", Principal{}, err
	}
	a, err := s.store.Accept(ctx, hashOf(secret), name, hash, s.now())
	if err != nil {
		return "", Principal{}, err
	}
	return s.begin(ctx, a, from)
}

// EndInvitation takes one back, or returns ErrNotFound.
func (s *Service) EndInvitation(ctx context.Context, id string) error {
	return s.store.EndInvitation(ctx, id, s.now())
}
