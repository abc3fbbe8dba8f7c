// Package migrations brings a Postgres database to the schema this build of Frontdesk expects: its own embedded SQL files
// and the job queue's. It is imported by the command and by tests only.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed *.sql
var files embed.FS

// ErrPending says that the database lacks migrations this build needs.
var ErrPending = errors.New("migrations are pending")

// ErrNoVector says that the server cannot give the database the pgvector extension: it is not installed there, or the role
// may not create it.
var ErrNoVector = errors.New("the pgvector extension is not available in this database")

const (
	// lockSpace is the first half of the advisory lock's key; the second is the schema's name. Any constant would do, it
	// must only never change between versions that may start side by side.
	lockSpace = 0x66726f6e // "fron"

	// lockPoll is how often a replica that waits for another's migration looks again. It polls because a session that
	// waits inside pg_advisory_lock holds a snapshot, and CREATE INDEX CONCURRENTLY in the other session would wait for it.
	lockPoll = 100 * time.Millisecond
)

// Apply migrates the database to this build's schema, the job queue's tables included, in the first schema of the
// connection's search path. Any number of replicas may call it at once: one works, the others wait (until ctx ends) and find
// nothing to do. When nothing is pending it costs one connection and three small queries. A database that a newer build
// has migrated further is left alone.
func Apply(ctx context.Context, databaseURL string) error {
	return apply(ctx, databaseURL, true)
}

// ApplyScratch is Apply without the job queue's tables, for a throw-away schema that only holds data to be searched. The
// URL's search_path names the schema first, which must exist, and public, where the extensions live, after it.
func ApplyScratch(ctx context.Context, databaseURL string) error {
	return apply(ctx, databaseURL, false)
}

func apply(ctx context.Context, databaseURL string, queue bool) error {
	poolConfig, err := pgxpool.ParseConfig(databaseURL) // which, unlike pgx's own parser, knows the pool_ settings
	if err != nil {
		return fmt.Errorf("parse the database URL: %w", err)
	}
	config := poolConfig.ConnConfig
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connect to migrate: %w", err)
	}
	// Closing with a fresh context releases the lock although ctx may be gone.
	defer conn.Close(context.WithoutCancel(ctx))

	err = check(ctx, conn, queue)
	if !errors.Is(err, ErrPending) {
		return err
	}
	if err := lock(ctx, conn); err != nil {
		return err
	}
	if err := check(ctx, conn, queue); !errors.Is(err, ErrPending) {
		return err // another replica did it meanwhile, or the database is gone
	}
	if err := applyFiles(ctx, config); err != nil {
		return explain(err)
	}
	if queue {
		if err := applyQueue(ctx, config); err != nil {
			return err
		}
	}
	return check(ctx, conn, queue)
}

// lock takes the session's advisory lock for the current schema; it is released when the connection closes.
func lock(ctx context.Context, conn *pgx.Conn) error {
	const query = `SELECT pg_try_advisory_lock(@space, hashtext(current_schema()))`
	ticker := time.NewTicker(lockPoll)
	defer ticker.Stop()
	for {
		var locked bool
		if err := conn.QueryRow(ctx, query, pgx.NamedArgs{"space": int32(lockSpace)}).Scan(&locked); err != nil {
			return fmt.Errorf("take the migration lock: %w", err)
		}
		if locked {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for another process to finish migrating: %w", ctx.Err())
		case <-ticker.C:
		}
	}
}

func applyFiles(ctx context.Context, config *pgx.ConnConfig) error {
	db := openSQL(config)
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSlog(slog.New(slog.NewTextHandler(io.Discard, nil))))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func openSQL(config *pgx.ConnConfig) *sql.DB {
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, forbidParallelBuilds)
		return err
	}))
	db.SetMaxOpenConns(2)
	return db
}

// explain adds what to do to the one migration failure that is the operator's to mend.
func explain(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	extension := strings.Contains(pg.Message, "extension")
	switch {
	case extension && (pg.Code == "0A000" || pg.Code == "58P01"): // not installed on the server
		return fmt.Errorf("%w: install pgvector 0.8.0 or later on the database server: %w", ErrNoVector, err)
	case extension && pg.Code == "42501": // installed, but the role may not create it
		return fmt.Errorf("%w: as a superuser of this database run CREATE EXTENSION vector: %w", ErrNoVector, err)
	case pg.Code == "42704" && (strings.Contains(pg.Message, "halfvec") || strings.Contains(pg.Message, "sparsevec")): // before 0.7.0
		return fmt.Errorf("%w: its pgvector is too old, 0.8.0 or later is needed: %w", ErrNoVector, err)
	}
	return err
}

// versions lists the numbers of the embedded files; the file's name begins with its number.
var versions = sync.OnceValue(func() []int64 {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	numbers := make([]int64, 0, len(names))
	for _, name := range names {
		head, _, _ := strings.Cut(name, "_")
		number, err := strconv.ParseInt(head, 10, 64)
		if err != nil {
			panic("migrations: " + name + " does not begin with a number")
		}
		numbers = append(numbers, number)
	}
	return numbers
})
