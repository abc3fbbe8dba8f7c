package conversationdb

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// onceLock is the advisory lock under which Once works.
const onceLock = 0x66645f6f6e6365 // "fd_once"

// Once runs do unless it has ever returned nil under that name in this
// database, and returns its error. The name becomes one in settings. Processes
// that ask at the same moment wait for each other; when one dies on the way the
// next one runs do again.
func Once(ctx context.Context, pool *pgxpool.Pool, name string, do func(context.Context) error) error {
	var reached bool
	const known = `SELECT EXISTS (SELECT FROM settings WHERE name = $1)`
	if err := pool.QueryRow(ctx, known, name).Scan(&reached); err != nil {
		return fmt.Errorf("look for setting %s: %w", name, err)
	}
	if reached {
		return nil
	}
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(onceLock)); err != nil {
			return fmt.Errorf("lock setting %s: %w", name, err)
		}
		if err := tx.QueryRow(ctx, known, name).Scan(&reached); err != nil || reached {
			return err
		}
		if err := do(ctx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO settings (name, value) VALUES ($1, 'done')`, name)
		if err != nil {
			return fmt.Errorf("note setting %s: %w", name, err)
		}
		return nil
	})
}
