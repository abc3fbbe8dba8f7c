package knowledgedb_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"frontdesk/knowledge"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/migrations/dbtest"
)

// examiner counts what it is asked for.
type examiner struct {
	mu      sync.Mutex // guards all below
	begun   []string
	apart   time.Duration // how long a run is put off
	putOff  int
	waiting int // runs
	atOnce  int
	most    int
	worked  chan struct{}
	hold    chan struct{} // when set, a run goes on when it can read from it
}

func (e *examiner) BeginScheduled(_ context.Context, trigger string) (time.Duration, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.apart > 0 {
		e.putOff++
		return e.apart, nil
	}
	e.begun = append(e.begun, trigger)
	return 0, nil
}

func (e *examiner) Work(ctx context.Context) error {
	e.mu.Lock()
	e.waiting = 0
	e.atOnce++
	e.most = max(e.most, e.atOnce)
	e.mu.Unlock()
	if e.hold != nil {
		select {
		case <-e.hold:
		case <-ctx.Done():
		}
	}
	e.mu.Lock()
	e.atOnce--
	e.mu.Unlock()
	e.worked <- struct{}{}
	return ctx.Err()
}

func (e *examiner) Unfinished(context.Context) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.waiting > 0, nil
}

// examined is a server that asks tests.
func examined(t *testing.T, url string, e *examiner) (*server, *knowledgedb.TestRuns) {
	t.Helper()
	b := &server{pool: dbtest.Connect(t, url), url: url}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	store := knowledgedb.New(b.pool, nil, log)
	var err error
	if b.Documents, err = store.Documents(); err != nil {
		t.Fatal(err)
	}
	runs := b.TestRuns()
	b.Ingest = knowledge.NewIngest(b.Documents, textReader, log)
	if b.jobs, err = knowledgedb.NewJobs(b.Documents, b.Ingest, log, runs.Work(e)); err != nil {
		t.Fatal(err)
	}
	return b, runs
}

func TestChangesInAShortWhileShareOneRun(t *testing.T) {
	e := &examiner{worked: make(chan struct{}, 10)}
	b, runs := examined(t, dbtest.URL(t), e)
	for range 5 {
		if err := runs.ScheduleRun(t.Context(), "knowledge"); err != nil {
			t.Fatal(err)
		}
	}
	if err := runs.ScheduleRun(t.Context(), "settings"); err != nil {
		t.Fatal(err)
	}
	if n := b.count(t, `SELECT count(*) FROM river_job WHERE kind = 'tests_due' AND scheduled_at > now() + interval '20 seconds'`); n != 2 {
		t.Errorf("%d runs are due in a while, want one for each cause", n)
	}
	// A change while the run of the one before is just being begun asks for another.
	if _, err := b.pool.Exec(t.Context(), `UPDATE river_job SET state = 'running' WHERE args ->> 'trigger' = 'knowledge'`); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := runs.ScheduleRun(t.Context(), "knowledge"); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.count(t, `SELECT count(*) FROM river_job WHERE kind = 'tests_due' AND state = 'scheduled'`); n != 2 {
		t.Errorf("%d runs are due, want the settings' and the next one of the knowledge", n)
	}
	if _, err := b.pool.Exec(t.Context(), `UPDATE river_job SET state = 'available', scheduled_at = now() WHERE kind = 'tests_due' AND state = 'scheduled'`); err != nil {
		t.Fatal(err)
	}
	b.start(t)
	b.eventually(t, func() bool { e.mu.Lock(); defer e.mu.Unlock(); return len(e.begun) == 2 })
	if e.mu.Lock(); !slices.Contains(e.begun, "knowledge") || !slices.Contains(e.begun, "settings") {
		t.Errorf("begun for %v, want one for each cause", e.begun)
	}
	e.mu.Unlock()
}

func TestARunThatIsPutOffSharesWhatChangesMeanwhile(t *testing.T) {
	e := &examiner{worked: make(chan struct{}, 10), apart: time.Hour}
	b, runs := examined(t, dbtest.URL(t), e)
	if err := runs.ScheduleRun(t.Context(), "knowledge"); err != nil {
		t.Fatal(err)
	}
	const now = `UPDATE river_job SET state = 'available', scheduled_at = now() WHERE kind = 'tests_due' AND state = 'scheduled'`
	if _, err := b.pool.Exec(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	b.start(t)
	const waits = `SELECT count(*) FROM river_job WHERE kind = 'tests_due' AND state = 'scheduled' AND scheduled_at > now() + interval '50 minutes'`
	b.eventually(t, func() bool { return b.count(t, waits) == 1 })
	for range 3 {
		if err := runs.ScheduleRun(t.Context(), "knowledge"); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.count(t, `SELECT count(*) FROM river_job WHERE kind = 'tests_due'`); n != 1 {
		t.Errorf("%d runs wait, want the one that was put off", n)
	}
	e.mu.Lock()
	e.apart = 0
	e.mu.Unlock()
	if _, err := b.pool.Exec(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	b.eventually(t, func() bool { e.mu.Lock(); defer e.mu.Unlock(); return len(e.begun) == 1 && e.putOff == 1 })
}

// eventually polls until ok, as far as patience goes.
func (b *server) eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never came to that")
		}
	}
}

func TestRunsOfTestsGoOneAfterTheOtherOnAllReplicas(t *testing.T) {
	url := dbtest.URL(t)
	e := &examiner{worked: make(chan struct{}, 10), hold: make(chan struct{})}
	one, runs := examined(t, url, e)
	two, _ := examined(t, url, e)
	for range 3 {
		if err := runs.QueueRuns(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	one.start(t)
	two.start(t)
	// One of the two is at it: the other finds that and puts its job off.
	one.eventually(t, func() bool {
		return one.count(t, `SELECT count(*) FROM river_job WHERE kind = 'tests' AND state IN ('scheduled', 'running')`) >= 2 &&
			one.count(t, `SELECT count(*) FROM river_job WHERE kind = 'tests' AND state = 'scheduled'`) >= 1
	})
	e.hold <- struct{}{}
	<-e.worked
	e.mu.Lock()
	if e.most != 1 {
		t.Errorf("%d were asked at once, want 1", e.most)
	}
	e.mu.Unlock()
	close(e.hold)
}

func TestARunThatNoJobIsLeftForIsTakenUpAtTheStart(t *testing.T) {
	e := &examiner{worked: make(chan struct{}, 10), waiting: 1}
	b, _ := examined(t, dbtest.URL(t), e)
	b.start(t)
	select {
	case <-e.worked:
	case <-time.After(patience):
		t.Error("nobody worked on a run that was left, want it taken up")
	}
}

func TestWhoeverWantsToKnowHearsOfWhatCanBeFound(t *testing.T) {
	b := newServer(t, dbtest.URL(t), nil, textReader)
	heard := make(chan struct{}, 10)
	b.OnChange(func(context.Context) { heard <- struct{}{} })
	b.start(t)
	wait := func(of string) {
		t.Helper()
		select {
		case <-heard:
		case <-time.After(patience):
			t.Errorf("nobody heard of %s", of)
		}
	}
	d := b.settled(t, b.add(t, "a.md", guide).ID)
	wait("a document that went live")
	if err := b.DeleteDocument(t.Context(), d.ID); err != nil {
		t.Fatal(err)
	}
	wait("one that was deleted")
	if err := b.DeleteDocument(t.Context(), d.ID); err == nil || len(heard) != 0 {
		t.Errorf("DeleteDocument of none = %v and was told, want an error and silence", err)
	}
}
