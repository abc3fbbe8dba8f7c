package knowledgedb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

// judge is a reranker made of a function.
type judge func(ctx context.Context, query string, texts []string) ([]float64, error)

func (j judge) Rerank(ctx context.Context, query string, texts []string) ([]float64, error) {
	return j(ctx, query, texts)
}
func (judge) Name() string { return "judge" }

// parcels is a store with 30 passages about parcels.
func parcels(t *testing.T, log *strings.Builder) *Store {
	t.Helper()
	s := New(dbtest.New(t), nil, slog.New(slog.NewTextHandler(log, nil)))
	var ps []knowledge.Passage
	for i := range 30 {
		ps = append(ps, knowledge.Passage{Text: fmt.Sprintf("parcel number %03d%s", i, strings.Repeat(" filler", i))})
	}
	put(t, s, newDocument(t, s, "FAQ"), append(ps, entry("Where is my parcel?", "On its way."))...)
	return s
}

func TestRerankerDecidesTheOrderOfTheFirstHits(t *testing.T) {
	s := parcels(t, &strings.Builder{})
	plain := texts(mustFind(t, s, knowledge.Query{Text: "a parcel", Limit: 25}))
	s.UseReranker(judge(func(_ context.Context, query string, given []string) ([]float64, error) {
		if query != "a parcel" || len(given) != rerankDepth {
			t.Errorf("Rerank(%q, %d texts), want the question and %d", query, len(given), rerankDepth)
		}
		scores := make([]float64, len(given))
		for i := range scores {
			scores[i] = float64(i) - 7 // the last first
		}
		return scores, nil
	}))
	for _, limit := range []int{3, 25} {
		r := mustFind(t, s, knowledge.Query{Text: "a parcel", Limit: limit})
		want := slices.Clone(plain)
		slices.Reverse(want[:rerankDepth])
		if got := texts(r); !slices.Equal(got, want[:limit]) || r.Reranker != "judge" {
			t.Errorf("limit %d: found %q by %q, want the first %d turned round: %q", limit, got, r.Reranker, rerankDepth, want[:limit])
		}
		if h := r.Hits[0]; h.RerankRank != 1 || h.RerankScore != 12 || h.LexicalRank != rerankDepth {
			t.Errorf("first hit has rank %d, score %v, words %d; want 1, 12, %d", h.RerankRank, h.RerankScore, h.LexicalRank, rerankDepth)
		}
		if !slices.IsSortedFunc(r.Hits, func(a, b knowledge.Hit) int { return int(math.Copysign(1, b.Score-a.Score)) }) {
			t.Errorf("limit %d: Score does not fall with the order", limit)
		}
	}
	if r := mustFind(t, s, knowledge.Query{Text: "where is my parcel"}); r.Reranker != "" || !r.Hits[0].Exact {
		t.Errorf("an entry's own question was reranked by %q, want it left first", r.Reranker)
	}
	if done, failed := s.Reranks(); done != 2 || failed != 0 {
		t.Errorf("Reranks() = %d, %d, want 2 done", done, failed)
	}
}

func TestFusedOrderStandsWhenTheRerankerFails(t *testing.T) {
	var log strings.Builder
	s := parcels(t, &log)
	plain := texts(mustFind(t, s, knowledge.Query{Text: "a parcel"}))
	for name, j := range map[string]judge{
		"error":   func(context.Context, string, []string) ([]float64, error) { return nil, errors.New("out of order") },
		"too few": func(context.Context, string, []string) ([]float64, error) { return []float64{1}, nil },
		"no value": func(_ context.Context, _ string, t []string) ([]float64, error) {
			return append(make([]float64, len(t)-1), math.NaN()), nil
		},
		"slow": func(ctx context.Context, _ string, _ []string) ([]float64, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	} {
		s.UseReranker(j)
		s.reranking.patience = 10 * time.Millisecond
		log.Reset()
		_, before := s.Reranks()
		r := mustFind(t, s, knowledge.Query{Text: "a parcel"})
		_, after := s.Reranks()
		if !slices.Equal(texts(r), plain) || r.Reranker != "" || r.Hits[0].RerankRank != 0 || after != before+1 {
			t.Errorf("%s: found %q by %q with %d counted, want the fused order and 1", name, texts(r), r.Reranker, after-before)
		}
		if !strings.Contains(log.String(), "reranking left out") || strings.Contains(log.String(), "a parcel") {
			t.Errorf("%s: logged %q, want one line without the question", name, log.String())
		}
	}
}
