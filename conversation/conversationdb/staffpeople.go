package conversationdb

import (
	"context"
	"errors"
	"fmt"

	"frontdesk/conversation/staff"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// adminsLock is the advisory lock under which the number of admins may shrink.
const adminsLock = 0x66645f61646d696e // "fd_admin"

// execer is a pool or a transaction.
type execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Members implements staff.People.
func (s *StaffStore) Members(ctx context.Context) ([]staff.Member, error) {
	const q = `SELECT ` + accountColumns + `,
			a.disabled_at IS NULL AND EXISTS (
				SELECT FROM staff_streams s WHERE s.staff_id = a.id AND s.seen_at > now() - interval '40 seconds'),
			coalesce(c.n, 0)
		FROM staff_accounts a
		LEFT JOIN (
			SELECT staff_id, count(*) AS n FROM conversations WHERE owner = 'staff' AND status <> 'resolved' GROUP BY staff_id
		) c ON c.staff_id = a.id
		ORDER BY lower(a.name), a.email`
	rows, err := s.pool.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list staff: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m staff.Member, err error) {
		err = row.Scan(append(accountTargets(&m.Account), &m.Online, &m.Open)...)
		return m, err
	})
	if err != nil {
		return nil, fmt.Errorf("list staff: %w", err)
	}
	return list, nil
}

// AnyAccountByEmail implements staff.People.
func (s *StaffStore) AnyAccountByEmail(ctx context.Context, email string) (staff.Account, error) {
	const q = `SELECT ` + accountColumns + ` FROM staff_accounts a WHERE a.email = @email`
	return scanAccount(s.pool.QueryRow(ctx, q, pgx.NamedArgs{"email": email}), "find account")
}

// scanAccount reads one account; no row, and an id that is no UUID, is staff.ErrNotFound.
func scanAccount(row pgx.Row, verb string) (staff.Account, error) {
	var a staff.Account
	err := row.Scan(accountTargets(&a)...)
	if errors.Is(err, pgx.ErrNoRows) || isCode(err, invalidText) {
		return staff.Account{}, staff.ErrNotFound
	}
	if err != nil {
		return staff.Account{}, fmt.Errorf("%s: %w", verb, err)
	}
	return a, nil
}

// ChangeAccount implements staff.People. Changes that could take the last admin
// away wait for each other, so that two admins cannot demote one another at once.
func (s *StaffStore) ChangeAccount(ctx context.Context, id string, c staff.Change) (staff.Account, error) {
	const change = `UPDATE staff_accounts AS a SET
			name = coalesce(@name, a.name), status = coalesce(@status, a.status), role = coalesce(@role, a.role),
			disabled_at = CASE WHEN @disabled::boolean IS NULL THEN a.disabled_at WHEN @disabled THEN coalesce(a.disabled_at, now()) END,
			credentials = a.credentials + (@disabled::boolean IS NOT NULL)::int
		WHERE a.id::text = lower(@id)
		RETURNING ` + accountColumns
	const was = `SELECT role = 'admin' AND disabled_at IS NULL FROM staff_accounts WHERE id::text = lower(@id) FOR UPDATE`
	const admins = `SELECT EXISTS (SELECT FROM staff_accounts WHERE role = 'admin' AND disabled_at IS NULL)`
	var a staff.Account
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		admin := false // and may be none after
		if c.Role != nil || c.Disabled != nil {
			if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(adminsLock)); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, was, pgx.NamedArgs{"id": id}).Scan(&admin); errors.Is(err, pgx.ErrNoRows) {
				return staff.ErrNotFound
			} else if err != nil {
				return err
			}
		}
		var err error
		a, err = scanAccount(tx.QueryRow(ctx, change, pgx.NamedArgs{
			"id": id, "name": c.Name, "status": c.Status, "role": c.Role, "disabled": c.Disabled,
		}), "change account "+id)
		if err != nil {
			return err
		}
		if a.Disabled {
			if err := endReset(ctx, tx, a.ID); err != nil {
				return err
			}
			if err := endSessions(ctx, tx, a.ID, ""); err != nil {
				return err
			}
		}
		if a.Disabled || !a.Role.Allows(staff.RoleAgent) {
			if err := giveBack(ctx, tx, a.ID, c.By); err != nil {
				return err
			}
		}
		if !admin {
			return nil
		}
		var some bool
		if err := tx.QueryRow(ctx, admins).Scan(&some); err != nil {
			return err
		}
		if !some {
			return staff.ErrLastAdmin
		}
		return nil
	})
	if err != nil {
		return staff.Account{}, fmt.Errorf("change account %s: %w", id, err)
	}
	return a, nil
}

// SetPassword implements staff.People.
func (s *StaffStore) SetPassword(ctx context.Context, id, old, hash, keep string) error {
	const q = `UPDATE staff_accounts SET password_hash = @hash, credentials = credentials + 1
		WHERE id = @id AND password_hash = @old`
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, q, pgx.NamedArgs{"id": id, "old": old, "hash": hash})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return staff.ErrNotFound
		}
		if err := endReset(ctx, tx, id); err != nil {
			return err
		}
		return endSessions(ctx, tx, id, keep)
	})
	if err != nil {
		return fmt.Errorf("set password of %s: %w", id, err)
	}
	return nil
}
