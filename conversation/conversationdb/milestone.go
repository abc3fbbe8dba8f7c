package conversationdb

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// milestoneLock is the advisory lock under which milestones are worked for.
const milestoneLock = 0x66645f6d696c6573 // "fd_miles"

// Once runs do unless it has ever returned nil under that name in this
// database, and returns its error. Processes that ask at the same moment wait
// for each other; when one dies on the way the next one runs do again.
func Once(ctx context.Context, pool *pgxpool.Pool, name string, do func(context.Context) error) error {
	var reached bool
	const known = `SELECT EXISTS (SELECT FROM milestones WHERE name = $1)`
	if err := pool.QueryRow(ctx, known, name).Scan(&reached); err != nil {
		return fmt.Errorf("look for milestone %s: %w", name, err)
	}
	if reached {
		return nil
	}
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(milestoneLock)); err != nil {
			return fmt.Errorf("lock milestone %s: %w", name, err)
		}
		if err := tx.QueryRow(ctx, known, name).Scan(&reached); err != nil || reached {
			return err
		}
		if err := do(ctx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO milestones (name) VALUES ($1)`, name)
		if err != nil {
			return fmt.Errorf("note milestone %s: %w", name, err)
		}
		return nil
	})
}
