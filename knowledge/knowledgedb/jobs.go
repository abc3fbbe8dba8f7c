package knowledgedb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

const (
	// queueName keeps documents apart from whatever else is queued.
	queueName = "documents"
	// workers is how many documents are processed at once: reading is bound by
	// the processor, which customers' questions come first to.
	workers = 2
	// pollEvery is how long a document waits at most to be taken up. Polling
	// costs one short indexed statement and, unlike LISTEN, no connection.
	pollEvery = 500 * time.Millisecond
	// fetchAgain is how soon a worker that is done looks for the next job while
	// there are some. River's 100 ms would hold two workers to 20 pages a second.
	fetchAgain = 10 * time.Millisecond
	// jobWithin bounds one attempt. Attempts resume, so a long document on a
	// slow embedder only takes several.
	jobWithin = 10 * time.Minute
	// rescueAfter is when River itself takes a running job for lost. Documents
	// of a dead server are found much sooner, by sweep; this only tidies River's rows.
	rescueAfter = jobWithin + 5*time.Minute
	// stopWithin is how long a job may go on after Stop before it is handed back.
	stopWithin = 5 * time.Second
	// keepDone and keepFailed are how long River keeps finished jobs to look at.
	keepDone, keepFailed = time.Hour, 7 * 24 * time.Hour
	// attempts, with the waits of NextRetry, is about two hours. A document that
	// could not be stored in that time is failed; one that only waits for the
	// embedder gets a fresh job at the next sweep.
	attempts = 25
	// minConns is how many connections the pool must allow: one to hold the
	// document of each worker and of the sweep, one for everything else.
	minConns = workers + 2
	// sweepEvery is how soon documents of a killed replica are taken up by another.
	sweepEvery = 20 * time.Second
	// brokeAgain is when a job looks again whether the budget has room. Raising it wakes
	// all (Resume), so this is for the next day, and for what other processes spent less.
	brokeAgain = 5 * time.Minute
	// busyAgain is when a job looks again at a document another is working on.
	busyAgain = 5 * time.Second
)

// ingestArgs are the job that makes a document searchable.
type ingestArgs struct {
	Document string `json:"document"`
	// Deaths counts the servers that died while they worked on the document.
	Deaths int `json:"deaths,omitempty"`
}

func (ingestArgs) Kind() string { return "ingest" }

func (ingestArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueName, MaxAttempts: attempts}
}

// processor does the work of a job; knowledge.Ingest is one.
type processor interface {
	Process(ctx context.Context, documentID string) error
}

// Jobs works off the queue of documents, and whatever else it was given, in
// this process.
type Jobs struct {
	docs   *Documents
	more   []Work
	client *river.Client[pgx.Tx]
	log    *slog.Logger

	stop context.CancelFunc
	done sync.WaitGroup // the sweeper
}

// Work is background work beside that on documents.
type Work struct {
	queue string
	at    river.QueueConfig
	conns int32 // connections it may hold at a time
	add   func(*river.Workers)
	// sweep queues what is due or was left by a server that died.
	sweep func(context.Context) error
}

// NewJobs returns the workers that bring documents through p, and those of
// more; Start starts them.
func NewJobs(docs *Documents, p processor, log *slog.Logger, more ...Work) (*Jobs, error) {
	least := int32(minConns)
	all := river.NewWorkers()
	river.AddWorker(all, &ingestWorker{docs: docs, process: p})
	queues := map[string]river.QueueConfig{queueName: {MaxWorkers: workers}}
	for _, w := range more {
		least += w.conns
		w.add(all)
		queues[w.queue] = w.at
	}
	if n := docs.pool.Config().MaxConns; n < least {
		return nil, fmt.Errorf("open job queue: the pool allows %d connections, at least %d are needed", n, least)
	}
	client, err := river.NewClient(riverpgxv5.New(docs.pool), &river.Config{
		Queues:                      queues,
		Workers:                     all,
		PollOnly:                    true,
		FetchPollInterval:           pollEvery,
		FetchCooldown:               fetchAgain,
		JobTimeout:                  jobWithin,
		RescueStuckJobsAfter:        rescueAfter,
		SoftStopTimeout:             stopWithin,
		CompletedJobRetentionPeriod: keepDone,
		CancelledJobRetentionPeriod: keepFailed,
		DiscardedJobRetentionPeriod: keepFailed,
		Logger:                      quiet(log),
	})
	if err != nil {
		return nil, fmt.Errorf("open job queue: %w", err)
	}
	return &Jobs{docs: docs, more: more, client: client, log: log}, nil
}

// Start takes up what a killed server has left and works until Stop. It does
// not end with ctx.
func (j *Jobs) Start(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	if err := j.docs.requeueUnembedded(ctx); err != nil {
		return err
	}
	if err := j.sweep(ctx); err != nil {
		return err
	}
	if err := j.client.Start(ctx); err != nil {
		return fmt.Errorf("start job queue: %w", err)
	}
	ctx, j.stop = context.WithCancel(ctx)
	j.done.Go(func() { j.sweepNowAndThen(ctx) })
	return nil
}

// sweep takes up what nobody works on.
func (j *Jobs) sweep(ctx context.Context) error {
	err := errors.Join(j.docs.sweep(ctx), j.docs.wake(ctx))
	for _, w := range j.more {
		err = errors.Join(err, w.sweep(ctx))
	}
	return err
}

func (j *Jobs) sweepNowAndThen(ctx context.Context) {
	// An index that a former version left, or a build that was cut short.
	if err := j.docs.Maintain(ctx); err != nil && ctx.Err() == nil {
		j.log.WarnContext(ctx, "search index not maintained", "error", err)
	}
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := j.sweep(ctx); err != nil && ctx.Err() == nil {
			j.log.WarnContext(ctx, "abandoned work not looked for", "error", err)
		}
		if err := j.docs.CountUses(ctx); err != nil && ctx.Err() == nil {
			j.log.WarnContext(ctx, "uses not counted", "error", err)
		}
	}
}

// Stop lets running jobs finish for a few seconds, hands back those that do
// not, and returns when none runs or ctx ends.
func (j *Jobs) Stop(ctx context.Context) error {
	if j.stop == nil {
		return nil
	}
	j.stop()
	j.done.Wait()
	if err := j.client.Stop(ctx); err != nil {
		return fmt.Errorf("stop job queue: %w", err)
	}
	return nil
}

type ingestWorker struct {
	river.WorkerDefaults[ingestArgs]
	docs    *Documents
	process processor
}

// Work processes a document nobody else works on. The job ends only when the
// document's new state is committed.
func (w *ingestWorker) Work(ctx context.Context, job *river.Job[ingestArgs]) error {
	id := job.Args.Document
	held, err := w.docs.hold(ctx, id)
	if err != nil {
		return err
	}
	if held == nil {
		return river.JobSnooze(busyAgain)
	}
	defer held.release(ctx)
	err = w.process.Process(ctx, id)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, knowledge.ErrPermanent):
		return river.JobCancel(err)
	case errors.Is(err, knowledge.ErrOverBudget):
		w.docs.log.InfoContext(ctx, "document waits for the budget to be embedded", "document", id, "again_in", brokeAgain, "error", err)
		return river.JobSnooze(brokeAgain)
	case errors.Is(ctx.Err(), context.Canceled): // stopping: whoever comes next goes on at once
		return river.JobSnooze(0)
	case job.Attempt >= job.MaxAttempts:
		return errors.Join(err, w.docs.giveUp(ctx, id))
	}
	return err
}

// NextRetry waits 2 s, 4 s, 8 s … and at most 5 minutes after an attempt.
func (w *ingestWorker) NextRetry(job *river.Job[ingestArgs]) time.Time {
	return time.Now().Add(min(time.Second<<min(job.Attempt, 10), 5*time.Minute))
}

// quiet is log without what River says of its ordinary work.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(atLeastWarn{log.Handler()}) }

type atLeastWarn struct{ slog.Handler }

func (h atLeastWarn) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}

func (h atLeastWarn) WithAttrs(as []slog.Attr) slog.Handler {
	return atLeastWarn{h.Handler.WithAttrs(as)}
}
func (h atLeastWarn) WithGroup(name string) slog.Handler {
	return atLeastWarn{h.Handler.WithGroup(name)}
}
