package knowledgedb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

const (
	// bulkQueue keeps batches apart from documents, which they would keep waiting.
	bulkQueue = "batches"
	// bulkWorkers is one, which mostly waits.
	bulkWorkers = 1
	// keepAtOnce is how many vectors are stored by one statement, some 4 MB of text.
	keepAtOnce = 200
)

// bulkArgs are the job that brings a batch through.
type bulkArgs struct {
	Batch string `json:"batch"`
}

func (bulkArgs) Kind() string { return "embed_batch" }

func (bulkArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: bulkQueue, MaxAttempts: attempts}
}

// BulkWork is the bringing through of batches, for NewJobs. In a process that uses none it gives
// up those that another configuration has left.
func (d *Documents) BulkWork() Work {
	return Work{
		queue: bulkQueue,
		at:    river.QueueConfig{MaxWorkers: bulkWorkers},
		conns: 2 * bulkWorkers, // one holds the batch
		add:   func(all *river.Workers) { river.AddWorker(all, &bulkWorker{docs: d}) },
		sweep: d.sweepBulk,
	}
}

type bulkWorker struct {
	river.WorkerDefaults[bulkArgs]
	docs *Documents
}

// Work takes one step of a batch that nobody else works on, and comes back for the next.
func (w *bulkWorker) Work(ctx context.Context, job *river.Job[bulkArgs]) error {
	d, id := w.docs, job.Args.Batch
	held, err := d.hold(ctx, "batch "+id)
	if err != nil {
		return err
	}
	if held == nil {
		return river.JobSnooze(busyAgain)
	}
	defer held.release(ctx)
	again, err := d.stepBulk(ctx, id)
	switch {
	case err == nil && again > 0:
		return river.JobSnooze(again)
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled): // stopping: whoever comes next goes on
		return river.JobSnooze(0)
	case d.noBulk(ctx, err):
		return d.endBulk(ctx, id, "unsupported", "", knowledge.BulkReport{})
	case job.Attempt >= job.MaxAttempts:
		return errors.Join(err, d.endBulk(ctx, id, "given up", "", knowledge.BulkReport{}))
	}
	return err
}

// NextRetry waits 2 s, 4 s, 8 s … and at most 5 minutes after an attempt.
func (w *bulkWorker) NextRetry(job *river.Job[bulkArgs]) time.Time {
	return time.Now().Add(min(time.Second<<min(job.Attempt, 10), 5*time.Minute))
}

// bulkBatch is a batch that is under way.
type bulkBatch struct {
	Model    int32
	Provider string
	Sent     bool          // it may have been handed in
	Since    time.Duration // it was last begun to be sent; 0 before
	Tokens   int           // it has at most; 0: not counted yet
	Waiting  int           // passages that still wait for it
}

// stepBulk does what there is to do for a batch at the moment and returns after what time to look
// again; 0 when it has ended. The lock on the batch is the caller's care.
func (d *Documents) stepBulk(ctx context.Context, id string) (time.Duration, error) {
	b, err := d.bulkBatch(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read batch %s: %w", id, err)
	}
	model := int32(0)
	if d.bulking() {
		if model, err = d.registerModel(ctx); err != nil {
			return 0, err
		}
	}
	switch {
	case b.Model != model:
		return 0, d.dropBulk(ctx, id, b, "not wanted any more")
	case b.Provider == "":
		return d.submitBulk(ctx, id, b)
	case b.Waiting == 0:
		return 0, d.dropBulk(ctx, id, b, "nothing waits for it any more")
	}
	state, why, err := d.bulk.State(ctx, b.Provider)
	if err != nil {
		return 0, fmt.Errorf("ask for batch %s: %w", id, err)
	}
	switch state {
	case knowledge.BulkUnderWay:
		if b.Since > d.bulkOptions.Within {
			return 0, d.dropBulk(ctx, id, b, "not ended in time")
		}
		return d.bulkOptions.Poll, nil
	case knowledge.BulkUnknown:
		return 0, d.endBulk(ctx, id, string(state), why, knowledge.BulkReport{})
	}
	report, err := d.collectBulk(ctx, id, b.Provider)
	if err != nil {
		return 0, err
	}
	if err := d.endBulk(ctx, id, string(state), why, report); err != nil {
		return 0, err
	}
	d.discardBulk(ctx, id, b.Provider)
	d.maintain(ctx)
	return 0, nil
}

func (d *Documents) bulkBatch(ctx context.Context, id string) (b bulkBatch, err error) {
	const sql = `SELECT model_id, provider_id, sent_at IS NOT NULL,
			coalesce(extract(epoch FROM clock_timestamp() - sent_at), 0)::float8, coalesce(tokens_most, 0),
			(SELECT count(*) FROM embedding_claims c JOIN passages p ON p.id = c.passage_id
				WHERE c.batch_id = b.id AND NOT c.released AND c.digest = p.digest)
		FROM embedding_batches b WHERE id = @id::text::uuid AND ended_at IS NULL`
	var since float64
	err = d.pool.QueryRow(ctx, sql, pgx.NamedArgs{"id": id}).Scan(&b.Model, &b.Provider, &b.Sent, &since, &b.Tokens, &b.Waiting)
	b.Since = time.Duration(since * float64(time.Second))
	return b, err
}

// submitBulk hands a batch in and keeps the provider's id of it. A server that died in between may
// have handed it in: then it is found by our name and neither lost nor paid for twice.
func (d *Documents) submitBulk(ctx context.Context, id string, b bulkBatch) (time.Duration, error) {
	const begin = `UPDATE embedding_batches SET sent_at = clock_timestamp() WHERE id = @id`
	if b.Sent {
		if left := d.bulkOptions.Settle - b.Since; left > 0 {
			return left, nil
		}
		found, err := d.bulk.Find(ctx, id)
		if err != nil {
			return 0, fmt.Errorf("look for batch %s: %w", id, err)
		}
		if found != "" {
			return d.bulkOptions.Poll, d.sentBulk(ctx, id, found)
		}
	}
	if b.Waiting == 0 {
		return 0, d.endBulk(ctx, id, "nothing waits for it any more", "", knowledge.BulkReport{})
	}
	switch err := d.payForBulk(ctx, id, b); {
	case errors.Is(err, knowledge.ErrTooDear):
		return 0, d.endBulk(ctx, id, "too dear", err.Error(), knowledge.BulkReport{})
	case errors.Is(err, knowledge.ErrOverBudget):
		d.log.InfoContext(ctx, "batch of passages waits for the budget", "batch", id, "again_in", brokeAgain, "error", err)
		return brokeAgain, nil
	case err != nil:
		return 0, err
	}
	if _, err := d.pool.Exec(ctx, begin, pgx.NamedArgs{"id": id}); err != nil {
		return 0, fmt.Errorf("begin to send batch %s: %w", id, err)
	}
	var count int
	provider, err := d.bulk.Submit(ctx, id, d.bulkTexts(ctx, id, &count))
	if err != nil {
		return 0, fmt.Errorf("send batch %s: %w", id, err)
	}
	d.log.InfoContext(ctx, "batch of passages sent", "batch", id, "provider_id", provider, "passages", count)
	return d.bulkOptions.Poll, d.sentBulk(ctx, id, provider)
}

func (d *Documents) sentBulk(ctx context.Context, id, provider string) error {
	const sql = `UPDATE embedding_batches SET provider_id = @provider WHERE id = @id`
	if _, err := d.pool.Exec(ctx, sql, pgx.NamedArgs{"id": id, "provider": provider}); err != nil {
		return fmt.Errorf("keep id of batch %s: %w", id, err)
	}
	return nil
}

// collectBulk stores the vectors of a batch that has ended. What it has stored when it is cut short
// is passed over the next time.
func (d *Documents) collectBulk(ctx context.Context, id, provider string) (knowledge.BulkReport, error) {
	var ids []string
	var vecs [][]float32
	flush := func() error {
		if len(ids) == 0 {
			return nil
		}
		err := d.keepBulk(ctx, id, ids, vecs)
		ids, vecs = ids[:0], vecs[:0]
		return err
	}
	wrong := 0
	report, err := d.bulk.Collect(ctx, provider, func(key string, v []float32) error {
		if checkVectors([][]float32{v}, 1, d.embedder.Dimensions()) != nil {
			wrong++
			return nil
		}
		if ids, vecs = append(ids, key), append(vecs, v); len(ids) < keepAtOnce {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return report, fmt.Errorf("collect batch %s: %w", id, err)
	}
	report.Embedded, report.Failed = report.Embedded-wrong, report.Failed+wrong
	return report, nil
}

// dropBulk ends a batch that is not waited for any longer.
func (d *Documents) dropBulk(ctx context.Context, id string, b bulkBatch, outcome string) error {
	if err := d.endBulk(ctx, id, outcome, "", knowledge.BulkReport{}); err != nil {
		return err
	}
	d.discardBulk(ctx, id, b.Provider)
	return nil
}

// discardBulk tidies up at the provider; what stays there goes away by itself after some days.
func (d *Documents) discardBulk(ctx context.Context, id, provider string) {
	if d.bulk == nil || provider == "" {
		return
	}
	if err := d.bulk.Discard(ctx, provider); err != nil {
		d.log.WarnContext(ctx, "batch not tidied up at the provider", "batch", id, "provider_id", provider, "error", err)
	}
}

// sweepBulk queues batches whose server died over them, and forgets what was released and has got
// its vector since. A batch that is worked on needs nothing.
func (d *Documents) sweepBulk(ctx context.Context) error {
	const (
		tidy = `DELETE FROM embedding_claims c WHERE c.released
			AND EXISTS (SELECT FROM embeddings e WHERE e.passage_id = c.passage_id AND e.model_id = c.model_id)`
		sql = `SELECT b.id::text FROM embedding_batches b WHERE b.ended_at IS NULL
			AND NOT EXISTS (SELECT FROM river_job j WHERE j.kind = @kind AND j.args @> jsonb_build_object('batch', b.id::text)
				AND j.state IN ('available', 'pending', 'retryable', 'scheduled'))
			ORDER BY b.created_at LIMIT 1000`
	)
	if _, err := d.pool.Exec(ctx, tidy); err != nil {
		return fmt.Errorf("forget released passages: %w", err)
	}
	rows, err := d.pool.Query(ctx, sql, pgx.NamedArgs{"kind": bulkArgs{}.Kind()})
	if err != nil {
		return fmt.Errorf("look for abandoned batches: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look for abandoned batches: %w", err)
	}
	for _, id := range ids {
		if err := d.takeUpBulk(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// takeUpBulk queues a batch unless somebody works on it after all.
func (d *Documents) takeUpBulk(ctx context.Context, id string) error {
	held, err := d.hold(ctx, "batch "+id)
	if err != nil || held == nil {
		return err
	}
	defer held.release(ctx)
	if _, err := d.queue.Insert(ctx, bulkArgs{Batch: id}, nil); err != nil {
		return fmt.Errorf("queue batch %s: %w", id, err)
	}
	return nil
}
