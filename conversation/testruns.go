package conversation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// TestTrigger is why a run was begun.
type TestTrigger string

// The triggers.
const (
	TriggerManual    TestTrigger = "manual"
	TriggerKnowledge TestTrigger = "knowledge"
	TriggerSettings  TestTrigger = "settings"
)

// TestState is where a run stands.
type TestState string

// The states of a run.
const (
	RunQueued    TestState = "queued"
	RunRunning   TestState = "running"
	RunDone      TestState = "done"
	RunFailed    TestState = "failed"
	RunCancelled TestState = "cancelled"
)

// TestRun is one asking of all tests.
type TestRun struct {
	ID         string
	At         time.Time
	Trigger    TestTrigger
	State      TestState
	FinishedAt *time.Time
	Done       int // tests asked so far, of Cases
	TestFigures
	Thresholds Thresholds // it decided by; zero while nothing was decided
	Cost       int64      // of models asked, in millionths of a US dollar
	Error      string     // why State is failed, in words for an admin
}

// TestRuns keeps runs and their results.
type TestRuns interface {
	// AddRun queues a run, or returns the one that is queued already. ErrNoTests,
	// ErrNoKnowledge.
	AddRun(ctx context.Context, trigger TestTrigger) (TestRun, error)
	// NextRun begins the oldest run that is queued, or goes on with one that was cut
	// short; false when there is none.
	NextRun(ctx context.Context) (TestRun, bool, error)
	// TestCases returns up to limit tests in the order of their ids, those after one; with
	// a run only what it has not asked of what there was when it was queued.
	TestCases(ctx context.Context, run, after string, limit int) ([]TestCase, error)
	// KeepResults stores results and the thresholds that decided them; going is false
	// when the run was cancelled.
	KeepResults(ctx context.Context, r TestRun, results []TestResult) (going bool, err error)
	// RecordRun books calls that a run made and adds to its cost what they came to, both
	// or neither.
	RecordRun(ctx context.Context, run string, calls []Call) error
	// FinishRun ends a run that is running, and forgets the results of long past ones.
	FinishRun(ctx context.Context, r TestRun) error
	// CancelRun ends a run that is queued or running. ErrNoTest, ErrNotCurrent.
	CancelRun(ctx context.Context, id string) (TestRun, error)
	// Runs lists the newest first. Run returns ErrNoTest for an unknown id.
	Runs(ctx context.Context, limit int) ([]TestRun, error)
	Run(ctx context.Context, id string) (TestRun, error)
	// RunResults returns a run's results, those that failed first, with what the run
	// done before it made of the same tests.
	RunResults(ctx context.Context, id string) ([]TestResult, error)
	// NewestResults are those of the newest run that is done; ErrNoTest without one.
	NewestResults(ctx context.Context) (TestRun, []TestResult, error)
	// UnfinishedRuns is how many are queued or running.
	UnfinishedRuns(ctx context.Context) (int, error)
}

const (
	// testPage is how many tests are read at a time, testBatch how many are asked between
	// looks at whether the run goes on.
	testPage, testBatch = 500, 20
	// testsAtOnce is how many are asked at a time: customers' questions come first.
	testsAtOnce = 2
	// maxRuns is how many runs are listed.
	maxRuns = 100
)

// Start queues a run of all tests and has it worked off in the background. One that
// waits already is returned in its place. ErrNoTests, ErrNoKnowledge.
func (ts *Tests) Start(ctx context.Context, trigger TestTrigger) (TestRun, error) {
	r, err := ts.Store.AddRun(ctx, trigger)
	if err != nil || ts.Queue == nil {
		return r, err
	}
	if err := ts.Queue.QueueRuns(ctx); err != nil { // it is found by the next look at what is queued
		ts.Log.WarnContext(ctx, "run of tests waits for the sweep", "run", r.ID, "error", err)
	}
	return r, nil
}

// ScheduleRun has a run begun some time after a change of the knowledge or of settings;
// all changes until then share it. That it cannot be is logged: a change is no less made
// for it.
func (ts *Tests) ScheduleRun(ctx context.Context, trigger TestTrigger) {
	if ts.Queue == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := ts.Queue.ScheduleRun(ctx, string(trigger)); err != nil {
		ts.Log.WarnContext(ctx, "run of tests not scheduled", "trigger", trigger, "error", err)
	}
}

// BeginScheduled queues a run that was scheduled, for whoever works the queue, or says in
// how long it is to be asked again: runs that nobody asks for keep apart, and leave what
// is left of a day's budget to customers. Without tests or knowledge there is none.
func (ts *Tests) BeginScheduled(ctx context.Context, trigger string) (again time.Duration, err error) {
	if again, err = ts.pause(ctx); again > 0 || err != nil {
		return again, err
	}
	_, err = ts.Start(ctx, TestTrigger(trigger))
	if errors.Is(err, ErrNoTests) || errors.Is(err, ErrNoKnowledge) {
		return 0, nil
	}
	return 0, err
}

// runsApart is the least time between the beginnings of a run and the next that nobody
// asked for, and how often a budget is looked at that has no room for one.
const runsApart = 15 * time.Minute

// pause is how long no run is to begin by itself; 0: it may now.
func (ts *Tests) pause(ctx context.Context) (time.Duration, error) {
	now := ts.Now()
	last, err := ts.Store.Runs(ctx, 1)
	if err != nil {
		return 0, err
	}
	if len(last) > 0 {
		// Never longer than the interval, whatever the database's clock says.
		if wait := min(last[0].At.Add(runsApart).Sub(now), runsApart); wait > 0 {
			return wait, nil
		}
	}
	if ts.Budget == nil {
		return 0, nil
	}
	spent, limits, err := ts.Budget(ctx)
	if err != nil || spent.Level(limits) == SpendOK {
		return 0, err
	}
	return runsApart, nil
}

// Unfinished reports whether a run waits or was cut short.
func (ts *Tests) Unfinished(ctx context.Context) (bool, error) {
	n, err := ts.Store.UnfinishedRuns(ctx)
	return n > 0, err
}

// Work asks the tests of all runs that wait, one run after the other, until none does or
// ctx ends. Nobody else may be at it. What was asked when it is cut short stays asked.
func (ts *Tests) Work(ctx context.Context) error {
	for {
		r, ok, err := ts.Store.NextRun(ctx)
		if err != nil || !ok {
			return err
		}
		if err := ts.work(ctx, r); err != nil {
			return fmt.Errorf("run tests %s: %w", r.ID, err)
		}
	}
}

func (ts *Tests) work(ctx context.Context, r TestRun) error {
	for after := ""; ; {
		cases, err := ts.Store.TestCases(ctx, r.ID, after, testPage)
		if err != nil {
			return err
		}
		if len(cases) == 0 {
			break
		}
		after = cases[len(cases)-1].ID
		for some := range slices.Chunk(cases, testBatch) {
			results, by, err := ts.askAll(ctx, r.ID, some)
			if err != nil {
				if ctx.Err() != nil {
					return err
				}
				ts.Log.WarnContext(ctx, "run of tests failed", "run", r.ID, "error", err)
				r.State, r.Error = RunFailed, "A question could not be searched for. Try again."
				return ts.Store.FinishRun(ctx, r)
			}
			r.Thresholds = by
			going, err := ts.Store.KeepResults(ctx, r, results)
			if err != nil || !going {
				return err
			}
		}
	}
	results, err := ts.Store.RunResults(ctx, r.ID)
	if err != nil {
		return err
	}
	r.TestFigures, r.State = figures(results, ts.Score), RunDone
	return ts.Store.FinishRun(ctx, r)
}

// askAll asks some tests of a run, results in their order, and returns the thresholds that decided.
func (ts *Tests) askAll(ctx context.Context, run string, cases []TestCase) ([]TestResult, Thresholds, error) {
	out := make([]TestResult, len(cases))
	by := make([]Thresholds, len(cases))
	failed := make([]error, testsAtOnce)
	var wg sync.WaitGroup
	for w := range testsAtOnce {
		wg.Go(func() {
			for i := w; i < len(cases) && failed[w] == nil; i += testsAtOnce {
				out[i], by[i], failed[w] = ts.askTest(ctx, run, cases[i])
			}
		})
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		return nil, Thresholds{}, err
	}
	return out, by[len(by)-1], nil
}

// Evaluate asks all tests here and now and stores nothing. progress, when set, is told
// how many have been asked. ErrNoTests.
func (ts *Tests) Evaluate(ctx context.Context, progress func(done int)) (TestFigures, []TestResult, error) {
	var all []TestResult
	for after := ""; ; {
		cases, err := ts.Store.TestCases(ctx, "", after, testPage)
		if err != nil {
			return TestFigures{}, nil, err
		}
		if len(cases) == 0 {
			break
		}
		results, _, err := ts.askAll(ctx, "", cases)
		if err != nil {
			return TestFigures{}, nil, err
		}
		all, after = append(all, results...), cases[len(cases)-1].ID
		if progress != nil {
			progress(len(all))
		}
	}
	if len(all) == 0 {
		return TestFigures{}, nil, ErrNoTests
	}
	return figures(all, ts.Score), all, nil
}

// Runs lists the newest runs.
func (ts *Tests) Runs(ctx context.Context) ([]TestRun, error) { return ts.Store.Runs(ctx, maxRuns) }

// Run returns a run with its results, those that failed first. ErrNoTest.
func (ts *Tests) Run(ctx context.Context, id string) (TestRun, []TestResult, error) {
	r, err := ts.Store.Run(ctx, id)
	if err != nil {
		return r, nil, err
	}
	results, err := ts.Store.RunResults(ctx, id)
	return r, results, err
}

// Cancel ends a run that is not finished; what it asked stays to be seen. ErrNoTest,
// ErrNotCurrent.
func (ts *Tests) Cancel(ctx context.Context, id string) (TestRun, error) {
	return ts.Store.CancelRun(ctx, id)
}

// ThresholdEffect is what other thresholds would have made of the newest run.
type ThresholdEffect struct {
	Cases, Answered, Offered, Unknown int
	Right, Wrong                      int // by TestResult.Passed's rule
}

// Effect counts what the newest run that is done would have come to with other
// thresholds, by the confidences it has stored: nothing is searched. Where one is nil it
// is the run's own. ErrNoTest without a run.
func (ts *Tests) Effect(ctx context.Context, answer, offer *float64) (ThresholdEffect, error) {
	run, results, err := ts.Store.NewestResults(ctx)
	if err != nil {
		return ThresholdEffect{}, err
	}
	th := run.Thresholds
	if answer != nil {
		th.Answer = *answer
	}
	if offer != nil {
		th.Maybe = *offer
	}
	e := ThresholdEffect{Cases: len(results)}
	for _, r := range results {
		d := DecisionUnknown
		switch {
		case r.Verbatim, r.Confidence >= max(th.Answer, th.Maybe) && r.ranked():
			d = DecisionAnswer
			e.Answered++
		case r.Confidence >= th.Maybe && r.ranked():
			d = DecisionOffer
			e.Offered++
		default:
			e.Unknown++
		}
		if r.Answerable == (d != DecisionUnknown) && (!r.Answerable || r.Rank > 0 && r.Rank <= testPass) {
			e.Right++
		}
	}
	e.Wrong = e.Cases - e.Right
	return e, nil
}

// ranked reports whether anything was found at all: nothing has no confidence.
func (r TestResult) ranked() bool { return r.Confidence > 0 }
