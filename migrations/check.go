package migrations

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
)

// querier is what Check needs; a pool and a connection both have it.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Check returns nil when the database has every migration of this build, an error that wraps ErrPending when it lacks
// some, and any other error when it could not be asked. It takes two or three short queries and no lock: a readiness probe
// may call it.
func Check(ctx context.Context, db querier) error {
	return check(ctx, db, true)
}

func check(ctx context.Context, db querier, queue bool) error {
	// to_regclass with the schema spelled out: a scratch schema must not take public's history for its own.
	const tables = `
		SELECT to_regclass(quote_ident(current_schema()) || '.goose_db_version') IS NOT NULL,
		       to_regclass(quote_ident(current_schema()) || '.river_migration') IS NOT NULL`
	var ours, theirs bool
	if err := db.QueryRow(ctx, tables).Scan(&ours, &theirs); err != nil {
		return fmt.Errorf("look for the schema history: %w", err)
	}
	if !ours || (queue && !theirs) {
		return fmt.Errorf("%w: the database has not been migrated", ErrPending)
	}

	const missing = `
		SELECT count(*) FROM unnest(@versions::bigint[]) AS wanted
		WHERE NOT EXISTS (SELECT FROM goose_db_version WHERE version_id = wanted AND is_applied)`
	var lacking int
	if err := db.QueryRow(ctx, missing, pgx.NamedArgs{"versions": versions()}).Scan(&lacking); err != nil {
		return fmt.Errorf("read the schema history: %w", err)
	}
	if lacking > 0 {
		return fmt.Errorf("%w: %d of %d", ErrPending, lacking, len(versions()))
	}
	if !queue {
		return nil
	}
	return checkQueue(ctx, db)
}

// Fingerprint identifies the schema that Apply makes: it differs whenever a migration does, the job queue's included.
func Fingerprint() string {
	hash := sha256.New()
	names, _ := fs.Glob(files, "*.sql") // the pattern is a constant
	for _, name := range names {
		text, _ := fs.ReadFile(files, name) // embedded: it cannot fail
		fmt.Fprintf(hash, "%s %d\n%s", name, len(text), text)
	}
	version, _ := queueVersion() // 0 when the library is broken, which Apply reports
	fmt.Fprintf(hash, "queue %d", version)
	return hex.EncodeToString(hash.Sum(nil)[:6])
}
