package knowledgedb_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
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

// bench is one server's part of ingest on a database of its own.
type bench struct {
	*knowledgedb.Documents
	*knowledge.Ingest
	pool *pgxpool.Pool
	url  string
	jobs *knowledgedb.Jobs
}

// newBench makes a server that does not work yet.
func newBench(t testing.TB, url string, embedder knowledge.Embedder, reader knowledge.Reader) *bench {
	t.Helper()
	b := &bench{pool: dbtest.Connect(t, url), url: url}
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

func (b *bench) start(t testing.TB) {
	t.Helper()
	if err := b.jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.stop(t) })
}

func (b *bench) stop(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := b.jobs.Stop(ctx); err != nil {
		t.Errorf("Stop = %v", err)
	}
}

func (b *bench) add(t testing.TB, name, text string) knowledge.Document {
	t.Helper()
	d, err := b.Add(t.Context(), knowledge.Upload{Name: name, Data: []byte(text)})
	if err != nil {
		t.Fatalf("Add(%q) = %v", name, err)
	}
	return d
}

// settled waits until a document is ready or failed.
func (b *bench) settled(t testing.TB, id string) knowledge.Document {
	t.Helper()
	return b.until(t, id, func(d knowledge.Document) bool {
		return d.Status == knowledge.StatusReady || d.Status == knowledge.StatusFailed
	})
}

// until waits for a document in a certain state.
func (b *bench) until(t testing.TB, id string, ok func(knowledge.Document) bool) knowledge.Document {
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

func (b *bench) count(t testing.TB, sql string, args ...any) int {
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

func TestADocumentBecomesSearchable(t *testing.T) {
	b := newBench(t, dbtest.URL(t), nil, textReader)
	d := b.add(t, "docs/care.md", guide)
	if d.Status != knowledge.StatusQueued || d.Name != "care.md" || d.MediaType != extract.Markdown || d.Bytes != int64(len(guide)) {
		t.Errorf("Add = %+v, want a queued document", d)
	}
	b.start(t)
	var seen []knowledge.Status
	got, err := b.Wait(t.Context(), d.ID, func(d knowledge.Document) { seen = append(seen, d.Status) })
	if err != nil || got.Status != knowledge.StatusReady || got.Passages != 2 || got.Name != "Care guide" {
		t.Errorf("Wait = %+v, %v; want it ready with 2 passages, called by its title", got, err)
	}
	if len(seen) == 0 || seen[len(seen)-1] != knowledge.StatusReady {
		t.Errorf("progress told %v, want ready last", seen)
	}
	res, err := b.Find(t.Context(), knowledge.Query{Text: "may I iron this"})
	if err != nil || len(res.Hits) == 0 || res.Hits[0].Title != "May I iron it?" || res.Hits[0].Document != "Care guide" {
		t.Errorf("Find = %+v, %v; want the passage on ironing", res, err)
	}
}

func TestTheSameBytesAreOneDocument(t *testing.T) {
	b := newBench(t, dbtest.URL(t), nil, textReader)
	b.start(t)
	first := b.add(t, "a.md", guide)
	b.settled(t, first.ID)
	if again := b.add(t, "b.md", guide); again.ID != first.ID || again.Status != knowledge.StatusReady {
		t.Errorf("Add of the same bytes = %+v, want document %s, ready", again, first.ID)
	}
	if n := b.count(t, `SELECT count(*) FROM river_job`); n != 1 {
		t.Errorf("%d jobs for one document, want 1", n)
	}
	var group sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		group.Go(func() {
			d, err := b.Add(t.Context(), knowledge.Upload{Name: "c.md", Data: []byte(guide + "more")})
			if err != nil {
				t.Errorf("Add = %v", err)
			}
			ids[i] = d.ID
		})
	}
	group.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("the same bytes at once became %v, want one document", ids)
			break
		}
	}
}

func TestACorruptDocumentFailsInWordsAndIsNotTriedAgain(t *testing.T) {
	b := newBench(t, dbtest.URL(t), nil, textReader)
	b.start(t)
	d := b.settled(t, b.add(t, "faq.csv", "question,answer\nonly a question,\n").ID)
	if d.Status != knowledge.StatusFailed || !strings.HasPrefix(d.Error, "Corrupt: line 2: there is a question but no answer") || d.Passages != 0 {
		t.Errorf("document = %+v, want it failed, naming the line", d)
	}
	b.stop(t)
	if n := b.count(t, `SELECT count(*) FROM river_job WHERE state = 'cancelled' AND attempt = 1`); n != 1 {
		t.Errorf("%d jobs cancelled after one attempt, want 1", n)
	}
	// The same bytes again are tried again: the server may have learnt to read them.
	if again := b.add(t, "faq.csv", "question,answer\nonly a question,\n"); again.ID != d.ID || again.Status != knowledge.StatusQueued || again.Error != "" {
		t.Errorf("Add after failure = %+v, want the same document queued", again)
	}
}

func TestWhatIsNoDocumentIsRefusedAtOnce(t *testing.T) {
	b := newBench(t, dbtest.URL(t), nil, textReader)
	for data, want := range map[string]error{
		"":                          knowledge.ErrEmpty,
		"%PDF-1.7 \x00":             knowledge.ErrUnsupported,
		"\x89PNG\r\n\x1a\n\x00\x00": knowledge.ErrUnsupported,
		strings.Repeat("x", 21<<20): knowledge.ErrTooLarge,
	} {
		if d, err := b.Add(t.Context(), knowledge.Upload{Name: "x", Data: []byte(data)}); !errors.Is(err, want) {
			t.Errorf("Add(%.12q) = %+v, %v; want %v", data, d, err, want)
		}
	}
	if n := b.count(t, `SELECT (SELECT count(*) FROM documents) + (SELECT count(*) FROM river_job)`); n != 0 {
		t.Errorf("%d rows are left of what was refused", n)
	}
}

func TestAReaderThatPanicsFailsOnlyItsDocument(t *testing.T) {
	reader := textReader
	reader.Extract = func(ctx context.Context, name, mediaType string, data []byte) (knowledge.Text, error) {
		if name == "bad.txt" {
			panic("index out of range")
		}
		return extract.Extract(ctx, name, mediaType, data)
	}
	b := newBench(t, dbtest.URL(t), nil, reader)
	b.start(t)
	bad, good := b.add(t, "bad.txt", "x"), b.add(t, "good.txt", "y")
	if d := b.settled(t, bad.ID); d.Status != knowledge.StatusFailed || strings.Contains(d.Error, "index") {
		t.Errorf("document = %+v, want it failed without internal text", d)
	}
	if d := b.settled(t, good.ID); d.Status != knowledge.StatusReady {
		t.Errorf("the other document = %+v, want it ready", d)
	}
}

func TestDeleteLeavesNothing(t *testing.T) {
	b := newBench(t, dbtest.URL(t), newFakeEmbedder(), textReader)
	b.start(t)
	d := b.settled(t, b.add(t, "a.md", guide).ID)
	if err := b.DeleteDocument(t.Context(), d.ID); err != nil {
		t.Fatalf("DeleteDocument = %v", err)
	}
	const left = `SELECT (SELECT count(*) FROM documents) + (SELECT count(*) FROM passages) + (SELECT count(*) FROM lexemes)
		+ (SELECT count(*) FROM embeddings) + (SELECT count(*) FROM terms) + (SELECT passages FROM lexicon)`
	if n := b.count(t, left); n != 0 {
		t.Errorf("%d rows are left of a deleted document", n)
	}
	for _, id := range []string{d.ID, "no-uuid", "", "00000000-0000-0000-0000-000000000000"} {
		if err := b.DeleteDocument(t.Context(), id); !errors.Is(err, knowledge.ErrNotFound) {
			t.Errorf("DeleteDocument(%q) = %v, want ErrNotFound", id, err)
		}
		if _, err := b.Document(t.Context(), id); !errors.Is(err, knowledge.ErrNotFound) {
			t.Errorf("Document(%q) = %v, want ErrNotFound", id, err)
		}
	}
}

func TestADocumentDeletedWhileItIsReadStaysDeleted(t *testing.T) {
	reading, goOn := make(chan struct{}), make(chan struct{})
	reader := textReader
	reader.Extract = func(ctx context.Context, name, mediaType string, data []byte) (knowledge.Text, error) {
		close(reading)
		<-goOn
		return extract.Extract(ctx, name, mediaType, data)
	}
	b := newBench(t, dbtest.URL(t), nil, reader)
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
	b := newBench(t, dbtest.URL(t), e, textReader)
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
	first := newBench(t, url, nil, textReader)
	first.start(t)
	d := first.settled(t, first.add(t, "a.md", guide).ID)
	first.stop(t)
	e := newFakeEmbedder()
	second := newBench(t, url, e, textReader)
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
	first := newBench(t, url, nil, reader)
	first.start(t)
	d := first.add(t, "a.md", guide)
	<-reading
	first.stop(t)
	if n := first.count(t, `SELECT count(*) FROM river_job WHERE state = 'available'`); n != 1 {
		t.Errorf("%d jobs available after Stop, want the one handed back", n)
	}
	second := newBench(t, url, nil, textReader)
	second.start(t)
	if d = second.settled(t, d.ID); d.Status != knowledge.StatusReady {
		t.Errorf("document = %+v, want it ready", d)
	}
}

func TestADocumentOfAKilledServerIsDoneOnce(t *testing.T) {
	b := newBench(t, dbtest.URL(t), nil, textReader)
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
	b := newBench(t, dbtest.URL(t), nil, textReader)
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

func TestDocumentsAreListedNewestFirstByPages(t *testing.T) {
	b := newBench(t, dbtest.URL(t), nil, textReader)
	var want []string
	for i := range 7 {
		want = append([]string{b.add(t, "a.txt", fmt.Sprint("text ", i)).ID}, want...)
	}
	var got []string
	cursor := ""
	for {
		docs, next, err := b.Documents.Documents(t.Context(), cursor, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range docs {
			got = append(got, d.ID)
		}
		if cursor = next; next == "" {
			break
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("Documents = %v, want %v", got, want)
	}
	for _, bad := range []string{"x", "!!", "MjAyNi0wMS0wMVQwMDowMDowMFogeA"} { // the last: a time and "x"
		if docs, _, err := b.Documents.Documents(t.Context(), bad, 3); err != nil || len(docs) != 3 || docs[0].ID != want[0] {
			t.Errorf("Documents(%q) = %d documents, %v; want the first page", bad, len(docs), err)
		}
	}
}

func TestAnEntryIsADocument(t *testing.T) {
	b := newBench(t, dbtest.URL(t), nil, textReader)
	b.start(t)
	id, err := b.AddEntry(t.Context(), knowledge.Entry{Question: "Do you ship to A/B?", Alternatives: []string{"A/B delivery"}, Answer: "Yes.", Verbatim: true, Lang: "en"})
	if err != nil {
		t.Fatal(err)
	}
	if d := b.settled(t, id); d.Status != knowledge.StatusReady || d.Name != "Do you ship to A/B?" || d.Passages != 1 {
		t.Errorf("document = %+v, want one passage called by its question", d)
	}
	res, err := b.Find(t.Context(), knowledge.Query{Text: "a/b delivery"})
	if err != nil || len(res.Hits) == 0 || !res.Hits[0].Exact || !res.Hits[0].Verbatim || !res.Hits[0].IsEntry {
		t.Errorf("Find = %+v, %v; want the entry by its other wording", res, err)
	}
	for _, e := range []knowledge.Entry{{Question: "x"}, {Answer: "x"}, {Question: strings.Repeat("x", 3000), Answer: "y"}} {
		if _, err := b.AddEntry(t.Context(), e); err == nil {
			t.Errorf("AddEntry(%.20q, %q) = nil, want an error", e.Question, e.Answer)
		}
	}
}
