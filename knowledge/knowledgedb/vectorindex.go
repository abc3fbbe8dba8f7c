package knowledgedb

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// indexMemory is what an HNSW build may use: with the default of 64 MB a build of
// 100,000 vectors spills and takes seven times as long.
const indexMemory = "1GB"

// indexVectors makes the partial index of the embedder's model when it has enough
// vectors and none yet. Searches and writes go on meanwhile.
func (s *Store) indexVectors(ctx context.Context, c *pgxpool.Conn) error {
	if s.embedder == nil {
		return nil
	}
	model, err := s.knownModel(ctx)
	if err != nil || model == 0 {
		return err
	}
	name := fmt.Sprintf("embeddings_hnsw_%d", model)
	const sql = `SELECT (SELECT count(*) FROM embeddings WHERE model_id = @model) >= @above,
		coalesce((SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(@name)), false),
		(SELECT string_to_array(regexp_replace(extversion, '[^0-9.].*', ''), '.')::int[] < '{0,8,2}' FROM pg_extension WHERE extname = 'vector')`
	var enough, valid, unsafe bool
	if err := c.QueryRow(ctx, sql, pgx.NamedArgs{"model": model, "above": s.indexAbove, "name": name}).Scan(&enough, &valid, &unsafe); err != nil {
		return fmt.Errorf("look for vector index: %w", err)
	}
	if !enough || valid {
		return nil
	}
	// What a build that was cut short has left behind is in the way and serves nothing.
	statements := []string{
		fmt.Sprintf(`SET maintenance_work_mem = '%s'`, indexMemory),
		`DROP INDEX IF EXISTS ` + name,
		fmt.Sprintf(`CREATE INDEX CONCURRENTLY %s ON embeddings USING hnsw ((e::halfvec(%d)) halfvec_cosine_ops) WHERE model_id = %d`,
			name, s.embedder.Dimensions(), model),
	}
	if unsafe { // CVE-2026-3172: a parallel build can write past its buffer
		statements = append([]string{`SET max_parallel_maintenance_workers = 0`}, statements...)
	}
	defer c.Exec(context.WithoutCancel(ctx), `RESET maintenance_work_mem; RESET max_parallel_maintenance_workers`)
	for _, st := range statements {
		if _, err := c.Exec(ctx, st); err != nil {
			return fmt.Errorf("build vector index of model %d: %w", model, err)
		}
	}
	return nil
}

// EmbedMissing embeds the passages that have no vector of the embedder's model yet, as
// after a change of model, and returns how many it did. Each batch is kept at once, so
// that a failure or the end of ctx costs no more than the batch at hand. Without an
// embedder it does nothing.
func (s *Store) EmbedMissing(ctx context.Context) (int, error) {
	if s.embedder == nil {
		return 0, nil
	}
	model, err := s.registerModel(ctx)
	if err != nil {
		return 0, err
	}
	done := 0
	for {
		rows, err := s.unembedded(ctx, model)
		if err != nil {
			return done, err
		}
		if len(rows) == 0 {
			return done, nil
		}
		texts := make([]string, len(rows))
		for i, r := range rows {
			texts[i] = embedText(r.Passage)
		}
		vecs, err := s.embedder.Embed(ctx, texts)
		if err == nil {
			err = checkVectors(vecs, len(texts), s.embedder.Dimensions())
		}
		if err != nil {
			return done, fmt.Errorf("embed passages: %w", err)
		}
		err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return insertEmbeddings(ctx, tx, rows, vecs, model) })
		if err != nil {
			return done, err
		}
		done += len(rows)
	}
}

// unembedded reads a batch of passages without a vector of model.
func (s *Store) unembedded(ctx context.Context, model int32) ([]row, error) {
	const sql = `SELECT p.id::text, p.title, p.alternatives, p.heading, p.body FROM passages p
		WHERE NOT EXISTS (SELECT FROM embeddings e WHERE e.passage_id = p.id AND e.model_id = @model)
		ORDER BY p.id LIMIT @limit`
	got, err := s.pool.Query(ctx, sql, pgx.NamedArgs{"model": model, "limit": embedBatch})
	if err != nil {
		return nil, fmt.Errorf("read passages to embed: %w", err)
	}
	rows, err := pgx.CollectRows(got, func(r pgx.CollectableRow) (row, error) {
		var x row
		err := r.Scan(&x.ID, &x.Title, &x.Alternatives, &x.Heading, &x.Text)
		return x, err
	})
	if err != nil {
		return nil, fmt.Errorf("read passages to embed: %w", err)
	}
	return rows, nil
}
