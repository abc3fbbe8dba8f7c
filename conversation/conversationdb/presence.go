package conversationdb

import (
	"context"
	"math/rand/v2"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

// presenceClass is the first key of the advisory locks by which replicas show
// that they live; the second is the replica's own.
const presenceClass = 0x66645250

// presence is a replica's sign of life: an advisory lock on one of its
// connections, which Postgres lets go of the moment the process is gone. A lease
// of a replica without it is over at once, so that a customer does not wait for
// it to run out after a crash. Without a connection that holds the lock, leases
// carry no replica and just run out.
type presence struct {
	key  int32
	held atomic.Bool
}

func newPresence() *presence { return &presence{key: rand.Int32N(1<<31-1) + 1} }

// id is what a lease is to carry, nil when no lock vouches for it.
func (p *presence) id() *int32 {
	if !p.held.Load() {
		return nil
	}
	return &p.key
}

func (p *presence) hold(ctx context.Context, c *pgx.Conn) error {
	if _, err := c.Exec(ctx, "SELECT pg_advisory_lock_shared($1, $2)", int32(presenceClass), p.key); err != nil {
		return err
	}
	p.held.Store(true)
	return nil
}

func (p *presence) lose() { p.held.Store(false) }
