package conversationdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"frontdesk/conversation/staff"

	"github.com/jackc/pgx/v5"
)

// AddReset implements staff.Resets. What has run out goes with it.
func (s *StaffStore) AddReset(ctx context.Context, h staff.Hash, account string, expires time.Time) (staff.Account, error) {
	const q = `
		WITH old AS (DELETE FROM staff_resets WHERE expires_at < now() - interval '1 day' AND account_id::text <> lower(@account)), r AS (
			INSERT INTO staff_resets (account_id, secret_hash, expires_at)
			SELECT id, @hash, @expires FROM staff_accounts WHERE id::text = lower(@account) AND disabled_at IS NULL
			ON CONFLICT (account_id) DO UPDATE SET secret_hash = excluded.secret_hash, expires_at = excluded.expires_at
			RETURNING account_id
		)
		SELECT ` + accountColumns + ` FROM r JOIN staff_accounts a ON a.id = r.account_id`
	return scanAccount(s.pool.QueryRow(ctx, q, pgx.NamedArgs{"hash": h[:], "account": account, "expires": expires}), "add reset link of "+account)
}

// ResetOf implements staff.Resets.
func (s *StaffStore) ResetOf(ctx context.Context, h staff.Hash, now time.Time) (staff.Account, error) {
	const q = `SELECT ` + accountColumns + ` FROM staff_resets r JOIN staff_accounts a ON a.id = r.account_id
		WHERE r.secret_hash = @hash AND r.expires_at > @now AND a.disabled_at IS NULL`
	a, err := scanAccount(s.pool.QueryRow(ctx, q, pgx.NamedArgs{"hash": h[:], "now": now}), "read reset link")
	if errors.Is(err, staff.ErrNotFound) {
		err = staff.ErrReset
	}
	return a, err
}

// UseReset implements staff.Resets. Deleting the link locks it, so that the second of
// two calls finds it gone.
func (s *StaffStore) UseReset(ctx context.Context, h staff.Hash, passwordHash string, now time.Time) (staff.Account, error) {
	const q = `
		WITH r AS (DELETE FROM staff_resets WHERE secret_hash = @hash AND expires_at > @now RETURNING account_id)
		UPDATE staff_accounts AS a SET password_hash = @password, credentials = a.credentials + 1
		FROM r WHERE a.id = r.account_id AND a.disabled_at IS NULL RETURNING ` + accountColumns
	var a staff.Account
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		a, err = scanAccount(tx.QueryRow(ctx, q, pgx.NamedArgs{"hash": h[:], "now": now, "password": passwordHash}), "set password")
		if err != nil {
			return err
		}
		return endSessions(ctx, tx, a.ID, "")
	})
	if errors.Is(err, staff.ErrNotFound) {
		return staff.Account{}, staff.ErrReset
	}
	if err != nil {
		return staff.Account{}, fmt.Errorf("use reset link: %w", err)
	}
	return a, nil
}

// endReset ends the link of an account, if there is one.
func endReset(ctx context.Context, db execer, account string) error {
	if _, err := db.Exec(ctx, `DELETE FROM staff_resets WHERE account_id = @account`, pgx.NamedArgs{"account": account}); err != nil {
		return fmt.Errorf("end reset link of %s: %w", account, err)
	}
	return nil
}
