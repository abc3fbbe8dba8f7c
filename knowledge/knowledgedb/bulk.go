package knowledgedb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
)

// Bulk has many texts embedded within a day, for less than the embedder asks, and with the
// same vectors. All methods may be repeated.
type Bulk interface {
	// Submit hands in texts under our own name of the batch and returns the provider's id of
	// it, or knowledge.ErrNoBulk.
	Submit(ctx context.Context, name string, texts iter.Seq2[knowledge.BulkText, error]) (id string, err error)
	// Find returns the id of what was submitted under a name; "" when nothing was.
	Find(ctx context.Context, name string) (id string, err error)
	State(ctx context.Context, id string) (state knowledge.BulkState, why string, err error)
	// Collect gives each the vectors of a batch that has ended. After an error all come again.
	Collect(ctx context.Context, id string, each func(key string, vector []float32) error) (knowledge.BulkReport, error)
	// Discard stops a batch if it is under way and has the provider delete what it has of it.
	Discard(ctx context.Context, id string) error
}

// BulkOptions say when and how batches are used. What is 0 is the default.
type BulkOptions struct {
	Least  int           // passages waiting from which on a batch is worth its delay
	Most   int           // passages in one batch
	Poll   time.Duration // between two looks at a batch
	Settle time.Duration // after which a request of a server that died has reached the provider, or never will
	Within time.Duration // a batch that has not ended by then is given up
	Purse  BulkPurse     // pays; nil: nobody counts
}

// BulkPurse pays for batches, which it knows by our own names of them.
type BulkPurse interface {
	// Count is how many tokens a text has.
	Count(text string) int
	// SetAside reserves what texts of so many tokens cost at most in a batch, until Settle
	// or for a time; again for the same batch it reserves nothing more. It returns
	// knowledge.ErrOverBudget while there is no room for it and knowledge.ErrTooDear where
	// there never is.
	SetAside(ctx context.Context, batch, model string, tokens int, lapse time.Duration) error
	// Settle books what a batch came to and ends its reservation, in the transaction that
	// ends the batch, and returns its cost in millionths of a US dollar.
	Settle(ctx context.Context, tx pgx.Tx, batch, model string, r knowledge.BulkReport) (int64, error)
}

// Defaults of BulkOptions. OpenAI lets an account of the first tier have three million tokens of
// text-embedding-3-small waiting (developers.openai.com/api/docs/guides/rate-limits); 5,000 passages
// have some two million. Its batches end within 24 hours one way or another.
const (
	bulkLeast  = 2000
	bulkMost   = 5000
	bulkPoll   = time.Minute
	bulkSettle = time.Minute
	bulkWithin = 26 * time.Hour
)

// UseBulk has passages go by b when very many wait at once. It is to be called before anything
// works, and needs BulkWork among the Jobs of some process. Where b is nil none goes so, and the
// purse is told of batches that are given up.
func (s *Store) UseBulk(b Bulk, o BulkOptions) {
	o.Least, o.Most = cmp.Or(o.Least, bulkLeast), cmp.Or(o.Most, bulkMost)
	o.Poll, o.Settle, o.Within = cmp.Or(o.Poll, bulkPoll), cmp.Or(o.Settle, bulkSettle), cmp.Or(o.Within, bulkWithin)
	s.bulk, s.bulkOptions = b, o
}

// bulking reports whether batches are used; not once the provider has said that it has none.
func (s *Store) bulking() bool { return s.bulk != nil && s.embedder != nil && !s.bulkRefused.Load() }

// bulkNote is the word on a document that waits for a batch.
const bulkNote = "already found by its words; finding it by meaning follows within a day, with a batch of the embedding model's"

// claimed is the condition that a passage p waits for a batch of the model.
const claimed = `EXISTS (SELECT FROM embedding_claims c
	WHERE c.passage_id = p.id AND c.model_id = @model AND NOT c.released AND c.digest = p.digest)`

// Embed is the Store's, but that passages of which very many wait go by a batch: then the document
// stays on its way until that has ended.
func (d *Documents) Embed(ctx context.Context, id string) error {
	if err := d.claimBulkFor(ctx, id); err != nil {
		return err
	}
	return d.Store.Embed(ctx, id)
}

// claimBulk puts passages that lack a vector into batches for as long as very many do, and queues
// these. What was released from a batch is not put into another.
func (d *Documents) claimBulk(ctx context.Context) error {
	if !d.bulking() {
		return nil
	}
	model, err := d.registerModel(ctx)
	if err != nil {
		return err
	}
	for {
		n, err := d.claimBatch(ctx, model)
		if violates(err, "23503") { // foreign_key_violation: a passage was deleted meanwhile
			continue
		}
		if err != nil || n == 0 {
			return err
		}
	}
}

// claimLock lets one batch be put together at a time: two would share what waits.
const claimLock = 0x62617463 // "batc"

func (d *Documents) claimBatch(ctx context.Context, model int32) (n int, err error) {
	const (
		lock  = `SELECT pg_advisory_xact_lock($1, hashtext(current_schema))`
		claim = `WITH free AS (
				SELECT p.id, p.digest FROM documents d JOIN passages p ON p.document_id = d.id
				WHERE d.status = 'embedding' AND p.embed_error = '' AND NOT p.hidden
				  AND NOT EXISTS (SELECT FROM embeddings e WHERE e.passage_id = p.id AND e.model_id = @model)
				  AND NOT EXISTS (SELECT FROM embedding_claims c WHERE c.passage_id = p.id AND c.model_id = @model AND c.digest = p.digest)
				LIMIT @most),
			batch AS (INSERT INTO embedding_batches (id, model_id, texts)
				SELECT @batch::uuid, @model, count(*) FROM free HAVING count(*) >= @least RETURNING id),
			claims AS (INSERT INTO embedding_claims (model_id, passage_id, batch_id, digest)
				SELECT @model, f.id, b.id, f.digest FROM free f, batch b
				ON CONFLICT (passage_id, model_id) DO UPDATE SET batch_id = excluded.batch_id, digest = excluded.digest, released = false
				RETURNING 1)
			SELECT (SELECT count(*) FROM claims), (SELECT count(*) FROM free)`
		// Apart from the claims: whoever writes a document locks its row first and then its passages.
		note = `UPDATE documents d SET error = @note, updated_at = clock_timestamp() WHERE d.status = 'embedding' AND d.error <> @note
			AND EXISTS (SELECT FROM embedding_claims c JOIN passages p ON p.id = c.passage_id WHERE c.batch_id = @batch AND p.document_id = d.id)`
	)
	args := pgx.NamedArgs{"model": model, "batch": knowledge.NewID(), "least": d.bulkOptions.Least, "most": d.bulkOptions.Most, "note": bulkNote}
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lock, claimLock); err != nil {
			return err
		}
		var free int
		if err := tx.QueryRow(ctx, claim, args).Scan(&n, &free); err != nil || n == 0 {
			d.bulkLook.vain(d.bulkOptions.Least - free)
			return err
		}
		_, err := d.queue.InsertTx(ctx, tx, bulkArgs{Batch: args["batch"].(string)}, nil)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("put passages into a batch: %w", err)
	}
	if n > 0 {
		d.log.InfoContext(ctx, "passages go by a batch", "batch", args["batch"], "passages", n)
		if _, err := d.pool.Exec(ctx, note, args); err != nil {
			return n, fmt.Errorf("note documents of a batch: %w", err)
		}
	}
	return n, nil
}

// bulkTexts reads the texts of a batch that are still what they were when it was put together, a
// page at a time.
func (d *Documents) bulkTexts(ctx context.Context, batch string, count *int) iter.Seq2[knowledge.BulkText, error] {
	const sql = `SELECT p.id::text, p.title, p.alternatives, p.heading, p.body FROM embedding_claims c JOIN passages p ON p.id = c.passage_id
		WHERE c.batch_id = @batch AND NOT c.released AND c.digest = p.digest AND c.passage_id > @after::uuid
		ORDER BY c.passage_id LIMIT @limit`
	return func(yield func(knowledge.BulkText, error) bool) {
		*count = 0
		for after := "00000000-0000-0000-0000-000000000000"; ; {
			rows, err := d.pool.Query(ctx, sql, pgx.NamedArgs{"batch": batch, "after": after, "limit": writeBatch})
			var page []knowledge.Passage
			if err == nil {
				page, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (p knowledge.Passage, err error) {
					err = r.Scan(&p.ID, &p.Title, &p.Alternatives, &p.Heading, &p.Text)
					return p, err
				})
			}
			if err != nil {
				yield(knowledge.BulkText{}, fmt.Errorf("read texts of batch %s: %w", batch, err))
				return
			}
			for _, p := range page {
				if *count++; !yield(knowledge.BulkText{Key: p.ID, Text: embedText(p)}, nil) {
					return
				}
			}
			if len(page) < writeBatch {
				return
			}
			after = page[len(page)-1].ID
		}
	}
}

// keepBulk stores vectors of a batch, each only where its passage still waits for it with the text
// that was sent.
func (d *Documents) keepBulk(ctx context.Context, batch string, ids []string, vecs [][]float32) error {
	const sql = `WITH held AS (SELECT id, digest FROM passages WHERE id = ANY(@ids::text[]::uuid[]) AND NOT hidden FOR SHARE SKIP LOCKED),
		kept AS (INSERT INTO embeddings (passage_id, model_id, e)
			SELECT p.id, c.model_id, x.e::halfvec FROM unnest(@ids::text[], @vectors::text[]) AS x (id, e)
			JOIN held p ON p.id = x.id::uuid
			JOIN embedding_claims c ON c.passage_id = p.id AND c.batch_id = @batch AND NOT c.released AND c.digest = p.digest
			ON CONFLICT (passage_id, model_id) DO NOTHING RETURNING passage_id)
		DELETE FROM embedding_claims c USING kept k WHERE c.batch_id = @batch AND c.passage_id = k.passage_id`
	texts := make([]string, len(vecs))
	for i, v := range vecs {
		texts[i] = vectorText(v)
	}
	if _, err := d.pool.Exec(ctx, sql, pgx.NamedArgs{"batch": batch, "ids": ids, "vectors": texts}); err != nil {
		return fmt.Errorf("keep vectors of batch %s: %w", batch, err)
	}
	return nil
}

// endBulk ends a batch: what it did not bring is embedded directly from now on.
func (d *Documents) endBulk(ctx context.Context, batch, outcome, why string, r knowledge.BulkReport) error {
	const (
		open = `SELECT true FROM embedding_batches WHERE id = @batch AND ended_at IS NULL FOR UPDATE`
		end  = `UPDATE embedding_batches SET ended_at = now(), outcome = @outcome, reason = @why, embedded = @embedded, failed = @failed,
			tokens = @tokens, cost_micros = @cost WHERE id = @batch`
		release = `UPDATE embedding_claims SET released = true WHERE batch_id = @batch`
	)
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		var going bool
		err := tx.QueryRow(ctx, open, pgx.NamedArgs{"batch": batch}).Scan(&going)
		if err == nil && d.bulkOptions.Purse != nil {
			model := ""
			if d.embedder != nil {
				model = d.embedder.Model()
			}
			r.CostMicros, err = d.bulkOptions.Purse.Settle(ctx, tx, batch, model, r)
		}
		if err == nil {
			_, err = tx.Exec(ctx, end, pgx.NamedArgs{"batch": batch, "outcome": outcome, "why": cmp.Or(why, r.Why), "embedded": r.Embedded, "failed": r.Failed,
				"tokens": r.Tokens, "cost": r.CostMicros})
		}
		if err == nil || errors.Is(err, pgx.ErrNoRows) { // it had ended
			_, err = tx.Exec(ctx, release, pgx.NamedArgs{"batch": batch})
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("end batch %s: %w", batch, err)
	}
	d.log.InfoContext(ctx, "batch of passages ended", "batch", batch, "outcome", outcome, "embedded", r.Embedded, "failed", r.Failed,
		"reason", cmp.Or(why, r.Why), "tokens", r.Tokens, "cost_micros", r.CostMicros)
	// The documents that are complete become ready, the others are embedded directly.
	if err := d.sweep(ctx); err != nil {
		d.log.WarnContext(ctx, "documents of a batch wait for the next sweep", "batch", batch, "error", err)
	}
	return nil
}

// noBulk reports whether an error says that the provider has no batches, and remembers that.
func (d *Documents) noBulk(ctx context.Context, err error) bool {
	if !errors.Is(err, knowledge.ErrNoBulk) {
		return false
	}
	if !d.bulkRefused.Swap(true) {
		d.log.WarnContext(ctx, "no batches at the embedding model's server; passages are embedded directly", "error", err)
	}
	return true
}
