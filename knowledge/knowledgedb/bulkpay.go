package knowledgedb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
)

// bulkGrace is what the money set aside for a batch outlasts the time given to it by.
const bulkGrace = time.Hour

// payForBulk sets aside what a batch costs at most before it is handed in, and says on its
// documents whether it waits for that. Its tokens are counted once: a text that is not sent
// after all only makes it cheaper.
func (d *Documents) payForBulk(ctx context.Context, id string, b bulkBatch) error {
	purse := d.bulkOptions.Purse
	if purse == nil {
		return nil
	}
	if b.Tokens == 0 {
		n := 0
		for t, err := range d.bulkTexts(ctx, id, new(int)) {
			if err != nil {
				return err
			}
			n += purse.Count(t.Text)
		}
		if _, err := d.pool.Exec(ctx, `UPDATE embedding_batches SET tokens_most = @n WHERE id = @id`, pgx.NamedArgs{"id": id, "n": n}); err != nil {
			return fmt.Errorf("count tokens of batch %s: %w", id, err)
		}
		b.Tokens = n
	}
	err := purse.SetAside(ctx, id, d.embedder.Model(), b.Tokens, d.bulkOptions.Within+bulkGrace)
	reason, word := "", bulkNote
	switch {
	case errors.Is(err, knowledge.ErrOverBudget):
		reason, word = knowledge.BudgetNote, knowledge.BudgetNote
	case err != nil:
		return fmt.Errorf("set aside for batch %s: %w", id, err)
	}
	if e := d.noteBulk(ctx, id, reason, word); e != nil {
		return e
	}
	return err
}

// noteBulk keeps why a batch waits and says so on the documents that wait for it.
func (d *Documents) noteBulk(ctx context.Context, id, reason, word string) error {
	const (
		batch = `UPDATE embedding_batches SET reason = @reason WHERE id = @id AND reason <> @reason`
		docs  = `UPDATE documents d SET error = @word, updated_at = clock_timestamp() WHERE d.status = 'embedding' AND d.error IN ('', @usual, @broke) AND d.error <> @word
			AND EXISTS (SELECT FROM embedding_claims c JOIN passages p ON p.id = c.passage_id WHERE c.batch_id = @id AND NOT c.released AND p.document_id = d.id)`
	)
	args := pgx.NamedArgs{"id": id, "reason": reason, "word": word, "usual": bulkNote, "broke": knowledge.BudgetNote}
	for _, sql := range []string{batch, docs} {
		if _, err := d.pool.Exec(ctx, sql, args); err != nil {
			return fmt.Errorf("note why batch %s waits: %w", id, err)
		}
	}
	return nil
}

// Resume has tried again at once what waits for the budget: more of it may be there. A job
// that is just about to be put off is woken by the next sweep.
func (d *Documents) Resume(ctx context.Context) error {
	const (
		docs    = `UPDATE documents SET error = '', updated_at = clock_timestamp() WHERE status = 'embedding' AND error = @broke`
		batches = `UPDATE embedding_batches SET reason = '' WHERE ended_at IS NULL AND reason = @broke`
	)
	for _, sql := range []string{docs, batches} {
		if _, err := d.pool.Exec(ctx, sql, pgx.NamedArgs{"broke": knowledge.BudgetNote}); err != nil {
			return fmt.Errorf("resume what waits for the budget: %w", err)
		}
	}
	return d.wake(ctx)
}

// wake has the jobs run now that are put off for long without a word of why: what they
// waited for was taken off by Resume.
func (d *Documents) wake(ctx context.Context) error {
	const sql = `UPDATE river_job j SET state = 'available', scheduled_at = clock_timestamp()
		WHERE j.state = 'scheduled' AND j.scheduled_at > clock_timestamp() + @soon::float8 * interval '1 second' AND (
			j.kind = @ingest AND j.args->>'document' IN (SELECT id::text FROM documents WHERE status = 'embedding' AND error = '')
			OR j.kind = @batch AND j.args->>'batch' IN (SELECT id::text FROM embedding_batches WHERE ended_at IS NULL AND sent_at IS NULL AND reason = ''))`
	args := pgx.NamedArgs{"soon": (2 * busyAgain).Seconds(), "ingest": ingestArgs{}.Kind(), "batch": bulkArgs{}.Kind()}
	if _, err := d.pool.Exec(ctx, sql, args); err != nil {
		return fmt.Errorf("wake what waited for the budget: %w", err)
	}
	return nil
}
