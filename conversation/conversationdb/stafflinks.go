package conversationdb

import (
	"context"
	"errors"
	"fmt"

	"frontdesk/conversation/staff"

	"github.com/jackc/pgx/v5"
)

// maxLinks bounds a listing: some hundred times as many as people answer customers.
const maxLinks = 5000

// SetLink links a person on a platform to the enabled account of an address, or
// returns staff.ErrNotFound.
func (s *StaffStore) SetLink(ctx context.Context, l staff.Link, email string) (staff.Link, error) {
	const q = `
		WITH a AS (
			SELECT id, email, name, role, created_at FROM staff_accounts WHERE email = @email AND disabled_at IS NULL
		), made AS (
			INSERT INTO staff_links AS l (channel, account, external_id, account_id)
			SELECT @channel, @account, @external, a.id FROM a
			ON CONFLICT (channel, external_id, account) DO UPDATE SET account_id = excluded.account_id,
				created_at = CASE WHEN l.account_id = excluded.account_id THEN l.created_at ELSE now() END
			RETURNING l.created_at
		)
		SELECT a.id, a.email, a.name, a.role, a.created_at, made.created_at FROM a, made`
	a := &l.Staff
	err := s.pool.QueryRow(ctx, q, linkArgs(l, email)).Scan(&a.ID, &a.Email, &a.Name, &a.Role, &a.CreatedAt, &l.CreatedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return staff.Link{}, staff.ErrNotFound
	}
	if err != nil {
		return staff.Link{}, fmt.Errorf("link %s %s: %w", l.Channel, l.ExternalID, err)
	}
	return l, nil
}

// DeleteLink ends a link, or returns staff.ErrNotFound.
func (s *StaffStore) DeleteLink(ctx context.Context, l staff.Link) error {
	const q = `DELETE FROM staff_links WHERE channel = @channel AND account = @account AND external_id = @external`
	tag, err := s.pool.Exec(ctx, q, linkArgs(l, ""))
	if err != nil {
		return fmt.Errorf("unlink %s %s: %w", l.Channel, l.ExternalID, err)
	}
	if tag.RowsAffected() == 0 {
		return staff.ErrNotFound
	}
	return nil
}

// AllLinks lists who is linked, by address.
func (s *StaffStore) AllLinks(ctx context.Context) ([]staff.Link, error) {
	const q = `
		SELECT l.channel, l.account, l.external_id, l.created_at, a.id, a.email, a.name, a.role, a.created_at, a.disabled_at IS NOT NULL
		FROM staff_links l JOIN staff_accounts a ON a.id = l.account_id
		ORDER BY a.email, l.channel, l.external_id, l.account LIMIT @limit`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"limit": maxLinks})
	if err != nil {
		return nil, fmt.Errorf("list links: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (l staff.Link, err error) {
		a := &l.Staff
		err = row.Scan(&l.Channel, &l.Account, &l.ExternalID, &l.CreatedAt, &a.ID, &a.Email, &a.Name, &a.Role, &a.CreatedAt, &l.Disabled)
		return l, err
	})
	if err != nil {
		return nil, fmt.Errorf("list links: %w", err)
	}
	return list, nil
}

func linkArgs(l staff.Link, email string) pgx.NamedArgs {
	return pgx.NamedArgs{"channel": l.Channel, "account": l.Account, "external": l.ExternalID, "email": email}
}
