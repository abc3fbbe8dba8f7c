package conversationdb

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// triesAtMost is how often a change is begun that the database gives up for the sake
	// of another, and triesApart what it waits at most before it begins again.
	triesAtMost = 5
	triesApart  = 20 * time.Millisecond
)

// insisting does a change that may have been given up for another's sake again: one of
// those that wait for each other in a circle has to go first. The same where what a row
// refers to was erased or merged just then, which the next try sees. Do is a whole transaction,
// or a single statement, so that nothing of the try before is left. It is for what takes
// locks of both a contact and its conversations; their order is in docs/ARCHITECTURE.md.
func insisting(ctx context.Context, do func() error) error {
	for try := 1; ; try++ {
		err := do()
		if try == triesAtMost || !isCode(err, deadlock) && !isCode(err, serialization) && !isCode(err, foreignKeyViolation) {
			return err
		}
		wait := time.NewTimer(rand.N(triesApart))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return err
		}
	}
}

// inOrder does a change in a transaction, begun again as insisting says.
func (s *Store) inOrder(ctx context.Context, do func(pgx.Tx) error) error {
	return insisting(ctx, func() error { return pgx.BeginFunc(ctx, s.pool, do) })
}
