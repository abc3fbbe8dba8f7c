package knowledgedb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

const (
	// testQueue keeps the asking of tests from holding up documents.
	testQueue = "tests"
	// testSettle is how long changes are gathered before the tests are asked again: an
	// import of many files, or an hour of edits, is not to ask them at each.
	testSettle = 30 * time.Second
	// testSlice is how long one job asks before it makes room; it ends well before River
	// would take the job for lost.
	testSlice = jobWithin - 2*time.Minute
	// busyTests is when a job looks again while another replica asks.
	busyTests = 10 * time.Second
	// testScheduleWithin bounds the storing of a schedule: whoever changed a document waits.
	testScheduleWithin = 5 * time.Second
)

// TestRunner asks a set of questions with known answers; conversation.Tests is one.
type TestRunner interface {
	// BeginScheduled queues a run for a trigger that was given to ScheduleRun, or says in
	// how long it is to be asked again.
	BeginScheduled(ctx context.Context, trigger string) (again time.Duration, err error)
	// Work works off the queued runs; nobody else is at it.
	Work(ctx context.Context) error
	// Unfinished reports whether a run waits or was cut short.
	Unfinished(ctx context.Context) (bool, error)
}

// testDueArgs are the job that begins a run after changes.
type testDueArgs struct {
	Trigger string `json:"trigger"`
	// Next parts the job that gathers changes from one that is beginning its run just now
	// and may have looked before the change.
	Next bool `json:"next"`
}

func (testDueArgs) Kind() string { return "tests_due" }

func (testDueArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: testQueue, MaxAttempts: attempts, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: waitingOrRunning}}
}

// waitingOrRunning are the states in which a job like it need not be queued.
var waitingOrRunning = []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
	rivertype.JobStateRunning, rivertype.JobStateScheduled}

// testWorkArgs are the job that works off the runs.
type testWorkArgs struct{}

func (testWorkArgs) Kind() string { return "tests" }

func (testWorkArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: testQueue, MaxAttempts: attempts}
}

// TestRuns queues runs of tests, before there is somebody to work them off.
type TestRuns struct{ docs *Documents }

// TestRuns returns the queueing of runs of tests.
func (d *Documents) TestRuns() *TestRuns { return &TestRuns{d} }

// ScheduleRun has a run begun in 30 s, one for all calls with the trigger until then.
func (q *TestRuns) ScheduleRun(ctx context.Context, trigger string) error {
	return q.scheduleRun(ctx, trigger, time.Now().Add(testSettle))
}

func (q *TestRuns) scheduleRun(ctx context.Context, trigger string, at time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, testScheduleWithin)
	defer cancel()
	for _, next := range []bool{false, true} {
		r, err := q.docs.queue.Insert(ctx, testDueArgs{Trigger: trigger, Next: next}, &river.InsertOpts{ScheduledAt: at})
		if err != nil {
			return fmt.Errorf("schedule run of tests: %w", err)
		}
		if !r.UniqueSkippedAsDuplicate || r.Job.State != rivertype.JobStateRunning {
			return nil
		}
	}
	return nil
}

// QueueRuns has queued runs worked off.
func (q *TestRuns) QueueRuns(ctx context.Context) error {
	if _, err := q.docs.queue.Insert(ctx, testWorkArgs{}, nil); err != nil {
		return fmt.Errorf("queue run of tests: %w", err)
	}
	return nil
}

// Work is the asking of r's tests, for NewJobs: one run at a time, on all replicas.
func (q *TestRuns) Work(r TestRunner) Work {
	return Work{
		queue: testQueue,
		at:    river.QueueConfig{MaxWorkers: 1},
		conns: 3, // one holds the runs, two questions are asked side by side
		add: func(all *river.Workers) {
			river.AddWorker(all, &testDueWorker{tests: r})
			river.AddWorker(all, &testWorker{docs: q.docs, tests: r})
		},
		sweep: func(ctx context.Context) error { return q.sweep(ctx, r) },
	}
}

// sweep queues the work on runs that no job is left for.
func (q *TestRuns) sweep(ctx context.Context, r TestRunner) error {
	const sql = `SELECT EXISTS (SELECT FROM river_job WHERE kind = @kind AND state IN ('available', 'pending', 'retryable', 'scheduled', 'running'))`
	due, err := r.Unfinished(ctx)
	if err != nil || !due {
		return err
	}
	var queued bool
	if err := q.docs.pool.QueryRow(ctx, sql, pgx.NamedArgs{"kind": testWorkArgs{}.Kind()}).Scan(&queued); err != nil {
		return fmt.Errorf("look for queued runs of tests: %w", err)
	}
	if queued {
		return nil
	}
	return q.QueueRuns(ctx)
}

type testDueWorker struct {
	river.WorkerDefaults[testDueArgs]
	tests TestRunner
}

// Work begins the run; what changes from here on asks for another. While it has to wait,
// what changes shares it.
func (w *testDueWorker) Work(ctx context.Context, job *river.Job[testDueArgs]) error {
	again, err := w.tests.BeginScheduled(ctx, job.Args.Trigger)
	if err == nil && again > 0 {
		return river.JobSnooze(again)
	}
	return err
}

type testWorker struct {
	river.WorkerDefaults[testWorkArgs]
	docs  *Documents
	tests TestRunner
}

// Work works the runs off unless another replica does, which then takes these up too.
func (w *testWorker) Work(ctx context.Context, _ *river.Job[testWorkArgs]) error {
	held, err := w.docs.hold(ctx, "test runs")
	if err != nil {
		return err
	}
	if held == nil {
		return river.JobSnooze(busyTests)
	}
	defer held.release(ctx)
	slice, cancel := context.WithTimeout(ctx, testSlice)
	defer cancel()
	err = w.tests.Work(slice)
	if err != nil && (slice.Err() != nil || errors.Is(ctx.Err(), context.Canceled)) { // a turn's end, or stopping: go on from there
		return river.JobSnooze(0)
	}
	return err
}

// NextRetry waits 2 s, 4 s, 8 s … and at most 5 minutes after an attempt.
func (w *testWorker) NextRetry(job *river.Job[testWorkArgs]) time.Time {
	return time.Now().Add(min(time.Second<<min(job.Attempt, 10), 5*time.Minute))
}
