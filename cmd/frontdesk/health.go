package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"frontdesk/migrations"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// probeTimeout bounds what a probe may wait for the database.
	probeTimeout = 2 * time.Second
	// probeEvery is how long an answer is good for: probes from many sides cost
	// one look at the database.
	probeEvery = time.Second
	// turnStuck is how overdue a turn may be before this replica says that
	// something is wrong: far above any model's patience and all retries.
	turnStuck = 5 * time.Minute
)

// queues is how much work waits in the database.
type queues struct {
	pool *pgxpool.Pool

	mu   sync.Mutex // guards the rest, and lets one look at a time through
	at   time.Time
	last queueState
}

type queueState struct {
	Turns   int64   `json:"turns"`
	TurnAge float64 `json:"oldest_turn_seconds"` // how overdue; 0 when none is
	Jobs    int64   `json:"jobs"`
	JobAge  float64 `json:"oldest_job_seconds"`
}

// look returns the state of the queues, at most a second old.
func (q *queues) look(ctx context.Context) (queueState, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if time.Since(q.at) < probeEvery {
		return q.last, nil
	}
	const query = `SELECT
		(SELECT count(*) FROM conversations WHERE turn_due_at <= now()),
		(SELECT coalesce(extract(epoch FROM now() - min(turn_due_at)), 0)::float8 FROM conversations WHERE turn_due_at <= now()),
		(SELECT count(*) FROM river_job WHERE state = 'available' AND scheduled_at <= now()),
		(SELECT coalesce(extract(epoch FROM now() - min(scheduled_at)), 0)::float8 FROM river_job WHERE state = 'available' AND scheduled_at <= now())`
	var s queueState
	if err := q.pool.QueryRow(ctx, query).Scan(&s.Turns, &s.TurnAge, &s.Jobs, &s.JobAge); err != nil {
		return queueState{}, fmt.Errorf("look at the queues: %w", err)
	}
	q.at, q.last = time.Now(), s
	return s, nil
}

// check is one thing readiness depends on. Its words name no host, user or path.
type check struct {
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
}

type readyReport struct {
	Ready  bool             `json:"ready"`
	Checks map[string]check `json:"checks"`
	Queues *queueState      `json:"queues,omitempty"`
	// Channels is how those configured stand. One that cannot be reached leaves
	// the server ready for the others.
	Channels map[string]check `json:"channels,omitempty"`
}

// health serves /healthz and /readyz.
type health struct {
	stopping atomic.Bool // set when a stop begins
	pool     *pgxpool.Pool
	queues   *queues
	channels func() map[string]check // may be nil
}

// live says that the process runs and serves; it asks nothing else, so that a
// database outage does not make somebody restart every replica.
func (h *health) live(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Write([]byte("{\"ok\":true}\n")) // a caller who went away needs no answer
}

func (h *health) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), probeTimeout)
	defer cancel()
	report := h.report(ctx)
	code := http.StatusOK
	if !report.Ready {
		code = http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(report) // a caller who went away needs no answer
}

func (h *health) report(ctx context.Context) readyReport {
	rep := readyReport{Checks: map[string]check{}}
	if h.channels != nil {
		rep.Channels = h.channels()
	}
	if h.stopping.Load() {
		rep.Checks["server"] = check{Detail: "shutting down"}
		return rep
	}
	rep.Checks["server"] = check{OK: true}
	err := migrations.Check(ctx, h.pool)
	switch {
	case errors.Is(err, migrations.ErrPending):
		rep.Checks["database"], rep.Checks["migrations"] = check{OK: true}, check{Detail: "pending"}
		return rep
	case err != nil:
		rep.Checks["database"] = check{Detail: "does not answer"}
		return rep
	}
	rep.Checks["database"], rep.Checks["migrations"] = check{OK: true}, check{OK: true}
	q, err := h.queues.look(ctx)
	if err != nil {
		rep.Checks["queues"] = check{Detail: "cannot be read"}
		return rep
	}
	rep.Queues = &q
	if q.TurnAge > turnStuck.Seconds() {
		rep.Checks["queues"] = check{Detail: "turns are overdue and nobody takes them"}
		return rep
	}
	rep.Checks["queues"] = check{OK: true}
	rep.Ready = true
	return rep
}
