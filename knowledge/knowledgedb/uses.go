package knowledgedb

import (
	"context"
	"fmt"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
)

// usesBatch is how many citations are counted in one statement.
const usesBatch = 5000

// CountUses adds up what answers have cited since it last did, a batch at a time.
// Several processes may do so at once.
func (d *Documents) CountUses(ctx context.Context) error {
	// Rows are taken in the order of their ids, so that two processes never wait for each other.
	const sql = `WITH taken AS (
			DELETE FROM citations WHERE id IN (SELECT id FROM citations ORDER BY id LIMIT @batch FOR UPDATE SKIP LOCKED)
			RETURNING document_id, entry_id, at
		), cited AS ( -- what is gone is not counted
			SELECT t.* FROM taken t JOIN documents d ON d.id = t.document_id
		), documents_cited AS (
			INSERT INTO document_uses AS u (document_id, hits, last_used)
			SELECT z.document_id, count(*), max(z.at) FROM (SELECT DISTINCT document_id, at FROM cited) z GROUP BY z.document_id ORDER BY z.document_id
			ON CONFLICT (document_id) DO UPDATE SET hits = u.hits + excluded.hits, last_used = greatest(u.last_used, excluded.last_used)
		), entries_cited AS (
			INSERT INTO entry_uses AS u (entry_id, document_id, hits, last_used)
			SELECT entry_id, (array_agg(document_id))[1], count(*), max(at) FROM cited WHERE entry_id IS NOT NULL GROUP BY entry_id ORDER BY entry_id
			ON CONFLICT (entry_id) DO UPDATE SET hits = u.hits + excluded.hits, last_used = greatest(u.last_used, excluded.last_used)
		)
		SELECT count(*) FROM taken`
	for {
		var n int
		if err := d.pool.QueryRow(ctx, sql, pgx.NamedArgs{"batch": usesBatch}).Scan(&n); err != nil {
			return fmt.Errorf("count uses: %w", err)
		}
		if n < usesBatch {
			return nil
		}
	}
}

// EntryUses returns how often answers have cited entries; those never cited are
// left out.
func (s *Store) EntryUses(ctx context.Context, ids []string) (map[string]knowledge.Uses, error) {
	const sql = `SELECT entry_id::text, hits, last_used FROM entry_uses WHERE entry_id = ANY(@ids::text[]::uuid[])`
	rows, err := s.pool.Query(ctx, sql, pgx.NamedArgs{"ids": ids})
	if err != nil {
		return nil, fmt.Errorf("read uses of entries: %w", err)
	}
	out := make(map[string]knowledge.Uses, len(ids))
	var id string
	var u knowledge.Uses
	if _, err := pgx.ForEachRow(rows, []any{&id, &u.Hits, &u.LastUsed}, func() error {
		out[id] = u
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read uses of entries: %w", err)
	}
	return out, nil
}
