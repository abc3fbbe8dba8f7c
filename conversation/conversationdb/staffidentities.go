package conversationdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"frontdesk/conversation/staff"

	"github.com/jackc/pgx/v5"
)

const accountByIdentity = `SELECT ` + accountColumns + ` FROM staff_identities i JOIN staff_accounts a ON a.id = i.account_id
	WHERE i.issuer = @issuer AND i.subject = @subject`

// AccountByIdentity implements staff.Identities.
func (s *StaffStore) AccountByIdentity(ctx context.Context, issuer, subject string) (staff.Account, error) {
	a, err := scanAccount(s.pool.QueryRow(ctx, accountByIdentity, pgx.NamedArgs{"issuer": issuer, "subject": subject}), "find account by identity")
	if err == nil && a.Disabled {
		return staff.Account{}, staff.ErrDisabled
	}
	return a, err
}

// LinkIdentity implements staff.Identities.
func (s *StaffStore) LinkIdentity(ctx context.Context, id staff.Identity, fallback staff.Role, now time.Time) (a staff.Account, made bool, err error) {
	a, made, err = s.linkIdentity(ctx, id, fallback, now)
	if isCode(err, uniqueViolation) { // the account was made another way meanwhile, and is there now
		a, made, err = s.linkIdentity(ctx, id, fallback, now)
	}
	return a, made, err
}

// linkIdentity tries once. It is rare, so all calls wait for each other.
func (s *StaffStore) linkIdentity(ctx context.Context, id staff.Identity, fallback staff.Role, now time.Time) (a staff.Account, made bool, err error) {
	const link = `INSERT INTO staff_identities (issuer, subject, account_id) VALUES (@issuer, @subject, @account)`
	args := pgx.NamedArgs{"issuer": id.Issuer, "subject": id.Subject, "email": id.Email, "now": now}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(firstAccountLock)); err != nil {
			return err
		}
		known, err := scanAccount(tx.QueryRow(ctx, accountByIdentity, args), "find account by identity")
		if err == nil { // by a call a moment before
			a = known
			return disabled(a)
		}
		if !errors.Is(err, staff.ErrNotFound) {
			return err
		}
		if a, made, err = accountFor(ctx, tx, id, fallback, args); err != nil {
			return err
		}
		args["account"] = a.ID
		if _, err := tx.Exec(ctx, link, args); isCode(err, uniqueViolation) {
			return staff.ErrOtherIdentity // of the account; the subject's was looked for above
		} else if err != nil {
			return err
		}
		return nil
	})
	if err != nil {
		return staff.Account{}, false, fmt.Errorf("link identity: %w", err)
	}
	return a, made, nil
}

func disabled(a staff.Account) error {
	if a.Disabled {
		return staff.ErrDisabled
	}
	return nil
}

// accountFor finds the account with the identity's address, or makes it.
func accountFor(ctx context.Context, tx pgx.Tx, id staff.Identity, fallback staff.Role, args pgx.NamedArgs) (staff.Account, bool, error) {
	const byEmail = `SELECT ` + accountColumns + ` FROM staff_accounts a WHERE a.email = @email`
	const invited = `UPDATE staff_invitations SET ended_at = @now
		WHERE email = @email AND ended_at IS NULL AND expires_at > @now RETURNING id, role`
	a, err := scanAccount(tx.QueryRow(ctx, byEmail, args), "find account")
	if err == nil {
		return a, false, disabled(a)
	}
	if !errors.Is(err, staff.ErrNotFound) {
		return staff.Account{}, false, err
	}
	var invitation string
	role := fallback
	err = tx.QueryRow(ctx, invited, args).Scan(&invitation, &role)
	if errors.Is(err, pgx.ErrNoRows) {
		invitation, role = "", fallback
	} else if err != nil {
		return staff.Account{}, false, err
	}
	if role == "" {
		return staff.Account{}, false, staff.ErrStranger
	}
	a, err = accept(ctx, tx, invitation, staff.Account{Email: id.Email, Name: id.Name, Role: role}, "")
	return a, true, err
}
