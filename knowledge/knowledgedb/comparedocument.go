package knowledgedb

import (
	"context"
	"errors"
	"fmt"

	"frontdesk/knowledge"
	"frontdesk/knowledge/rivals"

	"github.com/jackc/pgx/v5"
)

// pair is what is kept of two entries that are near each other.
type pair struct {
	one, other *neighbour
	knowledge.Nearness
}

// pairOf orders two entries as the table does.
func pairOf(a, b *neighbour, n knowledge.Nearness) pair {
	if a.ID > b.ID {
		a, b = b, a
	}
	return pair{a, b, n}
}

// CompareDocument compares the entries of a document that were not compared as
// they are now with all others, a batch at a time, each kept once it is done:
// it may be cut short and goes on from there. Each entry costs one search.
func (s *Store) CompareDocument(ctx context.Context, id string) error {
	const done = `UPDATE documents d SET compare_due = false WHERE id = @id::text::uuid AND NOT EXISTS (
		SELECT FROM passages p WHERE p.document_id = d.id AND p.is_entry AND p.entry_id IS NOT NULL
		AND NOT EXISTS (SELECT FROM entry_checks k WHERE k.entry_id = p.entry_id AND k.digest = p.digest))`
	f := s.neighbours()
	model, err := s.compareModel(ctx)
	if err != nil {
		return err
	}
	for {
		batch, err := f.unchecked(ctx, id, model)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			break
		}
		if err := f.compare(ctx, batch); err != nil {
			return err
		}
	}
	if _, err := s.afterLock(ctx, done, pgx.NamedArgs{"id": id}); err != nil {
		return fmt.Errorf("end comparing document %s: %w", id, err)
	}
	return s.forgetPairs(ctx)
}

// compareModel is the model whose vectors are compared; 0 for none.
func (s *Store) compareModel(ctx context.Context) (int32, error) {
	if s.embedder == nil {
		return 0, nil
	}
	return s.knownModel(ctx)
}

// checked is an entry to be compared, with its vector where it has one.
type checked struct {
	*neighbour
	vector *vector
}

func (f *finder) unchecked(ctx context.Context, document string, model int32) ([]checked, error) {
	const sql = `SELECT ` + neighbourColumns + `, v.e::text FROM passages p JOIN documents d ON d.id = p.document_id
		LEFT JOIN embeddings v ON v.passage_id = p.id AND v.model_id = @model
		WHERE p.document_id = @document AND p.is_entry AND p.entry_id IS NOT NULL
		  AND NOT EXISTS (SELECT FROM entry_checks k WHERE k.entry_id = p.entry_id AND k.digest = p.digest)
		ORDER BY p.ordinal LIMIT @limit`
	rows, err := f.pool.Query(ctx, sql, pgx.NamedArgs{"document": document, "model": model, "limit": nearBatch})
	if err != nil {
		return nil, fmt.Errorf("read entries to compare: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (checked, error) {
		o := &neighbour{}
		var text *string
		err := row.Scan(&o.passage, &o.digest, &o.ID, &o.Version, &o.Question, &o.Alternatives, &o.Answer, &o.Lang, &o.URL, &o.Verbatim,
			&o.Owner, &o.ReviewBy, &o.Document.ID, &o.Document.Name, &o.Status, &text)
		o.said = rivals.New(o.Entry)
		c := checked{neighbour: o}
		if text != nil {
			c.vector = &vector{model: model, dims: f.embedder.Dimensions(), text: *text}
		}
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("read entries to compare: %w", err)
	}
	return out, nil
}

// compare finds what the batch is near to and keeps it, all or nothing.
func (f *finder) compare(ctx context.Context, batch []checked) error {
	var pairs []pair
	said := make([]*rivals.Statement, len(batch))
	for i, c := range batch {
		said[i] = c.said
	}
	seen := map[[2]string]bool{}
	keep := func(c checked, o *neighbour, n knowledge.Nearness) {
		p := pairOf(c.neighbour, o, n)
		if key := [2]string{p.one.ID, p.other.ID}; p.one.ID != p.other.ID && !seen[key] {
			pairs, seen[key] = append(pairs, p), true
		}
	}
	if err := f.each(ctx, said, func(i int, o *neighbour, n knowledge.Nearness) { keep(batch[i], o, n) }); err != nil {
		return err
	}
	for _, c := range batch {
		near, err := f.byMeaning(ctx, c)
		if err != nil {
			return err
		}
		for o, cosine := range near {
			if n, ok := rivals.CompareMeaning(c.said, o.said, cosine); ok {
				keep(c, o, n)
			}
		}
	}
	return f.keepPairs(ctx, batch, pairs)
}

// byMeaning returns the entries whose vectors are nearest to an entry's, with
// their cosines.
func (f *finder) byMeaning(ctx context.Context, c checked) (map[*neighbour]float64, error) {
	if c.vector == nil {
		return nil, nil
	}
	cosines := map[string]float64{}
	var ids []string
	err := f.queryPlanned(ctx, true, c.vector.sql(), pgx.NamedArgs{"vector": c.vector.text, "depth": nearDepth}, func(row pgx.CollectableRow) error {
		var passage string
		var cosine float64
		var place int64
		err := row.Scan(&passage, &cosine, &place)
		if passage != c.passage && cosine >= rivals.NearMeaning {
			cosines[passage], ids = cosine, append(ids, passage)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for near entries by meaning: %w", err)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	others, err := f.load(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := map[*neighbour]float64{}
	for id, o := range others {
		out[o] = cosines[id]
	}
	return out, nil
}

// keepPairs stores the pairs of a batch and that it was compared. A pair that
// was dismissed stays so while its texts are those it was dismissed for.
func (f *finder) keepPairs(ctx context.Context, batch []checked, pairs []pair) error {
	const (
		insert = `INSERT INTO entry_conflicts AS c (id, one, other, one_digest, other_digest, kind, why, similarity)
			SELECT * FROM unnest(@ids::uuid[], @ones::uuid[], @others::uuid[], @one_digests::bytea[], @other_digests::bytea[], @kinds::text[], @whys::text[], @similarities::real[])
			ON CONFLICT (one, other) DO UPDATE SET id = excluded.id, one_digest = excluded.one_digest, other_digest = excluded.other_digest,
				kind = excluded.kind, why = excluded.why, similarity = excluded.similarity, found_at = now(), dismissed_at = NULL, dismissed_by = ''
			WHERE (c.one_digest, c.other_digest) IS DISTINCT FROM (excluded.one_digest, excluded.other_digest)`
		check = `INSERT INTO entry_checks (entry_id, digest) SELECT DISTINCT ON (id) id, digest FROM unnest(@ids::uuid[], @digests::bytea[]) AS x (id, digest)
			ON CONFLICT (entry_id) DO UPDATE SET digest = excluded.digest`
	)
	n := len(pairs)
	ids, ones, others, kinds, whys := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	oneDigests, otherDigests, similarities := make([][]byte, n), make([][]byte, n), make([]float32, n)
	for i, p := range pairs {
		ids[i], ones[i], others[i], kinds[i], whys[i] = knowledge.NewID(), p.one.ID, p.other.ID, string(p.Kind), p.Why
		oneDigests[i], otherDigests[i], similarities[i] = p.one.digest, p.other.digest, float32(p.Similarity)
	}
	entries, digests := make([]string, len(batch)), make([][]byte, len(batch))
	for i, c := range batch {
		entries[i], digests[i] = c.ID, c.digest
	}
	err := pgx.BeginFunc(ctx, f.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, insert, pgx.NamedArgs{"ids": ids, "ones": ones, "others": others, "one_digests": oneDigests,
			"other_digests": otherDigests, "kinds": kinds, "whys": whys, "similarities": similarities})
		if err == nil {
			_, err = tx.Exec(ctx, check, pgx.NamedArgs{"ids": entries, "digests": digests})
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("keep near entries: %w", err)
	}
	return nil
}

// forgetPairs deletes pairs of entries that are gone or say something else.
func (s *Store) forgetPairs(ctx context.Context) error {
	_, pairs := s.pool.Exec(ctx, `DELETE FROM entry_conflicts c WHERE
		NOT EXISTS (SELECT FROM passages p WHERE p.entry_id = c.one AND p.digest = c.one_digest)
		OR NOT EXISTS (SELECT FROM passages p WHERE p.entry_id = c.other AND p.digest = c.other_digest)`)
	_, checks := s.pool.Exec(ctx, `DELETE FROM entry_checks k WHERE NOT EXISTS (SELECT FROM passages p WHERE p.entry_id = k.entry_id)`)
	if err := errors.Join(pairs, checks); err != nil {
		return fmt.Errorf("forget pairs of entries: %w", err)
	}
	return nil
}
