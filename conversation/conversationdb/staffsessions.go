package conversationdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"frontdesk/conversation/staff"

	"github.com/jackc/pgx/v5"
)

// sessionColumns are what sessionTargets reads, of staff_sessions as s.
const sessionColumns = `s.id, s.created_at, s.last_used_at, s.ends_at, s.ip, s.agent`

func sessionTargets(s *staff.Session) []any {
	return []any{&s.ID, &s.CreatedAt, &s.LastUsedAt, &s.EndsAt, &s.IP, &s.Agent}
}

// AddSession implements staff.Sessions. The account's row is locked against change
// until the session is there, so a change of password either sees the session and
// ends it or is seen here.
func (s *StaffStore) AddSession(ctx context.Context, h staff.Hash, a staff.Account, session staff.Session) (staff.Session, error) {
	const q = `WITH account AS (
			SELECT id FROM staff_accounts
			WHERE id = @account AND disabled_at IS NULL AND credentials = @credentials
			FOR SHARE
		)
		INSERT INTO staff_sessions (secret_hash, account_id, created_at, last_used_at, ends_at, ip, agent)
		SELECT @hash, id, @created, @used, @ends, @ip, @agent FROM account
		RETURNING id`
	err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{
		"hash": h[:], "account": a.ID, "credentials": a.Credentials, "created": session.CreatedAt, "used": session.LastUsedAt,
		"ends": session.EndsAt, "ip": session.IP, "agent": session.Agent,
	}).Scan(&session.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return staff.Session{}, staff.ErrNotFound
	}
	if err != nil {
		return staff.Session{}, fmt.Errorf("add session of %s: %w", a.ID, err)
	}
	return session, nil
}

// UseSession implements staff.Sessions. The use is written down at most once a
// minute, so that reading does not become a write for every request.
func (s *StaffStore) UseSession(ctx context.Context, h staff.Hash, now time.Time) (staff.Account, staff.Session, error) {
	const q = `WITH used AS (
			UPDATE staff_sessions SET last_used_at = @now
			WHERE secret_hash = @hash AND ends_at > @now AND last_used_at < @now::timestamptz - interval '1 minute'
		)
		SELECT ` + accountColumns + `, ` + sessionColumns + `
		FROM staff_sessions s JOIN staff_accounts a ON a.id = s.account_id
		WHERE s.secret_hash = @hash AND s.ends_at > @now AND a.disabled_at IS NULL`
	var a staff.Account
	var session staff.Session
	err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{"hash": h[:], "now": now}).Scan(append(accountTargets(&a), sessionTargets(&session)...)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return staff.Account{}, staff.Session{}, staff.ErrNotFound
	}
	if err != nil {
		return staff.Account{}, staff.Session{}, fmt.Errorf("find session: %w", err)
	}
	return a, session, nil
}

// AccountSessions implements staff.Sessions.
func (s *StaffStore) AccountSessions(ctx context.Context, account string, now time.Time) ([]staff.Session, error) {
	const q = `SELECT ` + sessionColumns + ` FROM staff_sessions s
		WHERE s.account_id = @account AND s.ends_at > @now ORDER BY s.last_used_at DESC, s.id`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"account": account, "now": now})
	if err != nil {
		return nil, fmt.Errorf("list sessions of %s: %w", account, err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (out staff.Session, err error) {
		err = row.Scan(sessionTargets(&out)...)
		return out, err
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions of %s: %w", account, err)
	}
	return list, nil
}

// EndSession implements staff.Sessions.
func (s *StaffStore) EndSession(ctx context.Context, account, id string) error {
	const q = `DELETE FROM staff_sessions WHERE account_id = @account AND id::text = lower(@id)`
	tag, err := s.pool.Exec(ctx, q, pgx.NamedArgs{"account": account, "id": id})
	if err == nil {
		err = tellEnded(ctx, s.pool, account)
	}
	if err != nil {
		return fmt.Errorf("end session %s: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return staff.ErrNotFound
	}
	return nil
}

// EndSessions implements staff.Sessions.
func (s *StaffStore) EndSessions(ctx context.Context, account, keep string) error {
	return endSessions(ctx, s.pool, account, keep)
}

func endSessions(ctx context.Context, db execer, account, keep string) error {
	const q = `DELETE FROM staff_sessions WHERE account_id = @account AND id::text <> @keep`
	_, err := db.Exec(ctx, q, pgx.NamedArgs{"account": account, "keep": keep})
	if err == nil {
		err = tellEnded(ctx, db, account)
	}
	if err != nil {
		return fmt.Errorf("end sessions of %s: %w", account, err)
	}
	return nil
}

// AllTokens implements staff.Tokens.
func (s *StaffStore) AllTokens(ctx context.Context) ([]staff.Token, error) {
	const q = `SELECT id, name, role, created_at, last_used_at FROM staff_tokens
		WHERE revoked_at IS NULL ORDER BY created_at DESC, id`
	rows, err := s.pool.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (staff.Token, error) { return scanToken(row) })
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return list, nil
}
