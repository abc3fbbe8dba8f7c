package conversationdb

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// batcher is a pool or a transaction.
type batcher interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// afterLock scans the one row of q into targets, once lock has locked what q decides by,
// in one transaction and one round trip. A statement that itself waits for a row gets
// that row's newest version, but reads everything else as it was before it waited; q
// begins after the wait and sees all that was committed until then. lock and q take the
// same arguments.
func afterLock(ctx context.Context, db batcher, lock, q string, args pgx.NamedArgs, targets ...any) error {
	batch := &pgx.Batch{}
	batch.Queue(lock, args)
	batch.Queue(q, args).QueryRow(func(row pgx.Row) error { return row.Scan(targets...) })
	// A batch without a transaction of its own is one.
	return db.SendBatch(ctx, batch).Close()
}
