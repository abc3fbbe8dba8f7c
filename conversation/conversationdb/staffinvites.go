package conversationdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"frontdesk/conversation/staff"

	"github.com/jackc/pgx/v5"
)

// invitationColumns are what scanInvitation reads, of staff_invitations as i.
const invitationColumns = `i.id, i.email, i.role, i.invited_by, i.created_at, i.expires_at`

func scanInvitation(row pgx.CollectableRow) (i staff.Invitation, err error) {
	err = row.Scan(&i.ID, &i.Email, &i.Role, &i.InvitedBy, &i.CreatedAt, &i.ExpiresAt)
	return i, err
}

// AddInvitation implements staff.Invitations.
func (s *StaffStore) AddInvitation(ctx context.Context, h staff.Hash, i staff.Invitation) (staff.Invitation, error) {
	const end = `UPDATE staff_invitations SET ended_at = @created WHERE email = @email AND ended_at IS NULL`
	const add = `INSERT INTO staff_invitations (secret_hash, email, role, invited_by, created_at, expires_at)
		SELECT @hash, @email, @role, @by, @created, @expires
		WHERE NOT EXISTS (SELECT FROM staff_accounts WHERE email = @email)
		RETURNING id`
	args := pgx.NamedArgs{"hash": h[:], "email": i.Email, "role": i.Role, "by": i.InvitedBy, "created": i.CreatedAt, "expires": i.ExpiresAt}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// Two invitations of one address at once: the second waits, and replaces the first.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(firstAccountLock)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, end, args); err != nil {
			return err
		}
		return tx.QueryRow(ctx, add, args).Scan(&i.ID)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return staff.Invitation{}, staff.ErrExists
	}
	if err != nil {
		return staff.Invitation{}, fmt.Errorf("add invitation: %w", err)
	}
	return i, nil
}

// OpenInvitations implements staff.Invitations.
func (s *StaffStore) OpenInvitations(ctx context.Context, now time.Time) ([]staff.Invitation, error) {
	const q = `SELECT ` + invitationColumns + ` FROM staff_invitations i
		WHERE i.ended_at IS NULL AND i.expires_at > @now ORDER BY i.created_at DESC, i.id`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"now": now})
	if err != nil {
		return nil, fmt.Errorf("list invitations: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanInvitation)
	if err != nil {
		return nil, fmt.Errorf("list invitations: %w", err)
	}
	return list, nil
}

// Invitation implements staff.Invitations.
func (s *StaffStore) Invitation(ctx context.Context, h staff.Hash, now time.Time) (staff.Invitation, error) {
	const q = `SELECT ` + invitationColumns + ` FROM staff_invitations i
		WHERE i.secret_hash = @hash AND i.ended_at IS NULL AND i.expires_at > @now`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"hash": h[:], "now": now})
	if err != nil {
		return staff.Invitation{}, fmt.Errorf("read invitation: %w", err)
	}
	i, err := pgx.CollectExactlyOneRow(rows, scanInvitation)
	if errors.Is(err, pgx.ErrNoRows) {
		return staff.Invitation{}, staff.ErrInvitation
	}
	if err != nil {
		return staff.Invitation{}, fmt.Errorf("read invitation: %w", err)
	}
	return i, nil
}

// Accept implements staff.Invitations. Ending the invitation locks its row, so that
// the second of two calls sees it ended.
func (s *StaffStore) Accept(ctx context.Context, h staff.Hash, name, passwordHash string, now time.Time) (staff.Account, error) {
	const end = `UPDATE staff_invitations SET ended_at = @now
		WHERE secret_hash = @hash AND ended_at IS NULL AND expires_at > @now RETURNING id, email, role`
	var a staff.Account
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var id, email string
		var role staff.Role
		err := tx.QueryRow(ctx, end, pgx.NamedArgs{"hash": h[:], "now": now}).Scan(&id, &email, &role)
		if errors.Is(err, pgx.ErrNoRows) {
			return staff.ErrInvitation
		}
		if err != nil {
			return err
		}
		a, err = accept(ctx, tx, id, staff.Account{Email: email, Name: name, Role: role}, passwordHash)
		return err
	})
	if isCode(err, uniqueViolation) {
		return staff.Account{}, staff.ErrExists
	}
	if err != nil {
		return staff.Account{}, fmt.Errorf("accept invitation: %w", err)
	}
	return a, nil
}

// accept makes the account of an invitation that has just ended; invitation may be
// empty.
func accept(ctx context.Context, tx pgx.Tx, invitation string, a staff.Account, passwordHash string) (staff.Account, error) {
	const add = `INSERT INTO staff_accounts AS a (email, name, role, password_hash)
		VALUES (@email, @name, @role, @hash) RETURNING ` + accountColumns
	const note = `UPDATE staff_invitations SET account_id = @account WHERE id = @id`
	if err := tx.QueryRow(ctx, add, accountArgs(a, passwordHash)).Scan(accountTargets(&a)...); err != nil {
		return staff.Account{}, err
	}
	if invitation == "" {
		return a, nil
	}
	_, err := tx.Exec(ctx, note, pgx.NamedArgs{"id": invitation, "account": a.ID})
	return a, err
}

// EndInvitation implements staff.Invitations.
func (s *StaffStore) EndInvitation(ctx context.Context, id string, now time.Time) error {
	const q = `UPDATE staff_invitations SET ended_at = @now WHERE id::text = lower(@id) AND ended_at IS NULL AND expires_at > @now`
	tag, err := s.pool.Exec(ctx, q, pgx.NamedArgs{"id": id, "now": now})
	if err != nil {
		return fmt.Errorf("end invitation %s: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return staff.ErrNotFound
	}
	return nil
}
