package knowledgedb

import (
	"context"
	"errors"
	"fmt"
	"math"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// maintainLock keeps two replicas from maintaining one schema at once; its second
	// half is the schema's name.
	maintainLock = 0x6b6e6f77 // "know"
	// maxDrift is how far, as a share, an average length may leave the one that weights
	// were baked with. At .15 the order of the first ten hardly ever differs.
	maxDrift = .15
	// indexAbove is how many passages an exact scan of vectors still serves well: 10,000
	// of 1,536 dimensions take some 10 ms.
	indexAbove = 10_000
	// surveyAbove is from how many passages on the planner's idea of the tables matters.
	surveyAbove = 1000
)

// Maintain brings both indexes in line with what is stored: weights are baked anew
// when the average lengths have drifted, all is analyzed anew when an older version of
// the analysis made it, and the embedder's model gets its index once it has many
// vectors. Where passages have doubled since the planner last looked, it looks again and
// does not wait for autovacuum: with an old idea of the tables it reads all of them. With
// nothing to do it costs one or two short statements, so it may be called
// after every write and should be once at start; where another process is at it already
// it does nothing.
func (s *Store) Maintain(ctx context.Context) error {
	// One row speaks for all: those of an old analysis stand first until the last is redone.
	const sql = `SELECT greatest(abs(title_total::float8 / greatest(title_count, 1) / nullif(baked_title, 0) - 1),
			abs(heading_total::float8 / greatest(heading_count, 1) / nullif(baked_heading, 0) - 1),
			abs(body_total::float8 / greatest(body_count, 1) / nullif(baked_body, 0) - 1), 0) > @drift,
		coalesce((SELECT analyzer <> @version FROM lexemes LIMIT 1), false),
		passages >= @above,
		passages >= @survey AND passages > 2 * (SELECT reltuples FROM pg_class WHERE oid = 'lexemes'::regclass) FROM lexicon`
	var drifted, stale, many, grown bool
	args := pgx.NamedArgs{"drift": maxDrift, "version": lexical.Version, "above": s.indexAbove, "survey": surveyAbove}
	if err := s.pool.QueryRow(ctx, sql, args).Scan(&drifted, &stale, &many, &grown); err != nil {
		return fmt.Errorf("read lexicon: %w", err)
	}
	if !drifted && !stale && !many && !grown {
		return nil
	}
	return s.alone(ctx, func(c *pgxpool.Conn) error {
		if grown {
			if _, err := c.Exec(ctx, `ANALYZE documents, passages, lexemes, terms, vocabulary`); err != nil {
				return fmt.Errorf("survey tables: %w", err)
			}
		}
		if err := s.reweigh(ctx, c, stale); err != nil {
			return err
		}
		return s.indexVectors(ctx, c)
	})
}

// alone runs f unless another process is inside alone for the same schema.
func (s *Store) alone(ctx context.Context, f func(c *pgxpool.Conn) error) error {
	c, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("acquire connection: %w", err)
	}
	defer c.Release()
	var got bool
	const lock = `SELECT pg_try_advisory_lock($1, hashtext(current_schema))`
	if err := c.QueryRow(ctx, lock, maintainLock).Scan(&got); err != nil {
		return fmt.Errorf("lock maintenance: %w", err)
	}
	if !got {
		return nil
	}
	err = f(c)
	const unlock = `SELECT pg_advisory_unlock($1, hashtext(current_schema))`
	if _, e := c.Exec(context.WithoutCancel(ctx), unlock, maintainLock); e != nil {
		c.Conn().Close(context.WithoutCancel(ctx)) // the lock ends with the session
		err = errors.Join(err, fmt.Errorf("unlock maintenance: %w", e))
	}
	return err
}

// reweigh bakes all weights anew with the averages of the moment when these have drifted,
// or always, and analyzes anew what an older version of the analysis has indexed.
//
// It first sets the averages, so that whatever is written from then on is baked with them,
// and then goes through the passages in batches of a transaction each. A batch takes the
// lexicon first, as writers do, and passes over passages that somebody is deleting: so it
// waits for nobody who may wait for it.
func (s *Store) reweigh(ctx context.Context, c *pgxpool.Conn, always bool) error {
	var avg lexical.Lengths
	err := pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		const sql = `SELECT title_total::float8 / greatest(title_count, 1), heading_total::float8 / greatest(heading_count, 1),
			body_total::float8 / greatest(body_count, 1), baked_title, baked_heading, baked_body FROM lexicon FOR UPDATE`
		var baked lexical.Lengths
		if err := tx.QueryRow(ctx, sql).Scan(&avg[0], &avg[1], &avg[2], &baked[0], &baked[1], &baked[2]); err != nil {
			return fmt.Errorf("read lexicon: %w", err)
		}
		for f := range avg {
			always = always || baked[f] > 0 && math.Abs(avg[f]/baked[f]-1) > maxDrift
		}
		if !always {
			return nil
		}
		return setBaked(ctx, tx, avg)
	})
	if err != nil || !always {
		return err
	}
	last := "00000000-0000-0000-0000-000000000000"
	for {
		n := 0
		err := pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
			if err := lockLexicon(ctx, tx); err != nil {
				return err
			}
			rows, stale, err := passagesAfter(ctx, tx, last)
			if err != nil || len(rows) == 0 {
				return err
			}
			n, last = len(rows), rows[len(rows)-1].ID
			if stale {
				return s.reanalyze(ctx, tx, rows, avg)
			}
			return s.updateWeights(ctx, tx, rows, avg)
		})
		if err != nil {
			return fmt.Errorf("reweigh: %w", err)
		}
		if n == 0 {
			return nil
		}
	}
}

func lockLexicon(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `SELECT FROM lexicon FOR UPDATE`); err != nil {
		return fmt.Errorf("lock lexicon: %w", err)
	}
	return nil
}

// passagesAfter reads and analyzes the next batch by id; stale when one of them was
// indexed by another version of the analysis.
func passagesAfter(ctx context.Context, tx pgx.Tx, last string) (rows []row, stale bool, err error) {
	const sql = `SELECT p.id::text, p.title, p.alternatives, p.heading, p.body, p.lang, x.analyzer <> @version
		FROM passages p JOIN lexemes x ON x.passage_id = p.id
		WHERE p.id > @last::uuid ORDER BY p.id LIMIT @limit FOR NO KEY UPDATE OF p SKIP LOCKED`
	got, err := tx.Query(ctx, sql, pgx.NamedArgs{"version": lexical.Version, "last": last, "limit": writeBatch})
	if err != nil {
		return nil, false, fmt.Errorf("read passages: %w", err)
	}
	var p knowledge.Passage
	var old bool
	_, err = pgx.ForEachRow(got, []any{&p.ID, &p.Title, &p.Alternatives, &p.Heading, &p.Text, &p.Lang, &old}, func() error {
		stale = stale || old
		rows = append(rows, row{Passage: p, lexemes: lexical.Index(fieldsOf(p), p.Lang, "")})
		p.Alternatives = nil
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("read passages: %w", err)
	}
	return rows, stale, nil
}

func (s *Store) updateWeights(ctx context.Context, tx pgx.Tx, rows []row, avg lexical.Lengths) error {
	const sql = `UPDATE lexemes x SET weights = n.weights::sparsevec
		FROM unnest(@ids::uuid[], @weights::text[]) AS n (id, weights) WHERE x.passage_id = n.id`
	ids, weights := make([]string, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		ids[i], weights[i] = r.ID, sparseText(r.lexemes.Dims, s.params.Weights(r.lexemes, avg))
	}
	if _, err := tx.Exec(ctx, sql, pgx.NamedArgs{"ids": ids, "weights": weights}); err != nil {
		return fmt.Errorf("update weights: %w", err)
	}
	return nil
}

// reanalyze writes the rows' lexemes anew; the terms' counts follow by trigger.
func (s *Store) reanalyze(ctx context.Context, tx pgx.Tx, rows []row, avg lexical.Lengths) error {
	ids := make([]string, len(rows))
	atoms := make([][]byte, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
		rows[i].atoms, rows[i].forms = lexical.Read(fieldsOf(r.Passage), r.lexemes.Lang)
		atoms[i] = rows[i].atoms
	}
	const sql = `UPDATE passages p SET atoms = n.atoms FROM unnest(@ids::uuid[], @atoms::bytea[]) AS n (id, atoms) WHERE p.id = n.id`
	if _, err := tx.Exec(ctx, sql, pgx.NamedArgs{"ids": ids, "atoms": atoms}); err != nil {
		return fmt.Errorf("update atoms: %w", err)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM lexemes WHERE passage_id = ANY(@ids::uuid[])`, pgx.NamedArgs{"ids": ids}); err != nil {
		return fmt.Errorf("delete lexemes: %w", err)
	}
	if err := s.insertLexemes(ctx, tx, rows, avg); err != nil {
		return err
	}
	return insertVocabulary(ctx, tx, rows)
}
