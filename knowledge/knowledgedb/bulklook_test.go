package knowledgedb_test

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"frontdesk/knowledge"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/migrations/dbtest"
)

// slowBulk takes batches and never ends one.
type slowBulk struct{}

func (slowBulk) Submit(context.Context, string, iter.Seq2[knowledge.BulkText, error]) (string, error) {
	return "b", nil
}
func (slowBulk) Find(context.Context, string) (string, error) { return "", nil }
func (slowBulk) State(context.Context, string) (knowledge.BulkState, string, error) {
	return "", "", nil
}
func (slowBulk) Collect(context.Context, string, func(string, []float32) error) (knowledge.BulkReport, error) {
	return knowledge.BulkReport{}, nil
}
func (slowBulk) Discard(context.Context, string) error { return nil }

// waiting makes documents of so many passages each that wait for their vectors.
func waiting(t testing.TB, pool *pgxpool.Pool, docs *knowledgedb.Documents, passages ...int) []string {
	t.Helper()
	ids := make([]string, len(passages))
	for i, n := range passages {
		ids[i] = knowledge.NewID()
		if _, err := pool.Exec(t.Context(), `INSERT INTO documents (id, name) VALUES ($1::uuid, $1::text)`, ids[i]); err != nil {
			t.Fatal(err)
		}
		ps := make([]knowledge.Passage, n)
		for k := range ps {
			ps[k].Text = fmt.Sprintf("Thing %d of %s.", k, ids[i])
		}
		if err := docs.Publish(t.Context(), ids[i], ids[i], ps); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pool.Exec(t.Context(), `UPDATE documents SET status = 'embedding' WHERE id = ANY ($1)`, ids); err != nil {
		t.Fatal(err)
	}
	return ids
}

func newBatched(t testing.TB, least int) (*pgxpool.Pool, *knowledgedb.Documents) {
	t.Helper()
	pool := dbtest.Connect(t, dbtest.URL(t))
	store := knowledgedb.New(pool, newFakeEmbedder(), slog.New(slog.DiscardHandler))
	store.UseBulk(slowBulk{}, knowledgedb.BulkOptions{Least: least})
	docs, err := store.Documents()
	if err != nil {
		t.Fatal(err)
	}
	return pool, docs
}

func TestOnlyWhatMayFillABatchLooksAtAllThatWaits(t *testing.T) {
	pool, docs := newBatched(t, 4)
	count := func(sql string) (n int) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	// As while another puts a batch together: who looks too waits for that, the others do not.
	meanwhile := func(do func()) {
		t.Helper()
		err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), `SELECT pg_advisory_xact_lock($1, hashtext(current_schema))`, 0x62617463)
			do()
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	embed := func(id string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience/2)
		defer cancel()
		if err := docs.Embed(ctx, id); err != nil {
			t.Fatalf("Embed = %v", err)
		}
	}
	claimed := waiting(t, pool, docs, 3, 3)
	embed(claimed[0])
	if n := count(`SELECT count(*) FROM embedding_claims`); n != 6 {
		t.Fatalf("%d passages are claimed, want all six of both documents", n)
	}
	meanwhile(func() {
		for _, id := range claimed { // nothing of theirs is left to claim
			embed(id)
		}
	})
	small := waiting(t, pool, docs, 1)
	embed(small[0]) // looks, and finds three too few
	meanwhile(func() {
		for _, id := range waiting(t, pool, docs, 1, 1) {
			embed(id)
		}
	})
	if n := count(`SELECT count(*) FROM embeddings`); n != 3 {
		t.Errorf("%d vectors, want the small documents' made directly", n)
	}
	more := waiting(t, pool, docs, 2, 2)
	embed(more[0])
	if n := count(`SELECT count(*) FROM embedding_claims`); n != 10 {
		t.Errorf("%d passages are claimed, want the four more of another batch too", n)
	}
}

// BenchmarkEmbedManySmallDocuments has documents of one passage each that wait for a batch
// looked at once each, as their jobs do.
func BenchmarkEmbedManySmallDocuments(b *testing.B) {
	const n = 5000
	pool, docs := newBatched(b, 2000)
	var ids []string
	if _, err := pool.Exec(b.Context(), `INSERT INTO documents (id, name, status) SELECT gen_random_uuid(), 'd' || i, 'embedding' FROM generate_series(1, $1) i`, n); err != nil {
		b.Fatal(err)
	}
	if _, err := pool.Exec(b.Context(), `INSERT INTO passages (document_id, ordinal, body, digest) SELECT id, 0, name, sha256(name::bytea) FROM documents`); err != nil {
		b.Fatal(err)
	}
	rows, err := pool.Query(b.Context(), `SELECT id::text FROM documents`)
	if err == nil {
		ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		began := time.Now()
		for _, id := range ids {
			if err := docs.Embed(b.Context(), id); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms/5000")
	}
}
