package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"frontdesk/cmd/internal/fakeai"
	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge"
	"frontdesk/knowledge/extract"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// bulkDimensions is the length of the vectors of these tests, far from any model's own.
	bulkDimensions = 8
	// bulkPatience bounds every wait; none takes a tenth of it.
	bulkPatience = time.Minute
)

// bulkServer is one server's part of taking documents in, with a model server that takes batches.
type bulkServer struct {
	*knowledge.Ingest
	docs  *knowledgedb.Documents
	pool  *pgxpool.Pool
	jobs  *knowledgedb.Jobs
	purse *conversation.Purse
}

// newBulkServer starts nothing yet. Batches are of 4 passages and more.
func newBulkServer(t *testing.T, url, base, batch string) *bulkServer {
	t.Helper()
	cfg := &Config{OpenAIBaseURL: base + "/v1", OpenAIModel: []string{"gpt-4o-mini"}, EmbeddingModel: "text-embedding-3-small",
		EmbeddingSize: bulkDimensions, OpenAITimeout: 10 * time.Second, Batch: batch}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	s := &bulkServer{pool: dbtest.Connect(t, url)}
	s.purse = newPurse(s.pool, log)
	embedder, err := newEmbedder(cfg, s.purse, log)
	if err != nil {
		t.Fatal(err)
	}
	store := knowledgedb.New(s.pool, embedder, log)
	o := knowledgedb.BulkOptions{Least: 4, Poll: 20 * time.Millisecond, Settle: time.Millisecond}
	if err := useBatches(cfg, store, s.purse, conversationdb.New(s.pool), o, log); err != nil {
		t.Fatal(err)
	}
	if s.docs, err = store.Documents(); err != nil {
		t.Fatal(err)
	}
	reader := knowledge.Reader{Detect: extract.Detect, Extract: extract.Extract, Count: tokens.For("").Count}
	s.Ingest = knowledge.NewIngest(s.docs, reader, log)
	if s.jobs, err = knowledgedb.NewJobs(s.docs, s.Ingest, log, s.docs.BulkWork()); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *bulkServer) start(t *testing.T) {
	t.Helper()
	if err := s.jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.stop(t) })
}

func (s *bulkServer) stop(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), bulkPatience)
	defer cancel()
	if err := s.jobs.Stop(ctx); err != nil {
		t.Errorf("Stop = %v", err)
	}
}

// addGuide adds a document of so many passages.
func (s *bulkServer) addGuide(t *testing.T, name string, passages int) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", name)
	for i := range passages {
		fmt.Fprintf(&b, "\n## What is %s %d?\n\nIt is thing number %d of %s.\n", name, i, i, name)
	}
	d, err := s.Add(t.Context(), knowledge.Upload{Name: name + ".md", Data: []byte(b.String())})
	if err != nil {
		t.Fatal(err)
	}
	return d.ID
}

// ready waits until a document is.
func (s *bulkServer) ready(t *testing.T, id string) knowledge.Document {
	t.Helper()
	var d knowledge.Document
	waitFor(t, "document ready", func() bool {
		var err error
		if d, err = s.docs.Document(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		return d.Status == knowledge.StatusReady
	})
	return d
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(bulkPatience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not in %v", what, bulkPatience)
		}
	}
}

func (s *bulkServer) number(t *testing.T, sql string) int {
	t.Helper()
	var n int
	if err := s.pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// underWay waits until the n-th batch is at the provider and its id is kept.
func (s *bulkServer) underWay(t *testing.T, n int) {
	t.Helper()
	waitFor(t, "batch under way", func() bool {
		return s.number(t, `SELECT count(*) FROM embedding_batches WHERE provider_id <> ''`) == n
	})
}

// wholly checks that each passage has its own text's vector, whichever way it came.
func (s *bulkServer) wholly(t *testing.T) {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), `SELECT p.heading, p.title, p.body, e.e::text FROM passages p LEFT JOIN embeddings e ON e.passage_id = p.id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var heading, title, body string
		var have *string
		if err := rows.Scan(&heading, &title, &body, &have); err != nil {
			t.Fatal(err)
		}
		text := body
		for _, above := range []string{title, heading} {
			if above != "" {
				text = above + "\n" + text
			}
		}
		var want string
		if err := s.pool.QueryRow(t.Context(), `SELECT $1::real[]::halfvec::text`, fakeai.Vector(text, bulkDimensions)).Scan(&want); err != nil {
			t.Fatal(err)
		}
		if have == nil || *have != want {
			t.Errorf("vector of %q = %v, want %s", text, have, want)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func newBulkAI(t *testing.T, fail func(string) string) (*fakeai.Server, string) {
	t.Helper()
	ai := fakeai.New(func(fakeai.Request) fakeai.Reply { return fakeai.Reply{} })
	ai.Embed(bulkDimensions)
	ai.TakeBatches(fail)
	srv := httptest.NewServer(ai)
	t.Cleanup(srv.Close)
	return ai, srv.URL
}

func TestManyPassagesGoByABatchAtHalfThePriceAndFewDirectly(t *testing.T) {
	t.Parallel()
	ai, base := newBulkAI(t, nil)
	s := newBulkServer(t, dbtest.URL(t), base, batchOn)
	s.start(t)
	few := s.addGuide(t, "urgent", 2)
	s.ready(t, few)
	if n := len(ai.Embedded()); n != 2 || len(ai.Batches()) != 0 {
		t.Fatalf("%d texts embedded directly and %d batches, want the 2 texts at once", n, len(ai.Batches()))
	}
	many := s.addGuide(t, "many", 40)
	s.underWay(t, 1)
	d, err := s.docs.Wait(t.Context(), many, nil)
	if err != nil || d.Status != knowledge.StatusEmbedding || !strings.Contains(d.Error, "batch") {
		t.Errorf("Wait = %+v, %v; want it not to wait for a batch", d, err)
	}
	if res, err := s.docs.Find(t.Context(), knowledge.Query{Text: "What is many 7?"}); err != nil || len(res.Hits) == 0 {
		t.Errorf("Find = %+v, %v; want the passage found by its words meanwhile", res, err)
	}
	asked := len(ai.Embedded())
	ai.EndBatches("completed", -1)
	if d := s.ready(t, many); d.Error != "" {
		t.Errorf("document = %+v, want no word on it", d)
	}
	s.wholly(t)
	if n := len(ai.Embedded()) - asked; n != 0 {
		t.Errorf("%d texts embedded directly as well, want none", n)
	}
	// 40 texts of 10 tokens at 0.02 dollars a million are 8 micros, and half of that is due.
	waitFor(t, "batch booked", func() bool {
		return s.number(t, `SELECT coalesce(sum(cost_micros), 0) FROM model_calls WHERE purpose = 'embed_batch' AND input_tokens = 400`) == 4
	})
	waitFor(t, "files deleted", func() bool { return len(ai.Deleted()) == 3 })
	if n := s.number(t, `SELECT count(*) FROM embedding_batches WHERE outcome = 'completed' AND embedded = 40 AND failed = 0 AND cost_micros = 4`); n != 1 {
		t.Errorf("%d batches completed with 40 vectors for 4 micros, want 1", n)
	}
}

func TestWhatABatchDoesNotBringIsEmbeddedDirectly(t *testing.T) {
	t.Parallel()
	some := func(text string) string {
		if strings.Contains(text, "number 3 ") {
			return "server_error"
		}
		return ""
	}
	for _, c := range []struct {
		status        string
		done, vectors int
		fail          func(string) string
		directly      int
	}{
		{status: "completed", done: -1, fail: some, vectors: 11, directly: 1},
		{status: "expired", done: 5, vectors: 5, directly: 7},
		{status: "cancelled", done: 0, vectors: 0, directly: 12},
		{status: "failed", done: 0, vectors: 0, directly: 12},
	} {
		t.Run(c.status, func(t *testing.T) {
			t.Parallel()
			ai, base := newBulkAI(t, c.fail)
			s := newBulkServer(t, dbtest.URL(t), base, batchOn)
			s.start(t)
			id := s.addGuide(t, "guide", 12)
			s.underWay(t, 1)
			ai.EndBatches(c.status, c.done)
			s.ready(t, id)
			s.wholly(t)
			if n := len(ai.Embedded()); n != c.directly {
				t.Errorf("%d texts embedded directly, want %d", n, c.directly)
			}
			if n := len(ai.Batches()); n != 1 {
				t.Errorf("%d batches, want what failed in one not to go by another", n)
			}
			if n := s.number(t, fmt.Sprintf(`SELECT embedded FROM embedding_batches WHERE outcome = '%s'`, c.status)); n != c.vectors {
				t.Errorf("the batch brought %d vectors, want %d", n, c.vectors)
			}
		})
	}
}

func TestAServerWithoutBatchesIsAskedDirectly(t *testing.T) {
	t.Parallel()
	ai := fakeai.New(func(fakeai.Request) fakeai.Reply { return fakeai.Reply{} })
	ai.Embed(bulkDimensions)
	srv := httptest.NewServer(ai)
	t.Cleanup(srv.Close)
	s := newBulkServer(t, dbtest.URL(t), srv.URL, batchOn)
	s.start(t)
	s.ready(t, s.addGuide(t, "guide", 12))
	s.ready(t, s.addGuide(t, "more", 12))
	s.wholly(t)
	if n := s.number(t, `SELECT count(*) FROM embedding_batches`); n != 1 {
		t.Errorf("%d batches tried, want no more after the first was refused", n)
	}
}

func TestBatchesAreLeftToOfficialServersUnlessAskedFor(t *testing.T) {
	t.Parallel()
	ai, base := newBulkAI(t, nil)
	s := newBulkServer(t, dbtest.URL(t), base, batchAuto)
	s.start(t)
	s.ready(t, s.addGuide(t, "guide", 12))
	if n := len(ai.Batches()); n != 0 {
		t.Errorf("%d batches, want none at a server that is not known to take them", n)
	}
}

func TestABatchWhoseAnswerWasLostIsNeitherLostNorSentTwice(t *testing.T) {
	t.Parallel()
	ai, base := newBulkAI(t, nil)
	ai.LoseAnswers(1)
	s := newBulkServer(t, dbtest.URL(t), base, batchOn)
	s.start(t)
	id := s.addGuide(t, "guide", 12)
	s.underWay(t, 1)
	ai.EndBatches("completed", -1)
	s.ready(t, id)
	s.wholly(t)
	if b := ai.Batches(); len(b) != 1 || len(ai.Embedded()) != 0 {
		t.Errorf("%d batches and %d texts directly, want one batch and none", len(b), len(ai.Embedded()))
	}
}

func TestAnotherServerBringsABatchToItsEnd(t *testing.T) {
	t.Parallel()
	ai, base := newBulkAI(t, nil)
	url := dbtest.URL(t)
	first, second := newBulkServer(t, url, base, batchOn), newBulkServer(t, url, base, batchOn)
	first.start(t)
	id := first.addGuide(t, "guide", 12)
	first.underWay(t, 1)
	first.stop(t)
	// Killed, it leaves its job as running: nobody but the sweep finds that.
	if _, err := first.pool.Exec(t.Context(), `DELETE FROM river_job WHERE kind = 'embed_batch'`); err != nil {
		t.Fatal(err)
	}
	ai.EndBatches("completed", -1)
	ai.CutDownloads(1)
	second.start(t)
	second.ready(t, id)
	second.wholly(t)
	if b := ai.Batches(); len(b) != 1 || len(ai.Embedded()) != 0 {
		t.Errorf("%d batches and %d texts directly, want one batch and none", len(b), len(ai.Embedded()))
	}
	if n := second.number(t, `SELECT count(*) FROM model_calls WHERE purpose = 'embed_batch'`); n != 1 {
		t.Errorf("the batch was booked %d times, want once", n)
	}
}

func TestTwoServersSendABatchOnce(t *testing.T) {
	t.Parallel()
	ai, base := newBulkAI(t, nil)
	url := dbtest.URL(t)
	one, other := newBulkServer(t, url, base, batchOn), newBulkServer(t, url, base, batchOn)
	one.start(t)
	other.start(t)
	id := one.addGuide(t, "guide", 12)
	one.underWay(t, 1)
	ai.EndBatches("completed", -1)
	other.ready(t, id)
	other.wholly(t)
	if b := ai.Batches(); len(b) != 1 || len(ai.Embedded()) != 0 {
		t.Errorf("%d batches and %d texts directly, want one batch and none", len(b), len(ai.Embedded()))
	}
	if n := one.number(t, `SELECT count(*) FROM model_calls WHERE purpose = 'embed_batch'`); n != 1 {
		t.Errorf("the batch was booked %d times, want once", n)
	}
}

func TestWhatANewModelHasToEmbedGoesByBatches(t *testing.T) {
	t.Parallel()
	ai, base := newBulkAI(t, nil)
	url := dbtest.URL(t)
	before, after := newBulkServer(t, url, base, batchOff), newBulkServer(t, url, base, batchOn)
	before.start(t)
	var ids []string
	for i := range 6 {
		ids = append(ids, before.addGuide(t, fmt.Sprintf("guide%d", i), 3))
	}
	for _, id := range ids {
		before.ready(t, id)
	}
	before.stop(t)
	if _, err := before.pool.Exec(t.Context(), `DELETE FROM embeddings; UPDATE embedding_models SET name = 'former'`); err != nil {
		t.Fatal(err)
	}
	asked := len(ai.Embedded())
	after.start(t)
	after.underWay(t, 1)
	ai.EndBatches("completed", -1)
	for _, id := range ids {
		after.ready(t, id)
	}
	after.wholly(t)
	if n := len(ai.Embedded()) - asked; n != 0 || len(ai.Batches()[0].Texts) != 18 {
		t.Errorf("%d texts embedded directly and %d by a batch, want all 18 by it", n, len(ai.Batches()[0].Texts))
	}
}

func TestAPassageThatChangedIsNotGivenTheOldTextsVector(t *testing.T) {
	t.Parallel()
	ai, base := newBulkAI(t, nil)
	s := newBulkServer(t, dbtest.URL(t), base, batchOn)
	s.start(t)
	id := s.addGuide(t, "guide", 12)
	s.underWay(t, 1)
	const edit = `UPDATE passages SET body = 'It is another thing.', digest = sha256(convert_to(concat_ws(E'\n', nullif(heading, ''), nullif(title, ''), 'It is another thing.'), 'UTF8'))
		WHERE ordinal = 5`
	if _, err := s.pool.Exec(t.Context(), edit); err != nil {
		t.Fatal(err)
	}
	ai.EndBatches("completed", -1)
	s.ready(t, id)
	s.wholly(t)
	if e := ai.Embedded(); len(e) != 1 || !strings.Contains(e[0], "another thing") {
		t.Errorf("embedded directly: %q, want the new text alone", e)
	}
}

func TestABatchThatNobodyWaitsForIsCancelled(t *testing.T) {
	t.Parallel()
	ai, base := newBulkAI(t, nil)
	s := newBulkServer(t, dbtest.URL(t), base, batchOn)
	s.start(t)
	id := s.addGuide(t, "guide", 12)
	s.underWay(t, 1)
	if err := s.docs.DeleteDocument(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "batch cancelled", func() bool { return ai.Batches()[0].Status == "cancelled" })
}

func TestBatchesAreGivenUpWhenTheyAreSwitchedOff(t *testing.T) {
	t.Parallel()
	ai, base := newBulkAI(t, nil)
	url := dbtest.URL(t)
	with, without := newBulkServer(t, url, base, batchOn), newBulkServer(t, url, base, batchOff)
	with.start(t)
	id := with.addGuide(t, "guide", 12)
	with.underWay(t, 1)
	with.stop(t)
	without.start(t)
	without.ready(t, id)
	without.wholly(t)
	if n := len(ai.Embedded()); n != 12 {
		t.Errorf("%d texts embedded directly, want 12", n)
	}
}
