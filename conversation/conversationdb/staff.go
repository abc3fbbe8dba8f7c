package conversationdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"frontdesk/conversation/staff"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// StaffStore keeps accounts, sessions and API tokens. It is a staff.Store.
type StaffStore struct{ pool *pgxpool.Pool }

// NewStaffStore returns a StaffStore over pool, which stays the caller's.
func NewStaffStore(pool *pgxpool.Pool) *StaffStore { return &StaffStore{pool: pool} }

// firstAccountLock is the advisory lock under which the first account is made.
const firstAccountLock = 0x66645f7374616666 // "fd_staff"

// AddAccount stores a new account, or returns staff.ErrExists.
func (s *StaffStore) AddAccount(ctx context.Context, a staff.Account, passwordHash string) (staff.Account, error) {
	const q = `INSERT INTO staff_accounts (email, name, role, password_hash)
		VALUES (@email, @name, @role, @hash)
		RETURNING id, created_at, status`
	err := s.pool.QueryRow(ctx, q, accountArgs(a, passwordHash)).Scan(&a.ID, &a.CreatedAt, &a.Status)
	if isCode(err, uniqueViolation) {
		return staff.Account{}, staff.ErrExists
	}
	if err != nil {
		return staff.Account{}, fmt.Errorf("add account: %w", err)
	}
	return a, nil
}

// AddFirstAccount stores the account when there is none, or returns
// staff.ErrExists. Of two calls at the same moment one wins.
func (s *StaffStore) AddFirstAccount(ctx context.Context, a staff.Account, passwordHash string) (staff.Account, error) {
	const q = `INSERT INTO staff_accounts (email, name, role, password_hash)
		SELECT @email, @name, @role, @hash
		WHERE NOT EXISTS (SELECT FROM staff_accounts)
		RETURNING id, created_at`
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(firstAccountLock)); err != nil {
			return err
		}
		return tx.QueryRow(ctx, q, accountArgs(a, passwordHash)).Scan(&a.ID, &a.CreatedAt)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return staff.Account{}, staff.ErrExists
	}
	if err != nil {
		return staff.Account{}, fmt.Errorf("add first account: %w", err)
	}
	return a, nil
}

// accountColumns are what accountTargets reads, of staff_accounts as a.
const accountColumns = `a.id, a.email, a.name, a.role, a.created_at, a.status, a.disabled_at IS NOT NULL, a.totp_on, a.credentials, a.version`

func accountTargets(a *staff.Account) []any {
	return []any{&a.ID, &a.Email, &a.Name, &a.Role, &a.CreatedAt, &a.Status, &a.Disabled, &a.TOTP, &a.Credentials, &a.Version}
}

func accountArgs(a staff.Account, passwordHash string) pgx.NamedArgs {
	return pgx.NamedArgs{"email": a.Email, "name": a.Name, "role": string(a.Role), "hash": passwordHash}
}

// AccountByEmail returns an enabled account with its password hash, or
// staff.ErrNotFound.
func (s *StaffStore) AccountByEmail(ctx context.Context, email string) (staff.Account, string, error) {
	const q = `SELECT ` + accountColumns + `, a.password_hash
		FROM staff_accounts a WHERE a.email = @email AND a.disabled_at IS NULL`
	var a staff.Account
	var hash string
	err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{"email": email}).Scan(append(accountTargets(&a), &hash)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return staff.Account{}, "", staff.ErrNotFound
	}
	if err != nil {
		return staff.Account{}, "", fmt.Errorf("find account: %w", err)
	}
	return a, hash, nil
}

// AnyAccount reports whether there is an account.
func (s *StaffStore) AnyAccount(ctx context.Context) (bool, error) {
	var some bool
	err := s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM staff_accounts)`).Scan(&some)
	if err != nil {
		return false, fmt.Errorf("look for accounts: %w", err)
	}
	return some, nil
}

// DeleteSession ends a session; one that is not there is no error.
func (s *StaffStore) DeleteSession(ctx context.Context, h staff.Hash) error {
	const q = `DELETE FROM staff_sessions WHERE secret_hash = $1 RETURNING account_id::text`
	var account string
	err := s.pool.QueryRow(ctx, q, h[:]).Scan(&account)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = tellEnded(ctx, s.pool, account)
	}
	if err != nil {
		return fmt.Errorf("delete session: %w", err)
	}
	return nil
}

// DeleteEndedSessions forgets those that were over at now.
func (s *StaffStore) DeleteEndedSessions(ctx context.Context, now time.Time) error {
	if _, err := s.pool.Exec(ctx, `DELETE FROM staff_sessions WHERE ends_at <= $1`, now); err != nil {
		return fmt.Errorf("delete ended sessions: %w", err)
	}
	return nil
}

// AddToken stores a new API token.
func (s *StaffStore) AddToken(ctx context.Context, h staff.Hash, name string, role staff.Role) (staff.Token, error) {
	const q = `INSERT INTO staff_tokens (secret_hash, name, role) VALUES (@hash, @name, @role)
		RETURNING id, created_at`
	t := staff.Token{Name: name, Role: role}
	err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{"hash": h[:], "name": name, "role": string(role)}).Scan(&t.ID, &t.CreatedAt)
	if err != nil {
		return staff.Token{}, fmt.Errorf("add token: %w", err)
	}
	return t, nil
}

// UseToken returns the token, or staff.ErrNotFound when it is unknown or
// revoked. The use is written down at most once a minute, so that reading
// through the API does not become a write for every request.
func (s *StaffStore) UseToken(ctx context.Context, h staff.Hash, now time.Time) (staff.Token, error) {
	const q = `WITH used AS (
			UPDATE staff_tokens SET last_used_at = @now
			WHERE secret_hash = @hash AND revoked_at IS NULL
				AND (last_used_at IS NULL OR last_used_at < @now::timestamptz - interval '1 minute')
		)
		SELECT id, name, role, created_at, last_used_at FROM staff_tokens
		WHERE secret_hash = @hash AND revoked_at IS NULL`
	t, err := scanToken(s.pool.QueryRow(ctx, q, pgx.NamedArgs{"hash": h[:], "now": now}))
	if errors.Is(err, pgx.ErrNoRows) {
		return staff.Token{}, staff.ErrNotFound
	}
	if err != nil {
		return staff.Token{}, fmt.Errorf("use token: %w", err)
	}
	return t, nil
}

// RevokeToken ends a token at once, or returns staff.ErrNotFound.
func (s *StaffStore) RevokeToken(ctx context.Context, id string) error {
	// Compared as text, so that an id which is no UUID names nothing.
	const q = `UPDATE staff_tokens SET revoked_at = now() WHERE id::text = lower(@id) AND revoked_at IS NULL`
	tag, err := s.pool.Exec(ctx, q, pgx.NamedArgs{"id": id})
	if err == nil {
		err = tellEnded(ctx, s.pool, id)
	}
	if err != nil {
		return fmt.Errorf("revoke token %s: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return staff.ErrNotFound
	}
	return nil
}

func scanToken(row pgx.Row) (staff.Token, error) {
	var t staff.Token
	var used *time.Time
	if err := row.Scan(&t.ID, &t.Name, &t.Role, &t.CreatedAt, &used); err != nil {
		return staff.Token{}, err
	}
	if used != nil {
		t.LastUsedAt = *used
	}
	return t, nil
}
