package conversationdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"frontdesk/conversation/staff"

	"github.com/jackc/pgx/v5"
)

// SealingKey implements staff.SecondFactors.
func (s *StaffStore) SealingKey(ctx context.Context) ([]byte, error) {
	return Key(ctx, s.pool, "staff_sealing_key")
}

// TOTP implements staff.SecondFactors.
func (s *StaffStore) TOTP(ctx context.Context, account string) (sealed []byte, on bool, err error) {
	const q = `SELECT totp_secret, totp_on FROM staff_accounts WHERE id = @id AND totp_secret IS NOT NULL`
	err = s.pool.QueryRow(ctx, q, pgx.NamedArgs{"id": account}).Scan(&sealed, &on)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, staff.ErrNotFound
	}
	if err != nil {
		return nil, false, fmt.Errorf("read second factor of %s: %w", account, err)
	}
	return sealed, on, nil
}

// BeginTOTP implements staff.SecondFactors.
func (s *StaffStore) BeginTOTP(ctx context.Context, account string, sealed []byte) error {
	const q = `UPDATE staff_accounts SET totp_secret = @sealed WHERE id = @id AND NOT totp_on`
	tag, err := s.pool.Exec(ctx, q, pgx.NamedArgs{"id": account, "sealed": sealed})
	if err != nil {
		return fmt.Errorf("begin second factor of %s: %w", account, err)
	}
	if tag.RowsAffected() == 0 {
		return staff.ErrTOTPOn
	}
	return nil
}

// ConfirmTOTP implements staff.SecondFactors.
func (s *StaffStore) ConfirmTOTP(ctx context.Context, account string, sealed []byte, step int64, recovery []staff.Hash) error {
	const confirm = `UPDATE staff_accounts SET totp_on = true, totp_step = @step, credentials = credentials + 1
		WHERE id = @id AND NOT totp_on AND totp_secret = @sealed`
	const add = `INSERT INTO staff_recovery_codes (account_id, code_hash) SELECT @id, unnest(@codes::bytea[])`
	codes := make([][]byte, len(recovery))
	for i := range recovery {
		codes[i] = recovery[i][:]
	}
	args := pgx.NamedArgs{"id": account, "sealed": sealed, "step": step, "codes": codes}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, confirm, args)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return staff.ErrTOTPOff
		}
		if _, err := tx.Exec(ctx, `DELETE FROM staff_recovery_codes WHERE account_id = @id`, args); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, add, args)
		return err
	})
	if err != nil {
		return fmt.Errorf("confirm second factor of %s: %w", account, err)
	}
	return nil
}

// UseTOTPStep implements staff.SecondFactors.
func (s *StaffStore) UseTOTPStep(ctx context.Context, account string, step int64) error {
	const q = `UPDATE staff_accounts SET totp_step = @step WHERE id = @id AND totp_on AND totp_step < @step`
	return s.useCode(ctx, q, pgx.NamedArgs{"id": account, "step": step})
}

// UseRecoveryCode implements staff.SecondFactors.
func (s *StaffStore) UseRecoveryCode(ctx context.Context, account string, h staff.Hash, now time.Time) error {
	const q = `UPDATE staff_recovery_codes SET used_at = @now WHERE account_id = @id AND code_hash = @hash AND used_at IS NULL`
	return s.useCode(ctx, q, pgx.NamedArgs{"id": account, "hash": h[:], "now": now})
}

func (s *StaffStore) useCode(ctx context.Context, q string, args pgx.NamedArgs) error {
	tag, err := s.pool.Exec(ctx, q, args)
	if err != nil {
		return fmt.Errorf("use code of %s: %w", args["id"], err)
	}
	if tag.RowsAffected() == 0 {
		return staff.ErrTOTPWrong
	}
	return nil
}

// ClearTOTP implements staff.SecondFactors.
func (s *StaffStore) ClearTOTP(ctx context.Context, account string) error {
	const clear = `UPDATE staff_accounts SET totp_secret = NULL, totp_on = false, totp_step = 0, credentials = credentials + 1
		WHERE id = @id AND totp_secret IS NOT NULL`
	args := pgx.NamedArgs{"id": account}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, clear, args)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return staff.ErrTOTPOff
		}
		_, err = tx.Exec(ctx, `DELETE FROM staff_recovery_codes WHERE account_id = @id`, args)
		return err
	})
	if err != nil {
		return fmt.Errorf("clear second factor of %s: %w", account, err)
	}
	return nil
}
