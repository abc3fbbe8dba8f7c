package knowledgedb

import (
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"frontdesk/migrations/dbtest"
)

// BenchmarkDeleted times putting a document of 1,000 passages away and restoring it,
// among 10,000 others, and searching with as many put away as are there.
func BenchmarkDeleted(b *testing.B) {
	const n = 10_000
	s := New(dbtest.New(b), nil, slog.New(slog.DiscardHandler))
	d, err := s.Documents()
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 9))
	texts := synthetic(r, n)
	load(b, s, texts)
	queries := make([]string, 200)
	for i := range queries {
		queries[i] = question(r, texts[r.IntN(n)])
	}
	search := func(name string) {
		b.Run("find/"+name, func(b *testing.B) {
			for _, q := range queries[:20] { // warm caches are what a server has
				find(b, s, q)
			}
			timeFind(b, s, queries)
		})
	}
	search("before")
	load(b, s, synthetic(r, n))
	rows, err := s.pool.Query(b.Context(), `SELECT id::text FROM documents ORDER BY created_at DESC, id LIMIT 10`)
	if err != nil {
		b.Fatal(err)
	}
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			b.Fatal(err)
		}
		ids = append(ids, id)
	}
	var away, back time.Duration
	for _, id := range ids {
		began := time.Now()
		if err := d.PutAway(b.Context(), id); err != nil {
			b.Fatal(err)
		}
		away += time.Since(began)
	}
	began := time.Now()
	if _, err := d.RestoreDocument(b.Context(), ids[0]); err != nil {
		b.Fatal(err)
	}
	back = time.Since(began)
	if err := d.PutAway(b.Context(), ids[0]); err != nil {
		b.Fatal(err)
	}
	if _, err := s.pool.Exec(b.Context(), `VACUUM ANALYZE`); err != nil {
		b.Fatal(err)
	}
	b.Logf("1000 passages deleted in %s, restored in %s", (away / time.Duration(len(ids))).Round(time.Millisecond), back.Round(time.Millisecond))
	search("10000_put_away")
}
