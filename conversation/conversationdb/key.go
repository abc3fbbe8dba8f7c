package conversationdb

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// keyBytes is how long a key is that Key makes.
const keyBytes = 32

// Key returns the installation's secret key of that name. The first call makes
// it; every later one, on any replica, returns the same.
func Key(ctx context.Context, pool *pgxpool.Pool, name string) ([]byte, error) {
	// The update that changes nothing makes the row that is there a result too.
	const q = `INSERT INTO settings (name, value) VALUES (@name, @fresh)
		ON CONFLICT (name) DO UPDATE SET name = excluded.name
		RETURNING value`
	fresh := make([]byte, keyBytes)
	rand.Read(fresh)
	var key []byte
	if err := pool.QueryRow(ctx, q, pgx.NamedArgs{"name": name, "fresh": fresh}).Scan(&key); err != nil {
		return nil, fmt.Errorf("read key %s: %w", name, err)
	}
	return key, nil
}
