package knowledgedb

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// afterLock does what sql says to a document, once whoever is changing the document is
// done, in one transaction and one round trip. An update that itself waits for the row
// gets its newest version, but would go by the passages as they were before it waited.
func (s *Store) afterLock(ctx context.Context, sql string, args pgx.NamedArgs) (tag pgconn.CommandTag, err error) {
	batch := &pgx.Batch{}
	batch.Queue(`SELECT FROM documents WHERE id = @id::text::uuid FOR UPDATE`, args)
	batch.Queue(sql, args).Exec(func(done pgconn.CommandTag) error { tag = done; return nil })
	err = s.pool.SendBatch(ctx, batch).Close()
	return tag, err
}
