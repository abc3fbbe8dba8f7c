package staff

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// memory is a Store in memory.
type memory struct {
	mu       sync.Mutex // guards all
	accounts map[string]Account
	hashes   map[string]string
	sessions map[Hash]memorySession
	tokens   map[Hash]Token
	links    map[string]Link
	last     int
}

type memorySession struct {
	email string
	ends  time.Time
}

func newMemory() *memory {
	return &memory{accounts: map[string]Account{}, hashes: map[string]string{}, sessions: map[Hash]memorySession{}, tokens: map[Hash]Token{}}
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

func (m *memory) AddSession(_ context.Context, h Hash, accountID string, ends time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for email, a := range m.accounts {
		if a.ID == accountID {
			m.sessions[h] = memorySession{email, ends}
		}
	}
	return nil
}

func (m *memory) SessionAccount(_ context.Context, h Hash, now time.Time) (Account, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sessions[h]
	if !ok || !s.ends.After(now) {
		return Account{}, time.Time{}, ErrNotFound
	}
	return m.accounts[s.email], s.ends, nil
}

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
		if !s.ends.After(now) {
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
