package dbtest

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// stuckWithin bounds how long a step may neither wait nor end.
const stuckWithin = 20 * time.Second

// During has step done while a transaction has done what hold says, waits until step waits
// for it or is done, and then goes on with then in that transaction. It returns what came
// of step and of the transaction. All statements are given args.
func During(t testing.TB, pool *pgxpool.Pool, hold string, step func() error, then []string, args ...any) (went, held error) {
	t.Helper()
	done := make(chan struct{})
	held = pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), hold, args...); err != nil {
			close(done)
			return err
		}
		go func() { defer close(done); went = step() }()
		UntilStuck(t, pool, done)
		for _, sql := range then {
			if _, err := tx.Exec(t.Context(), sql, args...); err != nil {
				return err
			}
		}
		return nil
	})
	<-done
	return went, held
}

// UntilStuck waits until something in pool's database waits for a lock, or done.
func UntilStuck(t testing.TB, pool *pgxpool.Pool, done <-chan struct{}) {
	t.Helper()
	const q = `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`
	for end := time.Now().Add(stuckWithin); ; {
		select {
		case <-done:
			return
		case <-time.After(2 * time.Millisecond): // between looks
		}
		var waits bool
		if err := pool.QueryRow(t.Context(), q).Scan(&waits); err != nil {
			t.Error(err)
			return
		}
		if waits {
			return
		}
		if time.Now().After(end) {
			t.Error("it neither waits nor ends")
			return
		}
	}
}
