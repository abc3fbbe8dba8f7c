package knowledgedb

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// lookHolds is how long a look that found too few passages for a batch is believed:
// others, on other replicas, may have brought more since.
const lookHolds = 10 * time.Second

// bulkLook is what the last look at all that waits came to. Such a look reads every
// passage that waits, so that one for each of very many documents would take longer than
// embedding them.
type bulkLook struct {
	mu    sync.Mutex // guards all below
	room  int        // how many more passages have to come before a batch is worth it
	until time.Time
}

// vain notes a look that found too few, and how many were missing.
func (l *bulkLook) vain(missing int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.room, l.until = missing, time.Now().Add(lookHolds)
}

// due reports whether n more passages that wait are reason to look again.
func (l *bulkLook) due(n int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n < l.room && time.Now().Before(l.until) {
		l.room -= n
		return false
	}
	return true
}

// claimBulkFor is claimBulk for a document that is to be embedded: where nothing of it
// waits, or too little has come since the last look, it is not worth looking.
func (d *Documents) claimBulkFor(ctx context.Context, id string) error {
	if !d.bulking() {
		return nil
	}
	model, err := d.registerModel(ctx)
	if err != nil {
		return err
	}
	if own, err := d.unclaimed(ctx, id, model); err != nil || own == 0 || !d.bulkLook.due(own) {
		return err
	}
	return d.claimBulk(ctx)
}

// unclaimed counts a document's passages that have neither a vector nor a place in a
// batch, as far as matters.
func (d *Documents) unclaimed(ctx context.Context, id string, model int32) (n int, err error) {
	const sql = `SELECT count(*) FROM (SELECT FROM passages p WHERE p.document_id = @id AND p.embed_error = '' AND NOT p.hidden
		AND NOT EXISTS (SELECT FROM embeddings e WHERE e.passage_id = p.id AND e.model_id = @model)
		AND NOT EXISTS (SELECT FROM embedding_claims c WHERE c.passage_id = p.id AND c.model_id = @model AND c.digest = p.digest) LIMIT @least) n`
	if err := d.pool.QueryRow(ctx, sql, pgx.NamedArgs{"id": id, "model": model, "least": d.bulkOptions.Least}).Scan(&n); err != nil {
		return 0, fmt.Errorf("count passages of document %s that wait: %w", id, err)
	}
	return n, nil
}
