package conversationdb

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
)

// AddAudit implements staff.Audit.
func (s *StaffStore) AddAudit(ctx context.Context, e staff.AuditEntry) error {
	const q = `INSERT INTO audit_entries (id, at, actor_kind, actor_id, actor_name, action, target, detail, ip)
		VALUES (@id, @at, @kind, @actor, @name, @action, @target, @detail, @ip)`
	if e.Detail == nil {
		e.Detail = map[string]string{}
	}
	_, err := s.pool.Exec(ctx, q, pgx.NamedArgs{
		"id": knowledge.NewID(), "at": e.At, "kind": e.Actor.Kind, "actor": e.Actor.ID, "name": e.Actor.Name,
		"action": e.Action, "target": e.Target, "detail": e.Detail, "ip": e.IP,
	})
	if err != nil {
		return fmt.Errorf("add audit entry: %w", err)
	}
	return nil
}

// AuditPage implements staff.Audit.
func (s *StaffStore) AuditPage(ctx context.Context, f staff.AuditFilter, cursor string, limit int) ([]staff.AuditEntry, string, error) {
	const all = `SELECT id, at, actor_kind, actor_id, actor_name, action, target, detail, ip FROM audit_entries WHERE true`
	const newest = ` ORDER BY at DESC, id DESC LIMIT @limit`
	// Only the conditions asked for: each has its index, which a plan for all of them
	// at once could not use.
	q := all
	for _, c := range []struct {
		on  bool
		sql string
	}{
		{cursor != "", ` AND (at, id) < (@at, @id::uuid)`}, {f.Actor != "", ` AND actor_id = @actor`},
		{f.Action != "", ` AND action = @action`}, {f.Target != "", ` AND target = @target`},
	} {
		if c.on {
			q += c.sql
		}
	}
	at, id, err := openCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.pool.Query(ctx, q+newest, pgx.NamedArgs{
		"at": at, "id": null(id), "actor": f.Actor, "action": f.Action, "target": f.Target, "limit": limit,
	})
	if err != nil {
		return nil, "", fmt.Errorf("list audit entries: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e staff.AuditEntry, err error) {
		err = row.Scan(&e.ID, &e.At, &e.Actor.Kind, &e.Actor.ID, &e.Actor.Name, &e.Action, &e.Target, &e.Detail, &e.IP)
		return e, err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list audit entries: %w", err)
	}
	next := ""
	if len(list) == limit && limit > 0 {
		last := list[limit-1]
		next = base64.RawURLEncoding.EncodeToString([]byte(last.At.UTC().Format(time.RFC3339Nano) + " " + last.ID))
	}
	return list, next, nil
}

// DeleteAudit implements staff.Audit. The table refuses every other deletion.
func (s *StaffStore) DeleteAudit(ctx context.Context, before time.Time) (n int64, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL frontdesk.audit_retention = 'on'`); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `DELETE FROM audit_entries WHERE at < @before AND at < now() - interval '30 days'`, pgx.NamedArgs{"before": before})
		n = tag.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("delete audit entries: %w", err)
	}
	return n, nil
}
