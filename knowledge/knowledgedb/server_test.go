package knowledgedb_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/knowledge"
	"frontdesk/knowledge/extract"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

// patience bounds every wait of these tests; none takes a tenth of it.
const patience = time.Minute

// workerVariable makes this test binary a server that dies: see TestMain.
const workerVariable = "FRONTDESK_TEST_DYING_WORKER"

func TestMain(m *testing.M) {
	if url := os.Getenv(workerVariable); url != "" {
		dieWorking(url)
	}
	os.Exit(m.Run())
}

// dieWorking processes documents, says when one is read and then hangs, to be
// killed between reading and writing.
func dieWorking(url string) {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		panic(err)
	}
	docs, err := knowledgedb.New(pool, nil, slog.New(slog.DiscardHandler)).Documents()
	if err != nil {
		panic(err)
	}
	reader := textReader
	reader.Extract = func(ctx context.Context, name, mediaType string, data []byte) (knowledge.Text, error) {
		fmt.Println("reading")
		select {}
	}
	ingest := knowledge.NewIngest(docs, reader, slog.New(slog.DiscardHandler))
	jobs, err := knowledgedb.NewJobs(docs, ingest, slog.New(slog.DiscardHandler))
	if err != nil {
		panic(err)
	}
	if err := jobs.Start(ctx); err != nil {
		panic(err)
	}
	select {}
}

var textReader = knowledge.Reader{Detect: extract.Detect, Extract: extract.Extract, Count: tokens.For("").Count}

// server is one server's part of ingest on a database of its own.
type server struct {
	*knowledgedb.Documents
	*knowledge.Ingest
	pool *pgxpool.Pool
	url  string
	jobs *knowledgedb.Jobs
}

// newServer makes a server that does not work yet.
func newServer(t testing.TB, url string, embedder knowledge.Embedder, reader knowledge.Reader) *server {
	t.Helper()
	b := &server{pool: dbtest.Connect(t, url), url: url}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	var err error
	if b.Documents, err = knowledgedb.New(b.pool, embedder, log).Documents(); err != nil {
		t.Fatal(err)
	}
	b.Ingest = knowledge.NewIngest(b.Documents, reader, log)
	if b.jobs, err = knowledgedb.NewJobs(b.Documents, b.Ingest, log); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *server) start(t testing.TB) {
	t.Helper()
	if err := b.jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.stop(t) })
}

func (b *server) stop(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := b.jobs.Stop(ctx); err != nil {
		t.Errorf("Stop = %v", err)
	}
}

func (b *server) add(t testing.TB, name, text string) knowledge.Document {
	t.Helper()
	d, err := b.Add(t.Context(), knowledge.Upload{Name: name, Data: []byte(text)})
	if err != nil {
		t.Fatalf("Add(%q) = %v", name, err)
	}
	return d
}

// settled waits until a document is ready or failed.
func (b *server) settled(t testing.TB, id string) knowledge.Document {
	t.Helper()
	return b.until(t, id, func(d knowledge.Document) bool {
		return d.Status == knowledge.StatusReady || d.Status == knowledge.StatusFailed
	})
}

// until waits for a document in a certain state.
func (b *server) until(t testing.TB, id string, ok func(knowledge.Document) bool) knowledge.Document {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		d, err := b.Document(ctx, id)
		if err != nil {
			t.Fatalf("Document(%s) = %v", id, err)
		}
		if ok(d) {
			return d
		}
		select {
		case <-ctx.Done():
			t.Fatalf("document %+v did not get where it should in %v", d, patience)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (b *server) count(t testing.TB, sql string, args ...any) int {
	t.Helper()
	var n int
	if err := b.pool.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// fakeEmbedder embeds unless it is down.
type fakeEmbedder struct {
	down  atomic.Bool
	mu    sync.Mutex
	texts []string // guarded by mu
	tried chan struct{}
}

func newFakeEmbedder() *fakeEmbedder { return &fakeEmbedder{tried: make(chan struct{}, 1000)} }

func (e *fakeEmbedder) Embed(_ context.Context, texts []string) ([][]float32, error) {
	select {
	case e.tried <- struct{}{}:
	default:
	}
	if e.down.Load() {
		return nil, errors.New("connection refused")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([][]float32, len(texts))
	for i, s := range texts {
		e.texts = append(e.texts, s)
		out[i] = []float32{1, float32(len(s) % 7), 0}
	}
	return out, nil
}
func (e *fakeEmbedder) Model() string   { return "fake" }
func (e *fakeEmbedder) Dimensions() int { return 3 }

const guide = "# Care guide\n\n## How do I wash it?\n\nBy hand.\n\n## May I iron it?\n\nNo, never.\n"
