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

// Retention is the deleting of what is too old, wherever it lies, once for all replicas.
type Retention struct {
	// Due takes the work, within tx, when it is due, and says so; of many replicas that
	// ask at once one is told yes.
	Due func(ctx context.Context, tx pgx.Tx) (bool, error)
	// Do does it, committing piece by piece, until it is done or ctx ends.
	Do func(ctx context.Context) error
}

const (
	retentionQueue = "retention"
	// retentionSlice is how long it goes on at a time. It ends well before River would
	// take the job for lost.
	retentionSlice = jobWithin - 2*time.Minute
)

type retentionArgs struct{}

func (retentionArgs) Kind() string { return "retention" }

func (retentionArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: retentionQueue, MaxAttempts: attempts}
}

// RetentionWork is r, for NewJobs. It is looked for as often as abandoned documents are.
func (d *Documents) RetentionWork(r Retention) Work {
	return Work{
		queue: retentionQueue,
		at:    river.QueueConfig{MaxWorkers: 1},
		conns: 1,
		add:   func(all *river.Workers) { river.AddWorker(all, &retentionWorker{do: r.Do}) },
		sweep: func(ctx context.Context) error {
			err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
				due, err := r.Due(ctx, tx)
				if err != nil || !due {
					return err
				}
				_, err = d.queue.InsertTx(ctx, tx, retentionArgs{}, nil)
				return err
			})
			if err != nil {
				return fmt.Errorf("queue retention: %w", err)
			}
			return nil
		},
	}
}

type retentionWorker struct {
	river.WorkerDefaults[retentionArgs]
	do func(ctx context.Context) error
}

// Work deletes for a while; what is left then comes next.
func (w *retentionWorker) Work(ctx context.Context, _ *river.Job[retentionArgs]) error {
	slice, cancel := context.WithTimeout(ctx, retentionSlice)
	defer cancel()
	err := w.do(slice)
	if slice.Err() != nil {
		return river.JobSnooze(0)
	}
	return err
}

// NextRetry waits 2 s, 4 s, 8 s … and at most 5 minutes after an attempt.
func (w *retentionWorker) NextRetry(job *river.Job[retentionArgs]) time.Time {
	return time.Now().Add(min(time.Second<<min(job.Attempt, 10), 5*time.Minute))
}

// Retry has a job that failed, or waits to try again, tried now. known is false where
// there is no such job; one in any other state is left as it is.
func (j *Jobs) Retry(ctx context.Context, id int64) (known bool, err error) {
	job, err := j.client.JobGet(ctx, id)
	if err == nil {
		switch job.State {
		case rivertype.JobStateRetryable, rivertype.JobStateDiscarded, rivertype.JobStateCancelled:
			_, err = j.client.JobRetry(ctx, id)
		}
	}
	if errors.Is(err, rivertype.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("retry job %d: %w", id, err)
	}
	return true, nil
}
