package knowledgedb_test

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"frontdesk/knowledge"
	"frontdesk/knowledge/extract"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

func TestADocumentDeletedWhileItIsReadStaysDeleted(t *testing.T) {
	reading, goOn := make(chan struct{}), make(chan struct{})
	reader := textReader
	reader.Extract = func(ctx context.Context, name, mediaType string, data []byte) (knowledge.Text, error) {
		close(reading)
		<-goOn
		return extract.Extract(ctx, name, mediaType, data)
	}
	b := newServer(t, dbtest.URL(t), nil, reader)
	b.start(t)
	d := b.add(t, "a.md", guide)
	<-reading
	if err := b.DeleteDocument(t.Context(), d.ID); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	b.stop(t)
	if n := b.count(t, `SELECT (SELECT count(*) FROM documents) + (SELECT count(*) FROM passages)`); n != 0 {
		t.Errorf("%d rows came back", n)
	}
	if n := b.count(t, `SELECT count(*) FROM river_job WHERE state = 'completed'`); n != 1 {
		t.Errorf("%d jobs completed, want the one with nothing left to do", n)
	}
}

func TestWordsServeWhileTheEmbedderIsDown(t *testing.T) {
	e := newFakeEmbedder()
	e.down.Store(true)
	b := newServer(t, dbtest.URL(t), e, textReader)
	b.start(t)
	d := b.add(t, "a.md", guide)
	d = b.until(t, d.ID, func(d knowledge.Document) bool { return d.Error != "" })
	if d.Status != knowledge.StatusEmbedding || d.Passages != 2 {
		t.Errorf("document = %+v, want it embedding with its passages searchable", d)
	}
	if res, err := b.Find(t.Context(), knowledge.Query{Text: "wash it"}); err != nil || len(res.Hits) == 0 {
		t.Errorf("Find = %+v, %v; want the passage found by its words", res, err)
	}
	e.down.Store(false)
	if d = b.settled(t, d.ID); d.Status != knowledge.StatusReady || d.Error != "" {
		t.Errorf("document = %+v, want it ready", d)
	}
	if n := b.count(t, `SELECT count(*) FROM embeddings`); n != 2 {
		t.Errorf("%d vectors, want 2", n)
	}
}

func TestANewEmbedderFillsUpWhatIsThere(t *testing.T) {
	url := dbtest.URL(t)
	first := newServer(t, url, nil, textReader)
	first.start(t)
	d := first.settled(t, first.add(t, "a.md", guide).ID)
	first.stop(t)
	e := newFakeEmbedder()
	second := newServer(t, url, e, textReader)
	second.start(t)
	<-e.tried
	if d = second.settled(t, d.ID); d.Status != knowledge.StatusReady {
		t.Errorf("document = %+v, want it ready", d)
	}
	if n := second.count(t, `SELECT count(*) FROM embeddings`); n != 2 {
		t.Errorf("%d vectors, want 2", n)
	}
}

func TestStopHandsBackWhatIsRunning(t *testing.T) {
	url := dbtest.URL(t)
	reading := make(chan struct{})
	reader := textReader
	reader.Extract = func(ctx context.Context, _, _ string, _ []byte) (knowledge.Text, error) {
		close(reading)
		<-ctx.Done()
		return knowledge.Text{}, ctx.Err()
	}
	first := newServer(t, url, nil, reader)
	first.start(t)
	d := first.add(t, "a.md", guide)
	<-reading
	first.stop(t)
	if n := first.count(t, `SELECT count(*) FROM river_job WHERE state = 'available'`); n != 1 {
		t.Errorf("%d jobs available after Stop, want the one handed back", n)
	}
	second := newServer(t, url, nil, textReader)
	second.start(t)
	if d = second.settled(t, d.ID); d.Status != knowledge.StatusReady {
		t.Errorf("document = %+v, want it ready", d)
	}
}

func TestADocumentOfAKilledServerIsDoneOnce(t *testing.T) {
	b := newServer(t, dbtest.URL(t), nil, textReader)
	d := b.add(t, "a.md", guide)

	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.CommandContext(t.Context(), self)
	server.Env = append(os.Environ(), workerVariable+"="+b.url)
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "reading\n" {
		t.Fatalf("the server said %q, %v; want it reading", line, err)
	}
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	server.Wait() // the error is that it was killed
	if d, err := b.Document(t.Context(), d.ID); err != nil || d.Status != knowledge.StatusExtracting {
		t.Fatalf("the killed server left %+v, %v; want it extracting", d, err)
	}

	began := time.Now()
	b.start(t)
	d = b.settled(t, d.ID)
	t.Logf("ready %v after the next start", time.Since(began).Round(time.Millisecond))
	if d.Status != knowledge.StatusReady || d.Passages != 2 {
		t.Errorf("document = %+v, want it ready", d)
	}
	if n := b.count(t, `SELECT count(*) FROM passages`); n != 2 {
		t.Errorf("%d passages, want 2", n)
	}
}

func TestADocumentThatKillsServersIsGivenUp(t *testing.T) {
	b := newServer(t, dbtest.URL(t), nil, textReader)
	d := b.add(t, "a.md", guide)
	if _, err := b.pool.Exec(t.Context(), `UPDATE documents SET status = 'extracting'`); err != nil {
		t.Fatal(err)
	}
	const lost = `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now(), args = args || '{"deaths": 4}'`
	if _, err := b.pool.Exec(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	b.start(t)
	if d = b.settled(t, d.ID); d.Status != knowledge.StatusFailed || !strings.Contains(d.Error, "stopped 5 times") {
		t.Errorf("document = %+v, want it failed after 5 deaths", d)
	}
}

func TestADocumentInWorkIsLeftToItsServer(t *testing.T) {
	url := dbtest.URL(t)
	reading, goOn := make(chan struct{}), make(chan struct{})
	reader := textReader
	reader.Extract = func(ctx context.Context, name, mediaType string, data []byte) (knowledge.Text, error) {
		reading <- struct{}{} // a second reader would wait here for ever
		<-goOn
		return extract.Extract(ctx, name, mediaType, data)
	}
	first := newServer(t, url, nil, reader)
	first.start(t)
	d := first.add(t, "a.md", guide)
	<-reading
	second := newServer(t, url, nil, textReader)
	second.start(t) // looks for abandoned documents before it returns
	if n := second.count(t, `SELECT count(*) FROM river_job`); n != 1 {
		t.Errorf("%d jobs, want the one that is running", n)
	}
	close(goOn)
	if d = first.settled(t, d.ID); d.Status != knowledge.StatusReady {
		t.Errorf("document = %+v, want it ready", d)
	}
}

// failing is a processor that cannot store anything.
type failing struct{}

func (failing) Process(context.Context, string) error { return errors.New("disk full") }

func TestADocumentThatCannotBeStoredFailsInTheEnd(t *testing.T) {
	b := newServer(t, dbtest.URL(t), nil, textReader)
	d := b.add(t, "a.md", guide)
	if _, err := b.pool.Exec(t.Context(), `UPDATE river_job SET max_attempts = 1`); err != nil {
		t.Fatal(err)
	}
	var err error
	if b.jobs, err = knowledgedb.NewJobs(b.Documents, failing{}, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	b.start(t)
	if d = b.settled(t, d.ID); d.Status != knowledge.StatusFailed || strings.Contains(d.Error, "disk") || d.Error == "" {
		t.Errorf("document = %+v, want it failed without internal text", d)
	}
}

func TestJobsNeedEnoughConnections(t *testing.T) {
	config, err := pgxpool.ParseConfig(dbtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 3
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	docs, err := knowledgedb.New(pool, nil, slog.New(slog.DiscardHandler)).Documents()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := knowledgedb.NewJobs(docs, failing{}, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("NewJobs with 3 connections = nil, want an error: workers could wait for each other for ever")
	}
}
