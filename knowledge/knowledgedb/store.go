// Package knowledgedb keeps documents and passages in Postgres and finds passages
// there: a lexical and a dense ranking and their fusion in one statement, so that
// every replica sees the same index at once and none holds one in memory.
package knowledgedb

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Store is the knowledge in one database. It is safe for concurrent use.
type Store struct {
	pool     *pgxpool.Pool
	embedder knowledge.Embedder // nil: the lexical ranking serves alone
	log      *slog.Logger
	params   lexical.Params
	// patience is how long Find waits for the embedder before it goes without.
	patience time.Duration
	// indexAbove is how many vectors a model has when it gets its index.
	indexAbove int
	// tx, when not nil, is what Find sees the knowledge by: see Rehearse.
	tx pgx.Tx
	// modelID caches the id of the embedder's row in embedding_models; 0 until one exists.
	modelID      atomic.Int32
	calibrations calibrations
	// bulk, when not nil, is by what very many passages are embedded: see UseBulk.
	bulk        Bulk
	bulkOptions BulkOptions
	bulkRefused atomic.Bool // the provider has said that it has no batches
	bulkLook    bulkLook
	reranking   reranking
	// searchable, when set, is told while one document is written how many of its
	// passages are what they will be; see Scratch.Load.
	searchable func(n int)
	// changed, when set, is told that other passages can be found than before.
	changed func(ctx context.Context)
}

// OnChange has f called whenever a document has gone live, was edited or deleted, by this
// process and after it is committed. It is set before the store is used; f is quick.
func (s *Store) OnChange(f func(ctx context.Context)) { s.changed = f }

func (s *Store) tellChanged(ctx context.Context) {
	if s.changed != nil {
		s.changed(ctx)
	}
}

// embedPatience is what a customer's question may wait for its vector: a healthy
// endpoint answers in 100 to 300 ms, and the lexical ranking alone is a good answer.
const embedPatience = 1500 * time.Millisecond

// New returns a store on a migrated database. embedder may be nil.
func New(pool *pgxpool.Pool, embedder knowledge.Embedder, log *slog.Logger) *Store {
	return &Store{pool: pool, embedder: embedder, log: log, params: lexical.Default, patience: embedPatience, indexAbove: indexAbove}
}
