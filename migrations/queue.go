package migrations

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// queueVersion is the newest version of the job queue's own tables that the linked library knows.
var queueVersion = sync.OnceValues(func() (int, error) {
	migrator, err := newQueueMigrator(nil)
	if err != nil {
		return 0, err
	}
	newest := 0
	for _, migration := range migrator.AllVersions() {
		newest = max(newest, migration.Version)
	}
	return newest, nil
})

func newQueueMigrator(pool *pgxpool.Pool) (*rivermigrate.Migrator[pgx.Tx], error) {
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		return nil, fmt.Errorf("read the job queue's migrations: %w", err)
	}
	return migrator, nil
}

// checkQueue asks the table itself, which is much cheaper than the library's own validation.
func checkQueue(ctx context.Context, db querier) error {
	const query = `SELECT coalesce(max(version), 0) FROM river_migration WHERE line = 'main'`
	wanted, err := queueVersion()
	if err != nil {
		return err
	}
	var version int
	err = db.QueryRow(ctx, query).Scan(&version)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == "42703" || pg.Code == "42P01") {
		// The column and the table itself are younger than the history's first version, and another process may be between.
		return fmt.Errorf("%w: the job queue's tables are half made", ErrPending)
	}
	if err != nil {
		return fmt.Errorf("read the job queue's history: %w", err)
	}
	if version < wanted {
		return fmt.Errorf("%w: the job queue's tables are at version %d of %d", ErrPending, version, wanted)
	}
	return nil
}

func applyQueue(ctx context.Context, config *pgx.ConnConfig) error {
	poolConfig, err := pgxpool.ParseConfig(config.ConnString())
	if err != nil {
		return fmt.Errorf("parse the database URL: %w", err)
	}
	poolConfig.MaxConns = 2
	pool, err := pgxpool.NewWithConfig(ctx, poolConfig)
	if err != nil {
		return fmt.Errorf("connect to migrate the job queue: %w", err)
	}
	defer pool.Close()
	migrator, err := newQueueMigrator(pool)
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	return nil
}
