// Package staff says who may do what: accounts and their roles, passwords,
// console sessions and API tokens. It stores nothing itself and speaks no HTTP.
package staff

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"
)

// Role is what a person or a token may do. Each role may do all that the ones
// below it may.
type Role string

// The roles, from the least to the most.
const (
	RoleViewer Role = "viewer" // reads conversations, documents and usage
	RoleAgent  Role = "agent"  // answers customers
	RoleAdmin  Role = "admin"  // changes the knowledge and the staff
)

var rank = map[Role]int{RoleViewer: 1, RoleAgent: 2, RoleAdmin: 3}

// Valid reports whether r is one of the roles above.
func (r Role) Valid() bool { return rank[r] > 0 }

// Allows reports whether r may do what least is enough for. An unknown role
// may do nothing, and nothing is allowed by an unknown least.
func (r Role) Allows(least Role) bool {
	return rank[r] > 0 && rank[least] > 0 && rank[r] >= rank[least]
}

var (
	// ErrNotFound is returned when there is no such account, session or token.
	ErrNotFound = errors.New("staff: not found")
	// ErrExists is returned when an account with that e-mail address exists.
	ErrExists = errors.New("staff: account exists")
	// ErrLogin is returned for a login that fails, whatever the cause: it does
	// not tell an unknown address from a wrong password.
	ErrLogin = errors.New("staff: wrong e-mail address or password")
	// ErrUnauthenticated is returned for a session or token that is unknown,
	// expired, revoked or of a disabled account.
	ErrUnauthenticated = errors.New("staff: not signed in")
	// ErrEmail is returned for text that is not a bare e-mail address.
	ErrEmail = errors.New("staff: not an e-mail address")
	// ErrRole is returned for a role that does not exist.
	ErrRole = errors.New("staff: role is not viewer, agent or admin")
	// ErrName is returned for a person or a token without a usable name.
	ErrName = errors.New("staff: a name has 1 to 80 characters that can be printed")
	// ErrPassword is returned for a password outside the length limits.
	ErrPassword = fmt.Errorf("staff: a password has %d to %d characters", MinPasswordRunes, maxPasswordBytes/4)
)

// SlowDownError is returned for a login attempt made too soon after others.
// Waiting that long always helps: nobody is ever locked out.
type SlowDownError struct{ After time.Duration }

func (e *SlowDownError) Error() string {
	return fmt.Sprintf("staff: too many attempts, try again in %d s", e.Seconds())
}

// Seconds is the wait in whole seconds, at least 1.
func (e *SlowDownError) Seconds() int {
	return max(1, int((e.After+time.Second-1)/time.Second))
}

// Account is one member of staff.
type Account struct {
	ID        string // UUID
	Email     string // normalised
	Name      string // shown to customers when this person answers
	Role      Role
	CreatedAt time.Time
	Status    Status
	Disabled  bool
	TOTP      bool // a second factor is asked for
	// Credentials is raised whenever what the account signs in with changes.
	Credentials int
	// Version is raised whenever name or role change, or it is disabled or enabled.
	Version int64
}

// Token is an API token as it can be listed; its secret is not kept.
type Token struct {
	ID         string // UUID
	Name       string
	Role       Role
	CreatedAt  time.Time
	LastUsedAt time.Time // zero until used; exact to a minute
}

// Principal is who makes a request.
type Principal struct {
	ID    string // of the account or the token
	Name  string
	Email string // empty for a token
	Role  Role
	Token bool
	// Ends is when a session ends; zero for a token.
	Ends time.Time
	// Session is the id that names the session and opens nothing; empty for a token.
	Session string
	Status  Status // of an account
	TOTP    bool   // of an account: a second factor is asked for
}

// maxEmailBytes is the longest address a mailbox can have (RFC 5321 §4.5.3.1.3).
const maxEmailBytes = 254

// NormalizeEmail returns the one spelling under which an address is stored:
// trimmed and in lower case. A person is found by it however they type it.
// It returns ErrEmail for anything but a bare local@domain; a domain without a
// dot is fine, since installations behind a firewall have those.
func NormalizeEmail(s string) (string, error) {
	if !utf8.ValidString(s) { // before ToLower, which would mend it
		return "", ErrEmail
	}
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) > maxEmailBytes {
		return "", ErrEmail
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || strings.ContainsAny(s, "\"<>() \t\r\n\x00") {
		return "", ErrEmail
	}
	return s, nil
}

// nameOf is what an account is called until somebody says otherwise.
func nameOf(email string) string {
	local, _, _ := strings.Cut(email, "@")
	local = strings.Map(func(r rune) rune {
		if r == '.' || r == '_' || r == '-' || r == '+' {
			return ' '
		}
		return r
	}, local)
	words := strings.Fields(local)
	for i, w := range words {
		r, n := utf8.DecodeRuneInString(w)
		words[i] = strings.ToUpper(string(r)) + w[n:]
	}
	if len(words) == 0 {
		return email
	}
	return strings.Join(words, " ")
}
