package conversationdb

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

const (
	// runsKept is how many runs stay to be seen over time, resultsKept of how many of
	// them each test's result does: at most 600,000 rows.
	runsKept, resultsKept = 500, 30
)

const runColumns = `u.id::text, u.created_at, u.trigger, u.state, u.finished_at,
	CASE u.state WHEN 'done' THEN u.cases ELSE (SELECT count(*)::int FROM test_results r WHERE r.run_id = u.id) END,
	u.cases, u.passed, u.ndcg5, u.recall5, u.mrr10, u.auroc, u.answer_from, u.offer_from, u.cost_micros, u.error`

func scanRun(row pgx.CollectableRow) (r conversation.TestRun, err error) {
	err = row.Scan(&r.ID, &r.At, &r.Trigger, &r.State, &r.FinishedAt, &r.Done, &r.Cases, &r.Passed, &r.NDCG5, &r.Recall5, &r.MRR10, &r.AUROC,
		&r.Thresholds.Answer, &r.Thresholds.Maybe, &r.Cost, &r.Error)
	return r, err
}

func (s *Store) oneRun(ctx context.Context, verb, id, q string, args pgx.NamedArgs) (conversation.TestRun, error) {
	rows, err := s.pool.Query(ctx, q, args)
	if err != nil {
		return conversation.TestRun{}, failTest(verb+" run of", id, err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, scanRun)
	if err != nil {
		return r, failTest(verb+" run of", id, err)
	}
	return r, nil
}

// AddRun implements conversation.TestRuns.
func (s *Store) AddRun(ctx context.Context, trigger conversation.TestTrigger) (conversation.TestRun, error) {
	const (
		look   = `SELECT (SELECT count(*) FROM tests), EXISTS (SELECT FROM passages)`
		insert = `INSERT INTO test_runs AS u (id, trigger, cases) VALUES (gen_random_uuid(), @trigger, @cases)
			ON CONFLICT (state) WHERE state = 'queued' DO UPDATE SET cases = excluded.cases, created_at = clock_timestamp() RETURNING ` + runColumns
	)
	var tests int
	var passages bool
	if err := s.pool.QueryRow(ctx, look).Scan(&tests, &passages); err != nil {
		return conversation.TestRun{}, fmt.Errorf("count tests: %w", err)
	}
	switch {
	case tests == 0:
		return conversation.TestRun{}, conversation.ErrNoTests
	case !passages:
		return conversation.TestRun{}, conversation.ErrNoKnowledge
	}
	return s.oneRun(ctx, "queue", "", insert, pgx.NamedArgs{"trigger": trigger, "cases": tests})
}

// NextRun implements conversation.TestRuns.
func (s *Store) NextRun(ctx context.Context) (conversation.TestRun, bool, error) {
	const q = `UPDATE test_runs u SET state = 'running' WHERE u.id = (SELECT id FROM test_runs WHERE state IN ('running', 'queued')
		ORDER BY state = 'queued', created_at LIMIT 1 FOR UPDATE) AND u.state IN ('running', 'queued') RETURNING ` + runColumns
	r, err := s.oneRun(ctx, "begin", "", q, nil)
	if errors.Is(err, conversation.ErrNoTest) {
		return r, false, nil
	}
	return r, err == nil, err
}

// TestCases implements conversation.TestRuns.
func (s *Store) TestCases(ctx context.Context, run, after string, limit int) ([]conversation.TestCase, error) {
	const (
		q = `SELECT ` + testColumns + ` FROM tests t WHERE (@after::text = '' OR t.id > nullif(@after, '')::uuid)
			AND (@run::text = '' OR t.created_at <= (SELECT created_at FROM test_runs WHERE id = nullif(@run, '')::uuid)
				AND NOT EXISTS (SELECT FROM test_results r WHERE r.run_id = nullif(@run, '')::uuid AND r.test_id = t.id))
			ORDER BY t.id LIMIT @limit`
		now = `SELECT p.id::text, ` + passageRef + ` FROM passages p WHERE p.entry_id = ANY (@ids::text[]::uuid[])`
		all = ` UNION SELECT p.id::text, encode(sha256(convert_to(p.body, 'UTF8')), 'hex') FROM passages p WHERE encode(sha256(convert_to(p.body, 'UTF8')), 'hex') = ANY (@digests::text[])`
	)
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"run": run, "after": after, "limit": limit})
	if err != nil {
		return nil, failTest("read cases of run", run, err)
	}
	tests, err := pgx.CollectRows(rows, scanTest)
	if err != nil {
		return nil, failTest("read cases of run", run, err)
	}
	var named []string
	for _, t := range tests {
		named = append(named, t.Expect.Passages...)
	}
	ids, digests := byForm(named)
	resolve := now
	if len(digests) > 0 { // it reads every passage
		resolve += all
	}
	passages := map[string][]string{} // by what a test calls them
	if len(named) > 0 {
		if rows, err = s.pool.Query(ctx, resolve, pgx.NamedArgs{"ids": ids, "digests": digests}); err != nil {
			return nil, failTest("read passages of run", run, err)
		}
		var id, ref string
		if _, err := pgx.ForEachRow(rows, []any{&id, &ref}, func() error { passages[ref] = append(passages[ref], id); return nil }); err != nil {
			return nil, failTest("read passages of run", run, err)
		}
	}
	out := make([]conversation.TestCase, len(tests))
	for i, t := range tests {
		out[i] = conversation.TestCase{Test: t, Now: map[string]string{}}
		for _, ref := range t.Expect.Passages {
			for _, id := range passages[ref] {
				out[i].Now[id] = ref
			}
		}
	}
	return out, nil
}

// resultRow is a result as KeepResults' statement unpacks it.
type resultRow struct {
	Test       string                `json:"test_id"`
	Rank       int                   `json:"rank"`
	Passed     bool                  `json:"passed"`
	Answerable bool                  `json:"answerable"`
	Gone       bool                  `json:"gone"`
	Verbatim   bool                  `json:"verbatim"`
	Held       *bool                 `json:"held"`
	Confidence float64               `json:"confidence"`
	Decision   conversation.Decision `json:"decision"`
	NDCG5      float64               `json:"ndcg5"`
	Recall5    float64               `json:"recall5"`
	MRR10      float64               `json:"mrr10"`
}

// KeepResults implements conversation.TestRuns. A test that was deleted since it was asked
// has no result.
func (s *Store) KeepResults(ctx context.Context, r conversation.TestRun, results []conversation.TestResult) (bool, error) {
	const (
		going = `UPDATE test_runs SET answer_from = @answer, offer_from = @offer WHERE id = @run AND state = 'running'`
		keep  = `INSERT INTO test_results (run_id, test_id, rank, passed, answerable, gone, verbatim, held, confidence, decision, ndcg5, recall5, mrr10)
			SELECT @run, t.id, k.rank, k.passed, k.answerable, k.gone, k.verbatim, k.held, k.confidence, k.decision, k.ndcg5, k.recall5, k.mrr10
			FROM jsonb_to_recordset(@results) AS k(test_id uuid, rank int, passed boolean, answerable boolean, gone boolean, verbatim boolean,
				held boolean, confidence float8, decision text, ndcg5 float8, recall5 float8, mrr10 float8)
			JOIN tests t ON t.id = k.test_id ON CONFLICT DO NOTHING`
	)
	rows := make([]resultRow, len(results))
	for i, k := range results {
		rows[i] = resultRow{k.Test, k.Rank, k.Passed, k.Answerable, k.Gone, k.Verbatim, k.Held, k.Confidence, k.Decision, k.NDCG5, k.Recall5, k.MRR10}
	}
	goes := false
	err := s.inOrder(ctx, func(tx pgx.Tx) error { // tests go with the conversations they quote
		tag, err := tx.Exec(ctx, going, pgx.NamedArgs{"run": r.ID, "answer": r.Thresholds.Answer, "offer": r.Thresholds.Maybe})
		if goes = tag.RowsAffected() > 0; err != nil || !goes {
			return err
		}
		_, err = tx.Exec(ctx, keep, pgx.NamedArgs{"run": r.ID, "results": rows})
		return err
	})
	if err != nil {
		return false, failTest("keep results of run", r.ID, err)
	}
	return goes, nil
}

// RecordRun implements conversation.TestRuns. The cost of a run that was cancelled meanwhile
// counts, and of one that is gone is booked alone.
func (s *Store) RecordRun(ctx context.Context, run string, calls []conversation.Call) error {
	const q = `UPDATE test_runs SET cost_micros = cost_micros + @cost WHERE id = @run`
	cost := int64(0)
	for _, c := range calls {
		cost += c.Usage.CostMicros
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := record(ctx, tx, calls); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, q, pgx.NamedArgs{"run": run, "cost": cost})
		return err
	})
	if err != nil {
		return failTest("book calls of run", run, err)
	}
	return nil
}

// FinishRun implements conversation.TestRuns.
func (s *Store) FinishRun(ctx context.Context, r conversation.TestRun) error {
	const (
		finish = `UPDATE test_runs SET state = @state, finished_at = clock_timestamp(), cases = CASE WHEN @state = 'done' THEN @cases ELSE cases END,
			passed = @passed, ndcg5 = @ndcg5, recall5 = @recall5, mrr10 = @mrr10, auroc = @auroc, error = @error
			WHERE id = @id AND state = 'running'`
		results = `DELETE FROM test_results WHERE run_id IN (SELECT id FROM test_runs ORDER BY created_at DESC, id DESC OFFSET @results)`
		runs    = `DELETE FROM test_runs WHERE id IN (SELECT id FROM test_runs ORDER BY created_at DESC, id DESC OFFSET @runs)`
	)
	args := pgx.NamedArgs{"id": r.ID, "state": string(r.State), "cases": r.Cases, "passed": r.Passed, "ndcg5": r.NDCG5, "recall5": r.Recall5,
		"mrr10": r.MRR10, "auroc": r.AUROC, "error": r.Error, "results": resultsKept, "runs": runsKept}
	for _, q := range []string{finish, results, runs} {
		if _, err := s.pool.Exec(ctx, q, args); err != nil {
			return failTest("finish run", r.ID, err)
		}
	}
	return nil
}

// CancelRun implements conversation.TestRuns.
func (s *Store) CancelRun(ctx context.Context, id string) (conversation.TestRun, error) {
	const q = `UPDATE test_runs u SET state = 'cancelled', finished_at = clock_timestamp()
		WHERE u.id = @id::text::uuid AND u.state IN ('queued', 'running') RETURNING ` + runColumns
	r, err := s.oneRun(ctx, "cancel", id, q, pgx.NamedArgs{"id": id})
	if errors.Is(err, conversation.ErrNoTest) {
		if r, err = s.Run(ctx, id); err == nil && r.State != conversation.RunCancelled {
			err = conversation.ErrNotCurrent
		}
	}
	return r, err
}

// Runs implements conversation.TestRuns.
func (s *Store) Runs(ctx context.Context, limit int) ([]conversation.TestRun, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+runColumns+` FROM test_runs u ORDER BY u.created_at DESC, u.id DESC LIMIT @limit`, pgx.NamedArgs{"limit": limit})
	if err != nil {
		return nil, fmt.Errorf("list runs of tests: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanRun)
	if err != nil {
		return nil, fmt.Errorf("list runs of tests: %w", err)
	}
	return list, nil
}

// Run implements conversation.TestRuns.
func (s *Store) Run(ctx context.Context, id string) (conversation.TestRun, error) {
	return s.oneRun(ctx, "read", id, `SELECT `+runColumns+` FROM test_runs u WHERE u.id = @id::text::uuid`, pgx.NamedArgs{"id": id})
}

// RunResults implements conversation.TestRuns.
func (s *Store) RunResults(ctx context.Context, id string) ([]conversation.TestResult, error) {
	const q = `SELECT r.run_id::text, r.test_id::text, t.question, r.passed, r.answerable, r.gone, r.verbatim, r.held, r.confidence, r.decision,
			r.ndcg5, r.recall5, r.mrr10, r.rank, w.rank, w.passed, w.confidence, w.decision
		FROM test_results r JOIN tests t ON t.id = r.test_id
		LEFT JOIN test_results w ON w.test_id = r.test_id AND w.run_id = (SELECT b.id FROM test_runs b, test_runs u
			WHERE u.id = @id::text::uuid AND b.state = 'done' AND b.created_at < u.created_at ORDER BY b.created_at DESC LIMIT 1)
		WHERE r.run_id = @id::text::uuid ORDER BY r.passed, t.created_at DESC, t.id DESC`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"id": id})
	if err != nil {
		return nil, failTest("read results of run", id, err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (k conversation.TestResult, err error) {
		var rank *int
		var passed *bool
		var confidence *float64
		var decision *string
		err = row.Scan(&k.Run, &k.Test, &k.Question, &k.Passed, &k.Answerable, &k.Gone, &k.Verbatim, &k.Held, &k.Confidence, &k.Decision,
			&k.NDCG5, &k.Recall5, &k.MRR10, &k.Rank, &rank, &passed, &confidence, &decision)
		if err == nil && rank != nil {
			k.Was = &conversation.TestWas{Rank: *rank, Passed: *passed, Confidence: *confidence, Decision: conversation.Decision(*decision)}
		}
		return k, err
	})
	if err != nil {
		return nil, failTest("read results of run", id, err)
	}
	return list, nil
}

// NewestResults implements conversation.TestRuns.
func (s *Store) NewestResults(ctx context.Context) (conversation.TestRun, []conversation.TestResult, error) {
	const q = `SELECT ` + runColumns + ` FROM test_runs u WHERE u.state = 'done' ORDER BY u.created_at DESC, u.id DESC LIMIT 1`
	r, err := s.oneRun(ctx, "read newest", "", q, nil)
	if err != nil {
		return r, nil, err
	}
	results, err := s.RunResults(ctx, r.ID)
	return r, results, err
}

// UnfinishedRuns implements conversation.TestRuns.
func (s *Store) UnfinishedRuns(ctx context.Context) (int, error) {
	var n int
	if err := s.pool.QueryRow(ctx, `SELECT count(*) FROM test_runs WHERE state IN ('queued', 'running')`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count unfinished runs of tests: %w", err)
	}
	return n, nil
}
