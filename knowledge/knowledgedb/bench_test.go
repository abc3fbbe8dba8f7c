package knowledgedb

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5"
)

// BenchmarkFind searches collections whose words are as unevenly spread as a
// language's, each passage with a topic's words among them.
func BenchmarkFind(b *testing.B) {
	for _, n := range benchSizes() {
		b.Run(fmt.Sprintf("%d_passages", n), func(b *testing.B) {
			ctx := context.Background()
			s := New(dbtest.New(b), nil, slog.New(slog.DiscardHandler))
			r := rand.New(rand.NewPCG(3, 9))
			texts := synthetic(r, n)
			start := time.Now()
			load(b, s, texts)
			b.Logf("loaded %d passages in %s", n, time.Since(start).Round(time.Second))
			queries := make([]string, 200)
			for i := range queries {
				queries[i] = question(r, texts[r.IntN(n)])
			}
			for _, q := range queries[:20] { // warm caches are what a server has
				find(b, s, q)
			}
			timeFind(b, s, queries)
			dialogues := make([]time.Duration, len(queries))
			for i, q := range queries {
				t := time.Now()
				if _, err := s.Find(ctx, knowledge.Query{Text: q, History: dialogue(r, texts)}); err != nil {
					b.Fatal(err)
				}
				dialogues[i] = time.Since(t)
			}
			slices.Sort(dialogues)
			b.ReportMetric(float64(dialogues[len(dialogues)/2].Microseconds())/1000, "dialogue-p50-ms")
			b.ReportMetric(float64(dialogues[len(dialogues)*99/100].Microseconds())/1000, "dialogue-p99-ms")
			pasted := strings.Repeat(strings.Join(texts[:min(n, 300)], "\n"), 2)[:100<<10]
			long := time.Now()
			find(b, s, pasted)
			b.ReportMetric(float64(time.Since(long).Microseconds())/1000, "100KB-ms")
			b.ReportMetric(recall(b, s, queries[:100]), "recall@8")
			if os.Getenv("EXPLAIN") != "" {
				explain(b, ctx, s, queries[0])
			}
		})
	}
}

// benchSizes are how many passages are searched; the largest takes minutes to load and
// comes in with FRONTDESK_BENCH_LARGE=1.
func benchSizes() []int {
	if os.Getenv("FRONTDESK_BENCH_LARGE") != "" {
		return []int{10_000, 100_000, 300_000}
	}
	return []int{10_000, 100_000}
}

func find(b testing.TB, s *Store, q string) {
	r, err := s.Find(context.Background(), knowledge.Query{Text: q})
	if err != nil {
		b.Fatal(err)
	}
	if len(r.Hits) == 0 {
		b.Fatalf("Find(%q) found nothing", q)
	}
}

// load writes texts as documents of 1,000 passages.
func load(b testing.TB, s *Store, texts []string) {
	ctx := context.Background()
	for batch := range slices.Chunk(texts, 1000) {
		var id string
		if err := s.pool.QueryRow(ctx, `INSERT INTO documents (name) VALUES ('synthetic') RETURNING id::text`).Scan(&id); err != nil {
			b.Fatal(err)
		}
		var ps []knowledge.Passage
		for _, t := range batch {
			title, body, _ := strings.Cut(t, "\n")
			ps = append(ps, knowledge.Passage{Title: title, Text: body, Lang: "en"})
		}
		if err := s.Publish(ctx, id, "synthetic", ps); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := s.pool.Exec(ctx, `VACUUM ANALYZE`); err != nil {
		b.Fatal(err)
	}
}

const vocabulary = 80_000

// synthetic makes n texts of a title line and 30 to 130 words, a third of them of the
// text's topic.
func synthetic(r *rand.Rand, n int) []string {
	zipf := rand.NewZipf(r, 1.07, 8, vocabulary-1)
	texts := make([]string, n)
	for i := range texts {
		topic := 200 + r.IntN(3000)*25
		word := func() string {
			if r.Float64() < .3 {
				return pseudoWord(min(vocabulary-1, topic+r.IntN(60)))
			}
			return pseudoWord(int(zipf.Uint64()))
		}
		var b strings.Builder
		for range 4 + r.IntN(6) {
			b.WriteString(word() + " ")
		}
		b.WriteByte('\n')
		for range 30 + r.IntN(100) {
			b.WriteString(word() + " ")
		}
		texts[i] = b.String()
	}
	return texts
}

// question takes four to seven words of a text, and with them stop words.
func question(r *rand.Rand, text string) string {
	words := strings.Fields(text)
	q := "how do i"
	for range 4 + r.IntN(4) {
		q += " " + words[r.IntN(len(words))]
	}
	return q
}

// dialogue is as long a history as is looked at, its answers of a passage's length.
func dialogue(r *rand.Rand, texts []string) []knowledge.Said {
	var said []knowledge.Said
	for range lexical.MaxHistory / 2 {
		text := texts[r.IntN(len(texts))]
		said = append(said, knowledge.Said{Text: question(r, text)}, knowledge.Said{Text: text, Ours: true})
	}
	return said
}

// pseudoWord is the word of a rank: distinct, and like no language's.
func pseudoWord(rank int) string {
	const consonants, vowels = "bcdfghjklmnpqrstvwz", "aeiou"
	var b []byte
	for x := rank + 37; x > 0; {
		b = append(b, consonants[x%19])
		x /= 19
		b = append(b, vowels[x%5])
		x /= 5
	}
	return string(b) + "x"
}

// recall is the share of the exact ranking's first eight, by score, that Find's eight reach.
func recall(b testing.TB, s *Store, queries []string) float64 {
	got, want := 0, 0
	for _, q := range queries {
		scores := func(exact bool) (out []float64) {
			sql, args := findStatement(q)
			args["limit"] = 8
			if exact {
				args["rare"] = 1.
			}
			hits, _, err := s.read(context.Background(), false, sql, args)
			if err != nil {
				b.Fatal(err)
			}
			for _, h := range hits {
				out = append(out, h.LexicalScore)
			}
			slices.SortFunc(out, func(a, b float64) int { return cmp.Compare(b, a) })
			return out[:min(8, len(out))]
		}
		truth := scores(true)
		want += len(truth)
		for _, x := range scores(false) {
			if x >= truth[len(truth)-1]-1e-6 {
				got++
			}
		}
	}
	return float64(got) / float64(want)
}

func explain(b testing.TB, ctx context.Context, s *Store, q string) {
	sql, args := findStatement(q)
	rows, err := s.pool.Query(ctx, "EXPLAIN (ANALYZE, BUFFERS, COSTS) "+sql, pgx.QueryExecModeCacheDescribe, args)
	if err != nil {
		b.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		b.Fatal(err)
	}
	b.Log(strings.Join(lines, "\n"))
}

func findStatement(q string) (string, pgx.NamedArgs) {
	parsed := lexical.Parse(q)
	return statement(parsed, nil, 0, 8)
}
