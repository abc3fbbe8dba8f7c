package knowledgedb

import (
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5"
)

// benchDims is what vectors have here. 1,536, of which 300,000 would take 2 GB with
// their index, cost about six times the arithmetic; OPENAI_EMBEDDING_DIMENSIONS sets it.
const benchDims = 256

// wordVectors embeds a text as the sum of its words' vectors, which are mostly those of
// the word's topic: texts on one topic are near, as with a real model.
type wordVectors struct{}

func (wordVectors) Model() string   { return "words" }
func (wordVectors) Dimensions() int { return benchDims }

func (wordVectors) Embed(_ context.Context, texts []string) ([][]float32, error) {
	out := make([][]float32, len(texts))
	for i, text := range texts {
		v := make([]float32, benchDims)
		for _, w := range strings.Fields(text) {
			weight := float32(len(w)*len(w)*len(w)) / 343 // rare words are long here, and say the most
			scatter(v, w[min(2, len(w)-1):], 12, weight)  // the end of a word is its topic
			scatter(v, w, 4, weight)
		}
		norm := 0.
		for _, x := range v {
			norm += float64(x * x)
		}
		for j := range v {
			v[j] /= float32(math.Sqrt(norm) + 1e-9)
		}
		out[i] = v
	}
	return out, nil
}

// scatter adds weight to so many dimensions of v, or takes it off, as the word says.
func scatter(v []float32, word string, dims int, weight float32) {
	h := fnv.New64a()
	h.Write([]byte(word))
	x := h.Sum64()
	for range dims {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		v[x%benchDims] += weight * (float32(int(x>>32&1))*2 - 1)
	}
}

// BenchmarkFindHybrid is BenchmarkFind with vectors. It tells how long the vector index
// took to build and which share of the exact first eight, by both rankings without an
// index or a choice of words, the search finds.
func BenchmarkFindHybrid(b *testing.B) {
	for _, n := range benchSizes() {
		b.Run(fmt.Sprintf("%d_passages", n), func(b *testing.B) {
			ctx := context.Background()
			s := New(dbtest.New(b), nil, slog.New(slog.DiscardHandler))
			r := rand.New(rand.NewPCG(3, 9))
			texts := synthetic(r, n)
			start := time.Now()
			load(b, s, texts)
			loaded := time.Since(start)
			s.embedder = wordVectors{}
			start = time.Now()
			embedAll(b, s)
			embedded := time.Since(start)
			start = time.Now()
			if err := s.Maintain(ctx); err != nil {
				b.Fatal(err)
			}
			b.Logf("%d passages: loaded in %s, vectors in %s, index built in %s", n, loaded.Round(time.Second),
				embedded.Round(time.Second), time.Since(start).Round(100*time.Millisecond))
			if _, err := s.pool.Exec(ctx, `VACUUM ANALYZE`); err != nil {
				b.Fatal(err)
			}
			queries := make([]string, 200)
			for i := range queries {
				queries[i] = question(r, texts[r.IntN(n)])
			}
			for _, q := range queries { // warm caches are what a server has
				find(b, s, q)
			}
			timeFind(b, s, queries)
			b.ReportMetric(hybridRecall(b, s, queries[:100]), "recall@8")
		})
	}
}

// timeFind reports the median and the 99th percentile of searches.
func timeFind(b *testing.B, s *Store, queries []string) {
	var took []time.Duration
	i := 0
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		t := time.Now()
		find(b, s, queries[i%len(queries)])
		took = append(took, time.Since(t))
		i++
	}
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[min(len(took)-1, len(took)*99/100)].Microseconds())/1000, "p99-ms")
}

// embedAll gives all passages their vectors, without an index to keep up meanwhile.
func embedAll(b testing.TB, s *Store) {
	ctx := context.Background()
	above := s.indexAbove
	s.indexAbove = math.MaxInt32
	defer func() { s.indexAbove = above }()
	rows, err := s.pool.Query(ctx, `SELECT id::text FROM documents`)
	if err != nil {
		b.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		b.Fatal(err)
	}
	for _, id := range ids {
		if err := s.Embed(ctx, id); err != nil {
			b.Fatal(err)
		}
	}
}

// hybridRecall compares Find's first eight with those of the same fusion of exact rankings.
func hybridRecall(b testing.TB, s *Store, queries []string) float64 {
	ctx := context.Background()
	near := fmt.Sprintf("e::halfvec(%[1]d) <=> @vector::text::halfvec(%[1]d)", benchDims)
	got, want := 0, 0
	for _, q := range queries {
		ids := func(exact bool) (out []string) {
			parsed := lexical.Parse(q)
			sql, args := statement(parsed, s.queryVector(ctx, q, ""), 0, knowledge.DefaultLimit)
			if exact {
				args["rare"] = 1.
				plain := strings.Replace(sql, "ORDER BY d LIMIT", "ORDER BY ("+near+") + 0 LIMIT", 1) // no index has that
				if plain == sql {
					b.Fatal("the dense ranking is not where it was; its exact form cannot be made")
				}
				sql = plain
			}
			all, seen, err := s.read(ctx, true, sql, args)
			if err != nil {
				b.Fatal(err)
			}
			again(parsed, seen, all)
			for _, h := range fuse(all, 8) {
				out = append(out, h.ID)
			}
			return out
		}
		found := ids(false)
		for _, id := range ids(true) {
			want++
			if slices.Contains(found, id) {
				got++
			}
		}
	}
	return float64(got) / float64(want)
}
