package knowledgedb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5"
)

// fakeEmbedder adds up a vector by chance for each word of a text; the words of a pair
// that mean the same have the same.
type fakeEmbedder struct {
	model string
	dims  int
	fail  func(ctx context.Context) ([][]float32, error)

	mu   sync.Mutex // guards seen
	seen []string
}

func (e *fakeEmbedder) Model() string   { return e.model }
func (e *fakeEmbedder) Dimensions() int { return e.dims }

func (e *fakeEmbedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	if e.fail != nil {
		return e.fail(ctx)
	}
	e.mu.Lock()
	e.seen = append(e.seen, texts...)
	e.mu.Unlock()
	var out [][]float32
	for _, t := range texts {
		v := make([]float32, e.dims)
		for _, w := range strings.Fields(strings.ToLower(t)) {
			for _, same := range [][]string{{"refund", "moneyback"}, {"bicycle", "velocipede"}} {
				if w == same[1] {
					w = same[0]
				}
			}
			h := fnv.New64a()
			h.Write([]byte(w))
			x := h.Sum64()
			for i := range v {
				x = x*6364136223846793005 + 1442695040888963407
				v[i] += float32(int32(x>>33)) / math.MaxInt32
			}
		}
		out = append(out, v)
	}
	return out, nil
}

func TestDenseRankingFindsWhatSharesNoWord(t *testing.T) {
	e := &fakeEmbedder{model: "fake", dims: 64}
	s := newStore(t, e)
	if r := mustFind(t, s, knowledge.Query{Text: "moneyback"}); len(r.Hits) != 0 || len(e.seen) != 0 {
		t.Errorf("with nothing embedded Find() = %q after %d embeddings, want nothing and none", texts(r), len(e.seen))
	}
	put(t, s, newDocument(t, s, "FAQ"), knowledge.Passage{Text: "refund"}, knowledge.Passage{Text: "bicycle"}, knowledge.Passage{Text: "helmet"})
	r := mustFind(t, s, knowledge.Query{Text: "moneyback"})
	if len(r.Hits) != 3 || r.Hits[0].Text != "refund" || r.Hits[0].DenseRank != 1 || r.Hits[0].LexicalRank != 0 || math.Abs(r.Hits[0].DenseScore-1) > .01 {
		t.Fatalf("Find(synonym) = %+v, want refund first by its vector", r.Hits)
	}
	if r.Confidence < .9 {
		t.Errorf("confidence = %.2f, want it to follow the cosine of 1", r.Confidence)
	}
	both := mustFind(t, s, knowledge.Query{Text: "refund velocipede"})
	if both.Hits[0].Text != "refund" || both.Hits[0].LexicalRank != 1 || both.Hits[0].DenseRank == 0 {
		t.Errorf("Find(both) = %+v, want what both rankings list first", both.Hits)
	}
	if got := both.Hits[0].Score; math.Abs(got-1) > 1e-9 {
		t.Errorf("fused score = %v, want 1 for the first of both", got)
	}
}

func TestFailingEmbedderLeavesTheLexicalRankingAndALogLine(t *testing.T) {
	var log bytes.Buffer
	e := &fakeEmbedder{model: "fake", dims: 8}
	s := New(dbtest.New(t), e, slog.New(slog.NewTextHandler(&log, nil)))
	put(t, s, newDocument(t, s, "FAQ"), knowledge.Passage{Text: "refund"}, knowledge.Passage{Text: "bicycle"})
	s.patience = time.Millisecond
	for name, fail := range map[string]func(ctx context.Context) ([][]float32, error){
		"error":     func(context.Context) ([][]float32, error) { return nil, errors.New("refused") },
		"too slow":  func(ctx context.Context) ([][]float32, error) { <-ctx.Done(); return nil, ctx.Err() },
		"none":      func(context.Context) ([][]float32, error) { return nil, nil },
		"too short": func(context.Context) ([][]float32, error) { return [][]float32{{1}}, nil },
		"no number": func(context.Context) ([][]float32, error) {
			return [][]float32{{1, 2, 3, 4, 5, 6, 7, float32(math.NaN())}}, nil
		},
	} {
		log.Reset()
		e.fail = fail
		r := mustFind(t, s, knowledge.Query{Text: "secret refund"})
		if len(r.Hits) != 1 || r.Hits[0].Text != "refund" || r.Hits[0].DenseRank != 0 {
			t.Errorf("%s: Find() = %+v, want the lexical hit", name, r.Hits)
		}
		if !strings.Contains(log.String(), "dense ranking left out") || strings.Contains(log.String(), "secret") {
			t.Errorf("%s: log is %q, want one line without the customer's text", name, log.String())
		}
	}
}

func TestOnlyWhatChangedIsEmbeddedAgain(t *testing.T) {
	e := &fakeEmbedder{model: "fake", dims: 8}
	s := newStore(t, e)
	doc := newDocument(t, s, "FAQ")
	put(t, s, doc, entry("one", "first"), entry("two", "second"))
	e.seen = nil
	put(t, s, doc, entry("zero", "new"), entry("two", "second"), entry("one", "first, changed"))
	if got := fmt.Sprintf("%q", e.seen); got != `["zero\nnew" "one\nfirst, changed"]` {
		t.Errorf("embedded again: %s, want the new and the changed one", got)
	}
}

func TestVectorsOfUnchangedTextStayWithIt(t *testing.T) {
	e := &fakeEmbedder{model: "fake", dims: 8}
	s := newStore(t, e)
	doc := newDocument(t, s, "FAQ")
	put(t, s, doc, entry("one", "first"), entry("two", "second"), entry("two", "second"))
	e.seen = nil
	put(t, s, doc, entry("two", "second"), entry("three", "third"), entry("one", "first"))
	if len(e.seen) != 1 {
		t.Errorf("embedded again: %q, want the one new text", e.seen)
	}
	var vectors, passages int
	const sql = `SELECT (SELECT count(*) FROM embeddings), (SELECT count(*) FROM passages WHERE ordinal >= 0)`
	if err := s.pool.QueryRow(t.Context(), sql).Scan(&vectors, &passages); err != nil || vectors != 3 || passages != 3 {
		t.Errorf("%d vectors of %d passages, %v; want 3 of 3", vectors, passages, err)
	}
}

func TestModelsAreNeverCompared(t *testing.T) {
	pool := dbtest.New(t)
	quiet := slog.New(slog.DiscardHandler)
	old := New(pool, &fakeEmbedder{model: "old", dims: 8}, quiet)
	doc := newDocument(t, old, "FAQ")
	put(t, old, doc, knowledge.Passage{Text: "refund"}, knowledge.Passage{Text: "bicycle"})
	e := &fakeEmbedder{model: "new", dims: 16}
	current := New(pool, e, quiet)
	if r := mustFind(t, current, knowledge.Query{Text: "moneyback"}); len(r.Hits) != 0 {
		t.Errorf("before anything is embedded by it Find() = %q, want nothing", texts(r))
	}
	e.seen = nil
	for range 2 {
		if err := current.Embed(t.Context(), doc); err != nil || len(e.seen) != 2 {
			t.Errorf("Embed() = %v after %d texts, want both embedded once", err, len(e.seen))
		}
	}
	for name, s := range map[string]*Store{"old": old, "new": current} {
		if r := mustFind(t, s, knowledge.Query{Text: "moneyback"}); len(r.Hits) != 2 || r.Hits[0].Text != "refund" {
			t.Errorf("%s model: Find() = %q, want refund first", name, texts(r))
		}
	}
}

func TestManyVectorsGetAnIndexThatIsUsed(t *testing.T) {
	e := &fakeEmbedder{model: "fake", dims: 32}
	s := newStore(t, e)
	s.indexAbove = 400
	var ps []knowledge.Passage
	for i := range 500 {
		ps = append(ps, knowledge.Passage{Text: fmt.Sprintf("thing%d number%d", i, i%7)})
	}
	put(t, s, newDocument(t, s, "things"), append(ps, knowledge.Passage{Text: "refund"})...)
	if err := s.Maintain(t.Context()); err != nil {
		t.Fatalf("Maintain() again = %v, want no error", err)
	}
	var valid bool
	const index = `SELECT indisvalid FROM pg_index WHERE indexrelid = 'embeddings_hnsw_1'::regclass`
	if err := s.pool.QueryRow(t.Context(), index).Scan(&valid); err != nil || !valid {
		t.Fatalf("index is valid: %v, %v; want it built", valid, err)
	}
	if r := mustFind(t, s, knowledge.Query{Text: "moneyback"}); len(r.Hits) == 0 || r.Hits[0].Text != "refund" {
		t.Errorf("Find() by index = %q, want refund first", texts(r))
	}
	history := []knowledge.Said{{Text: "about my refund"}, {Text: "Which refund?", Ours: true}}
	for name, told := range map[string][]knowledge.Said{"a question": nil, "a dialogue": history} {
		q := lexical.ParseDialogue("moneyback", told)
		vec := s.queryVector(t.Context(), "moneyback", withDialogue("moneyback", told))
		sql, args := statement(q, vec, 0, 8)
		args["max_weight"] = s.params.Max()
		rows, err := s.pool.Query(t.Context(), "EXPLAIN "+sql, pgx.QueryExecModeCacheDescribe, args)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(strings.Join(plan, "\n"), "Index Scan using embeddings_hnsw_1") {
			t.Errorf("the plan for %s does not use the index:\n%s", name, strings.Join(plan, "\n"))
		}
	}
}

func TestSettingsOfTheDenseScanEndWithIt(t *testing.T) {
	s := newStore(t, nil)
	read := func() string {
		var now string
		if err := s.pool.QueryRow(t.Context(), `SELECT coalesce(current_setting('hnsw.ef_search', true), '')`).Scan(&now); err != nil {
			t.Fatal(err)
		}
		return now
	}
	read() // one connection, used again and again
	var within string
	err := s.queryPlanned(t.Context(), true, `SELECT current_setting('hnsw.ef_search') WHERE @yes`, pgx.NamedArgs{"yes": true},
		func(row pgx.CollectableRow) error { return row.Scan(&within) })
	if err != nil {
		t.Fatal(err)
	}
	if after := read(); within != "100" || after == within {
		t.Errorf("hnsw.ef_search is %q within and %q after, want 100 and the server's own", within, after)
	}
}
