package eval

import (
	"math"
	"testing"
)

func TestOneRankingIsJudgedAsAReportIs(t *testing.T) {
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }
	for name, c := range map[string]struct {
		ranking, relevant   []string
		ndcg5, recall5, mrr float64
		rank                int
	}{
		"first":          {[]string{"a", "b"}, []string{"a"}, 1, 1, 1, 1},
		"third":          {[]string{"x", "y", "a"}, []string{"a"}, .5, 1, 1. / 3, 3},
		"one of two":     {[]string{"a", "x"}, []string{"a", "b"}, 1 / (1 + 1/math.Log2(3)), .5, 1, 1},
		"past the fifth": {[]string{"1", "2", "3", "4", "5", "a"}, []string{"a"}, 0, 0, 1. / 6, 6},
		"past the tenth": {[]string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "a"}, []string{"a"}, 0, 0, 0, 11},
		"not found":      {[]string{"x"}, []string{"a"}, 0, 0, 0, 0},
		"nothing found":  {nil, []string{"a"}, 0, 0, 0, 0},
		"named twice":    {[]string{"a"}, []string{"a", "a"}, 1, 1, 1, 1},
		"nothing wanted": {[]string{"a"}, nil, 0, 0, 0, 0},
	} {
		j := Judge(c.ranking, c.relevant)
		if !near(j.NDCG5, c.ndcg5) || !near(j.Recall5, c.recall5) || !near(j.MRR10, c.mrr) || j.Rank != c.rank {
			t.Errorf("%s: Judge = %+v, want nDCG %v, recall %v, MRR %v, rank %d", name, j, c.ndcg5, c.recall5, c.mrr, c.rank)
		}
	}
}
