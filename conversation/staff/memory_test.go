package staff

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// memory is a Store in memory, of what these tests ask; the rest is tested over
// Postgres.
type memory struct {
	People
	Invitations
	Resets
	Identities
	Audit
	totp     map[string]memoryTOTP
	recovery map[Hash]bool // used
	mu       sync.Mutex    // guards all
	accounts map[string]Account
	hashes   map[string]string
	sessions map[Hash]memorySession
	tokens   map[Hash]Token
	links    map[string]Link
	last     int
}

type memorySession struct {
	email string
	Session
}

type memoryTOTP struct {
	sealed []byte
	on     bool
	step   int64
}

func newMemory() *memory {
	return &memory{accounts: map[string]Account{}, hashes: map[string]string{}, sessions: map[Hash]memorySession{}, tokens: map[Hash]Token{},
		totp: map[string]memoryTOTP{}, recovery: map[Hash]bool{}}
}

func (m *memory) AddAccount(_ context.Context, a Account, hash string) (Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.accounts[a.Email]; ok {
		return Account{}, ErrExists
	}
	m.last++
	a.ID = fmt.Sprint("account-", m.last)
	m.accounts[a.Email], m.hashes[a.Email] = a, hash
	return a, nil
}

func (m *memory) AddFirstAccount(ctx context.Context, a Account, hash string) (Account, error) {
	if some, _ := m.AnyAccount(ctx); some {
		return Account{}, ErrExists
	}
	return m.AddAccount(ctx, a, hash)
}

func (m *memory) AccountByEmail(_ context.Context, email string) (Account, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.accounts[email]
	if !ok {
		return Account{}, "", ErrNotFound
	}
	return a, m.hashes[email], nil
}

func (m *memory) AnyAccount(context.Context) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.accounts) > 0, nil
}

func (m *memory) AddSession(_ context.Context, h Hash, a Account, s Session) (Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	s.ID = fmt.Sprint("session-", m.last)
	m.sessions[h] = memorySession{a.Email, s}
	return s, nil
}

func (m *memory) UseSession(_ context.Context, h Hash, now time.Time) (Account, Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sessions[h]
	if !ok || !s.EndsAt.After(now) {
		return Account{}, Session{}, ErrNotFound
	}
	return m.accounts[s.email], s.Session, nil
}

func (m *memory) AccountSessions(context.Context, string, time.Time) ([]Session, error) {
	return nil, nil
}
func (m *memory) EndSession(context.Context, string, string) error  { return ErrNotFound }
func (m *memory) EndSessions(context.Context, string, string) error { return nil }
func (m *memory) AllTokens(context.Context) ([]Token, error)        { return nil, nil }

func (m *memory) SealingKey(context.Context) ([]byte, error) { return make([]byte, 32), nil }

func (m *memory) TOTP(_ context.Context, account string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.totp[account]
	if !ok {
		return nil, false, ErrNotFound
	}
	return t.sealed, t.on, nil
}

func (m *memory) BeginTOTP(_ context.Context, account string, sealed []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.totp[account].on {
		return ErrTOTPOn
	}
	m.totp[account] = memoryTOTP{sealed: sealed}
	return nil
}

func (m *memory) ConfirmTOTP(_ context.Context, account string, sealed []byte, step int64, recovery []Hash) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.totp[account] = memoryTOTP{sealed, true, step}
	for _, h := range recovery {
		m.recovery[h] = false
	}
	for email, a := range m.accounts {
		if a.ID == account {
			a.TOTP = true
			m.accounts[email] = a
		}
	}
	return nil
}

func (m *memory) UseTOTPStep(_ context.Context, account string, step int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.totp[account]
	if !t.on || t.step >= step {
		return ErrTOTPWrong
	}
	t.step = step
	m.totp[account] = t
	return nil
}

func (m *memory) UseRecoveryCode(_ context.Context, _ string, h Hash, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if used, ok := m.recovery[h]; !ok || used {
		return ErrTOTPWrong
	}
	m.recovery[h] = true
	return nil
}

func (m *memory) ClearTOTP(context.Context, string) error { return ErrTOTPOff }

func (m *memory) DeleteSession(_ context.Context, h Hash) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sessions, h)
	return nil
}

func (m *memory) DeleteEndedSessions(_ context.Context, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for h, s := range m.sessions {
		if !s.EndsAt.After(now) {
			delete(m.sessions, h)
		}
	}
	return nil
}

func (m *memory) AddToken(_ context.Context, h Hash, name string, role Role) (Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	m.tokens[h] = Token{ID: fmt.Sprint("token-", m.last), Name: name, Role: role}
	return m.tokens[h], nil
}

func (m *memory) UseToken(_ context.Context, h Hash, _ time.Time) (Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.tokens[h]
	if !ok {
		return Token{}, ErrNotFound
	}
	return t, nil
}

func (m *memory) RevokeToken(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for h, t := range m.tokens {
		if t.ID == id {
			delete(m.tokens, h)
			return nil
		}
	}
	return ErrNotFound
}

func (m *memory) SetLink(_ context.Context, l Link, email string) (Link, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.accounts[email]
	if !ok {
		return Link{}, ErrNotFound
	}
	l.Staff = a
	if m.links == nil {
		m.links = map[string]Link{}
	}
	m.links[l.Channel+" "+l.Account+" "+l.ExternalID] = l
	return l, nil
}

func (m *memory) DeleteLink(_ context.Context, l Link) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := l.Channel + " " + l.Account + " " + l.ExternalID
	if _, ok := m.links[key]; !ok {
		return ErrNotFound
	}
	delete(m.links, key)
	return nil
}

func (m *memory) AllLinks(context.Context) ([]Link, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Link
	for _, l := range m.links {
		out = append(out, l)
	}
	return out, nil
}
