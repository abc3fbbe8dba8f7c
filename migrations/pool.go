package migrations

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	pgxvector "github.com/pgvector/pgvector-go/pgx"
)

// Connect opens a pool whose connections know pgvector's types, which is only possible once the extension exists: call it
// after Apply. configure, when not nil, may change the parsed settings before the pool is made. The first connection is
// made here, so that a wrong URL is an error now.
func Connect(ctx context.Context, databaseURL string, configure func(*pgxpool.Config)) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return nil, fmt.Errorf("parse the database URL: %w", err)
	}
	config.AfterConnect = prepare
	if configure != nil {
		configure(config)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the database pool: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return pool, nil
}

// prepare is what every connection of a pool starts with.
func prepare(ctx context.Context, conn *pgx.Conn) error {
	if err := pgxvector.RegisterTypes(ctx, conn); err != nil {
		return fmt.Errorf("register pgvector's types: %w", err)
	}
	if _, err := conn.Exec(ctx, forbidParallelBuilds); err != nil {
		return fmt.Errorf("guard index builds: %w", err)
	}
	return nil
}

// forbidParallelBuilds keeps this session from building an index in parallel where pgvector is below 0.8.2, whose parallel
// HNSW builds overrun a buffer (CVE-2026-3172). It does nothing elsewhere. The private server's settings say the same;
// this is for a server of somebody else's.
const forbidParallelBuilds = `
	SELECT set_config('max_parallel_maintenance_workers', '0', false) FROM pg_extension
	WHERE extname = 'vector' AND string_to_array(substring(extversion FROM '^[0-9.]*[0-9]'), '.')::int[] < '{0,8,2}'`
