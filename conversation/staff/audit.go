package staff

import (
	"context"
	"time"
)

// ActorKind sorts who changed something.
type ActorKind string

// Kinds of actors.
const (
	ActorStaff   ActorKind = "staff"
	ActorToken   ActorKind = "token"
	ActorCommand ActorKind = "command" // somebody at the server's command line
	ActorVisitor ActorKind = "visitor" // somebody without an account
)

// Actor is who changed something, as they were called then.
type Actor struct {
	Kind ActorKind
	ID   string // of the account or the token; empty for the others
	Name string
}

// Actor returns p as the audit log names it.
func (p Principal) Actor() Actor {
	switch {
	case p.ID == "":
		return Actor{Kind: ActorVisitor}
	case p.Token:
		return Actor{ActorToken, p.ID, p.Name}
	}
	return Actor{ActorStaff, p.ID, p.Name}
}

// AuditEntry is one change. It holds no secret and nothing a customer wrote.
type AuditEntry struct {
	ID     string // UUID; given when it is stored
	At     time.Time
	Actor  Actor
	Action string            // method and path pattern, or the command
	Target string            // id of what was changed; may be empty
	Detail map[string]string // a few words on how
	IP     string            // of the caller; empty for a command
}

// AuditFilter narrows a list; what is empty does not.
type AuditFilter struct {
	Actor  string // id
	Action string // the whole of it
	Target string
}

// AuditRetention is how young an entry at least is that retention leaves alone.
const AuditRetention = 30 * 24 * time.Hour

// Audit keeps what was changed. Entries are never changed themselves.
type Audit interface {
	// AddAudit stores an entry.
	AddAudit(ctx context.Context, e AuditEntry) error
	// AuditPage lists entries, the newest first, and where the next page begins; empty
	// at the end. conversation.ErrBadCursor.
	AuditPage(ctx context.Context, f AuditFilter, cursor string, limit int) ([]AuditEntry, string, error)
	// DeleteAudit deletes entries older than before, and returns how many. None younger
	// than AuditRetention can be.
	DeleteAudit(ctx context.Context, before time.Time) (int64, error)
}

// Record writes down a change that was made.
func (s *Service) Record(ctx context.Context, e AuditEntry) error {
	e.At = s.now()
	return s.store.AddAudit(ctx, e)
}

// AuditPage lists changes, the newest first, and where the next page begins.
func (s *Service) AuditPage(ctx context.Context, f AuditFilter, cursor string, limit int) ([]AuditEntry, string, error) {
	return s.store.AuditPage(ctx, f, cursor, limit)
}

// ForgetAudit deletes entries older than age, and returns how many. Those younger
// than AuditRetention stay whatever age is.
func (s *Service) ForgetAudit(ctx context.Context, age time.Duration) (int64, error) {
	return s.store.DeleteAudit(ctx, s.now().Add(-max(age, AuditRetention)))
}
