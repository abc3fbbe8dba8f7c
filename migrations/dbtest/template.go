package dbtest

import (
	"context"
	"fmt"

	"frontdesk/migrations"

	"github.com/jackc/pgx/v5"
)

// templateLock is the advisory lock under which the template is made. Any constant would do.
const templateLock = 0x66726f6e74

// makeTemplate returns the name of a database that has all migrations applied, and makes it when no process has yet. The
// name carries the migrations' fingerprint, so that a changed file is never tested on an old schema.
func makeTemplate(ctx context.Context, server string) (string, error) {
	name := "template_" + migrations.Fingerprint()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", fmt.Errorf("connect to the test server: %w", err)
	}
	defer conn.Close(ctx) // which releases the lock
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(templateLock)); err != nil {
		return "", fmt.Errorf("lock the template: %w", err)
	}
	var exists bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&exists); err != nil {
		return "", fmt.Errorf("look for the template: %w", err)
	}
	if exists {
		return name, nil
	}

	// Built under another name and renamed, so that a half-made template is never cloned.
	raw := name + "_raw"
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+raw+" WITH (FORCE)"); err != nil {
		return "", fmt.Errorf("drop a half-made template: %w", err)
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+raw); err != nil {
		return "", fmt.Errorf("create the template: %w", err)
	}
	address, err := withDatabase(server, raw)
	if err != nil {
		return "", err
	}
	if err := migrations.Apply(ctx, address); err != nil {
		return "", fmt.Errorf("migrate the template: %w", err)
	}
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+raw+" RENAME TO "+name); err != nil {
		return "", fmt.Errorf("finish the template: %w", err)
	}
	return name, nil
}
