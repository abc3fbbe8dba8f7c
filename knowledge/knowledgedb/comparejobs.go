package knowledgedb

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

const (
	// compareQueue keeps the comparing of entries from holding up documents.
	compareQueue = "entries"
	// busyCompare is when a job looks again at a document another compares.
	busyCompare = 30 * time.Second
)

// compareArgs are the job that compares a document's entries with all others.
type compareArgs struct {
	Document string `json:"document"`
}

func (compareArgs) Kind() string { return "compare" }

func (compareArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: compareQueue, MaxAttempts: attempts}
}

// CompareWork is the comparing of entries, for NewJobs: one document at a time.
func (d *Documents) CompareWork() Work {
	return Work{
		queue: compareQueue,
		at:    river.QueueConfig{MaxWorkers: 1},
		conns: 1 + nearAtOnce, // one holds the document
		add:   func(all *river.Workers) { river.AddWorker(all, &compareWorker{docs: d}) },
		sweep: d.sweepCompare,
	}
}

// Comparing is p that has entries compared as soon as they are searchable; what
// it misses, the sweep of CompareWork finds.
func (d *Documents) Comparing(p processor) processor { return comparing{p, d} }

type comparing struct {
	processor
	docs *Documents
}

func (c comparing) Process(ctx context.Context, id string) error {
	if err := c.processor.Process(ctx, id); err != nil {
		return err
	}
	if err := c.docs.queueCompare(ctx, id); err != nil {
		c.docs.log.WarnContext(ctx, "comparing of entries waits for the sweep", "document", id, "error", err)
	}
	return nil
}

type compareWorker struct {
	river.WorkerDefaults[compareArgs]
	docs *Documents
}

// Work compares a document that nobody else compares. What is done when it is
// cut short is kept.
func (w *compareWorker) Work(ctx context.Context, job *river.Job[compareArgs]) error {
	held, err := w.docs.hold(ctx, "compare "+job.Args.Document)
	if err != nil {
		return err
	}
	if held == nil {
		return river.JobSnooze(busyCompare)
	}
	defer held.release(ctx)
	err = w.docs.CompareDocument(ctx, job.Args.Document)
	if err != nil && ctx.Err() != nil { // stopping, or the end of its time: go on from there
		return river.JobSnooze(0)
	}
	return err
}

// NextRetry waits 2 s, 4 s, 8 s … and at most 5 minutes after an attempt.
func (w *compareWorker) NextRetry(job *river.Job[compareArgs]) time.Time {
	return time.Now().Add(min(time.Second<<min(job.Attempt, 10), 5*time.Minute))
}

// sweepCompare queues documents whose entries are still to be compared. A
// document on its way is left until its vectors are there too.
func (d *Documents) sweepCompare(ctx context.Context) error { return d.queueCompare(ctx, "") }

// queueCompare queues the comparing of a document, or of all, where it is due
// and no job waits.
func (d *Documents) queueCompare(ctx context.Context, id string) error {
	const sql = `SELECT d.id::text FROM documents d WHERE d.compare_due AND d.status = 'ready' AND (@id = '' OR d.id = nullif(@id, '')::uuid)
		AND NOT EXISTS (SELECT FROM river_job j WHERE j.kind = @kind AND j.args @> jsonb_build_object('document', d.id::text)
			AND j.state IN ('available', 'pending', 'retryable', 'scheduled', 'running'))
		LIMIT 1000`
	rows, err := d.pool.Query(ctx, sql, pgx.NamedArgs{"id": id, "kind": compareArgs{}.Kind()})
	if err != nil {
		return fmt.Errorf("look for entries to compare: %w", err)
	}
	due, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look for entries to compare: %w", err)
	}
	for _, id := range due {
		if _, err := d.queue.Insert(ctx, compareArgs{Document: id}, nil); err != nil {
			return fmt.Errorf("queue comparing of document %s: %w", id, err)
		}
	}
	return nil
}
