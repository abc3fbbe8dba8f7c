package knowledgedb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"frontdesk/knowledge"
)

const (
	// rerankDepth is how many of the first hits a reranker reads: some 8,000 tokens at
	// a passage's usual length, which a small model reads in a third of a second.
	rerankDepth = 20
	// rerankText bounds what it reads of one passage, in bytes; a model of 512 tokens
	// a pair cuts at about 2,000 by itself.
	rerankText = 4000
	// RerankPatience is what a customer's question waits for the reranker in all; the
	// order it would have changed is a good one already.
	RerankPatience = 800 * time.Millisecond
)

// reranking is the reranker, when there is one, and what became of its calls.
type reranking struct {
	by           knowledge.Reranker
	patience     time.Duration
	done, failed atomic.Int64
}

// UseReranker has the first hits of every search judged by r. It is called before the
// first search.
func (s *Store) UseReranker(r knowledge.Reranker) {
	s.reranking.by, s.reranking.patience = r, RerankPatience
}

// Reranks tells how many searches were reranked and how many went without because the
// reranker failed.
func (s *Store) Reranks() (done, failed int64) {
	return s.reranking.done.Load(), s.reranking.failed.Load()
}

// wanted is how many hits the ranking is to list for so many asked for: the confidence
// looks at the first ten, a reranker at more.
func (s *Store) wanted(limit int) int {
	if s.reranking.by != nil {
		return max(limit, rerankDepth)
	}
	return max(limit, 10)
}

// rerank puts the first hits in the order of the reranker and returns its name; empty,
// with the hits as they were, when there is none, it fails or is slow, or nothing is
// left to judge.
func (s *Store) rerank(ctx context.Context, query string, hits []knowledge.Hit) string {
	by := s.reranking.by
	if by == nil || len(hits) < 2 || hits[0].Exact {
		return ""
	}
	first := hits[:min(rerankDepth, len(hits))]
	texts := make([]string, len(first))
	for i, h := range first {
		texts[i] = clip(embedText(h.Passage), rerankText)
	}
	ctx, cancel := context.WithTimeout(ctx, s.reranking.patience)
	defer cancel()
	scores, err := by.Rerank(ctx, clip(query, rerankText), texts)
	if err == nil {
		err = checkScores(scores, len(first))
	}
	if err != nil {
		s.reranking.failed.Add(1)
		s.log.WarnContext(ctx, "reranking left out", "model", by.Name(), "error", err)
		return ""
	}
	s.reranking.done.Add(1)
	floor := 0.
	if len(hits) > len(first) {
		floor = hits[len(first)].Score // what was not judged stays below
	}
	for i := range first {
		first[i].RerankScore = scores[i]
	}
	slices.SortStableFunc(first, func(a, b knowledge.Hit) int { return cmp.Compare(b.RerankScore, a.RerankScore) })
	for i := range first {
		first[i].RerankRank, first[i].Score = i+1, floor+1/float64(i+1)
	}
	return by.Name()
}

func checkScores(scores []float64, n int) error {
	if len(scores) != n {
		return fmt.Errorf("reranker gave %d scores for %d texts", len(scores), n)
	}
	for _, x := range scores {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return errors.New("reranker gave a score that is no number")
		}
	}
	return nil
}
