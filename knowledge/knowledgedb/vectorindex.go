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

// indexLinks and indexCare are the index's m and ef_construction, above pgvector's 16 and
// 64: an index a seventh larger finds at the same ef_search half of what those miss, and
// is built once. docs/BENCHMARKS.md has the figures.
const (
	indexLinks = 24
	indexCare  = 128
)

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
		fmt.Sprintf(`CREATE INDEX CONCURRENTLY %s ON embeddings USING hnsw ((e::halfvec(%d)) halfvec_cosine_ops)
			WITH (m = %d, ef_construction = %d) WHERE model_id = %d`, name, s.embedder.Dimensions(), indexLinks, indexCare, model),
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
