package staff

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// SessionLife is how long a login lasts. It is not prolonged by use, so a
// stolen cookie ends too.
const SessionLife = 7 * 24 * time.Hour

// tokenPrefix marks our API tokens, for people and for scanners of leaked secrets.
const tokenPrefix = "fd_"

// secretBytes is how much randomness a session or a token has. Because it
// cannot be guessed, SHA-256 without salt keeps it safe at rest, and looking it
// up by that hash leaks nothing through the time it takes.
const secretBytes = 32

// maxNameRunes bounds the name of a token or an account.
const maxNameRunes = 80

// Hash is the SHA-256 of a session's or a token's secret: all that is stored.
type Hash [sha256.Size]byte

// Store keeps accounts, sessions and tokens. Implementations are safe for
// concurrent use.
type Store interface {
	Accounts
	Sessions
	Tokens
	People
	SecondFactors
	Invitations
	Resets
	Identities
	Audit
	Links
}

// Accounts keeps the members of staff.
type Accounts interface {
	// AddAccount stores a new account and returns it with its id. ErrExists when
	// the address is taken, even by a call at the same moment.
	AddAccount(ctx context.Context, a Account, passwordHash string) (Account, error)
	// AddFirstAccount is AddAccount when there is no account at all, and
	// ErrExists otherwise.
	AddFirstAccount(ctx context.Context, a Account, passwordHash string) (Account, error)
	// AccountByEmail returns an enabled account with its password hash, or ErrNotFound.
	AccountByEmail(ctx context.Context, email string) (Account, string, error)
	// AnyAccount reports whether there is an account.
	AnyAccount(ctx context.Context) (bool, error)
}

// Sessions keeps who is signed in.
type Sessions interface {
	// AddSession stores a session of the account as it was read. ErrNotFound when the
	// account has been disabled since, or what it signs in with has changed: whoever
	// was still signing in with the old password must not outlive the change.
	AddSession(ctx context.Context, h Hash, a Account, s Session) (Session, error)
	// UseSession returns whose session it is and notes the use, at most once a minute,
	// or ErrNotFound when it is unknown, over at now, or its account disabled.
	UseSession(ctx context.Context, h Hash, now time.Time) (Account, Session, error)
	// DeleteSession ends a session; one that is not there is no error.
	DeleteSession(ctx context.Context, h Hash) error
	// DeleteEndedSessions forgets those that were over at now.
	DeleteEndedSessions(ctx context.Context, now time.Time) error
	// AccountSessions lists those of an account that are not over, the last used first.
	AccountSessions(ctx context.Context, account string, now time.Time) ([]Session, error)
	// EndSession ends a session of the account by its id, or returns ErrNotFound.
	EndSession(ctx context.Context, account, id string) error
	// EndSessions ends all sessions of the account but the one with the id keep.
	EndSessions(ctx context.Context, account, keep string) error
}

// Tokens keeps the API tokens.
type Tokens interface {
	AddToken(ctx context.Context, h Hash, name string, role Role) (Token, error)
	// UseToken returns the token and notes the use, at most once a minute, or
	// ErrNotFound when it is unknown or revoked.
	UseToken(ctx context.Context, h Hash, now time.Time) (Token, error)
	// RevokeToken ends a token at once, or returns ErrNotFound.
	RevokeToken(ctx context.Context, id string) error
	// AllTokens lists those not revoked, the newest first.
	AllTokens(ctx context.Context) ([]Token, error)
}

// Service is what the rest of the program asks about staff. It is safe for
// concurrent use.
type Service struct {
	store    Store
	hasher   *hasher
	throttle *throttle
	sealing  sealing
	now      func() time.Time
}

// New returns a Service over store. now may be nil for the wall clock.
func New(store Store, now func() time.Time) *Service {
	if now == nil {
		now = time.Now
	}
	return &Service{store: store, hasher: newHasher(), throttle: newThrottle(), now: now}
}

// Add makes an account. It returns ErrEmail, ErrRole, ErrPassword or ErrExists
// for what it is named after.
func (s *Service) Add(ctx context.Context, email, password string, role Role) (Account, error) {
	return s.add(ctx, email, password, role, s.store.AddAccount)
}

// AddFirst makes the first account, an admin, unless there is any account:
// then it returns ErrExists. Of two processes that start together one wins.
func (s *Service) AddFirst(ctx context.Context, email, password string) (Account, error) {
	some, err := s.store.AnyAccount(ctx) // spares every later start the hash
	if err != nil {
		return Account{}, err
	}
	if some {
		return Account{}, ErrExists
	}
	return s.add(ctx, email, password, RoleAdmin, s.store.AddFirstAccount)
}

func (s *Service) add(ctx context.Context, email, password string, role Role,
	store func(context.Context, Account, string) (Account, error)) (Account, error) {
	email, err := NormalizeEmail(email)
	if err != nil {
		return Account{}, err
	}
	if !role.Valid() {
		return Account{}, ErrRole
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return Account{}, err
	}
	return store(ctx, Account{Email: email, Name: nameOf(email), Role: role}, hash)
}

// Session returns who holds the session, or ErrUnauthenticated.
func (s *Service) Session(ctx context.Context, secret string) (Principal, error) {
	if !plausible(secret) {
		return Principal{}, ErrUnauthenticated
	}
	a, session, err := s.store.UseSession(ctx, hashOf(secret), s.now())
	if errors.Is(err, ErrNotFound) {
		return Principal{}, ErrUnauthenticated
	}
	if err != nil {
		return Principal{}, err
	}
	return principal(a, session), nil
}

// Logout ends the session; an unknown one is no error.
func (s *Service) Logout(ctx context.Context, secret string) error {
	if !plausible(secret) {
		return nil
	}
	return s.store.DeleteSession(ctx, hashOf(secret))
}

// CreateToken makes an API token and returns its secret, which cannot be had
// again. It returns ErrName or ErrRole.
func (s *Service) CreateToken(ctx context.Context, name string, role Role) (string, Token, error) {
	name, err := cleanName(name)
	if err != nil {
		return "", Token{}, err
	}
	if !role.Valid() {
		return "", Token{}, ErrRole
	}
	secret := newSecret()
	t, err := s.store.AddToken(ctx, hashOf(secret), name, role)
	if err != nil {
		return "", Token{}, err
	}
	return tokenPrefix + secret, t, nil
}

// Token returns who bears the API token, or ErrUnauthenticated.
func (s *Service) Token(ctx context.Context, bearer string) (Principal, error) {
	secret, ours := strings.CutPrefix(bearer, tokenPrefix)
	if !ours || !plausible(secret) {
		return Principal{}, ErrUnauthenticated
	}
	t, err := s.store.UseToken(ctx, hashOf(secret), s.now())
	if errors.Is(err, ErrNotFound) {
		return Principal{}, ErrUnauthenticated
	}
	if err != nil {
		return Principal{}, err
	}
	return Principal{ID: t.ID, Name: t.Name, Role: t.Role, Token: true}, nil
}

// RevokeToken ends a token at once, or returns ErrNotFound.
func (s *Service) RevokeToken(ctx context.Context, id string) error {
	if err := s.store.RevokeToken(ctx, id); err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	return nil
}

func principal(a Account, s Session) Principal {
	return Principal{ID: a.ID, Name: a.Name, Email: a.Email, Role: a.Role, Ends: s.EndsAt, Session: s.ID, Status: a.Status, TOTP: a.TOTP}
}

// cleanName trims a name and returns ErrName for one nobody could read: empty, too
// long, or with signs that do not print, which can make a text read another way.
func cleanName(name string) (string, error) {
	name = strings.TrimSpace(name)
	printable := strings.IndexFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
	if name == "" || !printable || !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxNameRunes {
		return "", ErrName
	}
	return name, nil
}

func newSecret() string {
	b := make([]byte, secretBytes)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// plausible spares the database what cannot be a secret of ours.
func plausible(secret string) bool {
	return len(secret) == base64.RawURLEncoding.EncodedLen(secretBytes)
}

func hashOf(secret string) Hash { return sha256.Sum256([]byte(secret)) }
