package eval

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// scored is one document of a ranking.
type scored struct {
	id    string
	score float64
}

// order sorts by score, equal ones by id.
func order(r []scored) {
	slices.SortFunc(r, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.id, b.id))
	})
}

// measures are one query's.
type measures struct {
	ndcg5, ndcg10, recall5, recall10, mrr10, hit1, hit5, p5, ap float64
}

// measureNames are what a report calls them.
var measureNames = [...]string{"nDCG@5", "nDCG@10", "R@5", "R@10", "MRR@10", "Hit@1", "Hit@5", "P@5", "MAP"}

// all is in the order of measureNames.
func (m measures) all() [len(measureNames)]float64 {
	return [...]float64{m.ndcg5, m.ndcg10, m.recall5, m.recall10, m.mrr10, m.hit1, m.hit5, m.p5, m.ap}
}

// mean is of those drawn, by name.
func mean(ms []measures, drawn []int) map[string]float64 {
	var sum [len(measureNames)]float64
	for _, i := range drawn {
		for k, x := range ms[i].all() {
			sum[k] += x
		}
	}
	out := make(map[string]float64, len(sum))
	for k, name := range measureNames {
		out[name] = sum[k] / float64(len(drawn))
	}
	return out
}

// measure judges a ranking. rel holds what is relevant and is not empty. Gains are
// exponential (2^rel - 1), recall is of all that is relevant, average precision goes
// down to perQuery.
func measure(ranking []scored, rel map[string]int) measures {
	var m measures
	all := float64(len(rel))
	ideal := make([]int, 0, len(rel))
	for _, v := range rel {
		ideal = append(ideal, v)
	}
	slices.SortFunc(ideal, func(a, b int) int { return b - a })
	dcg := func(k int) float64 {
		got, best := 0., 0.
		for i := range k {
			discount := math.Log2(float64(i + 2))
			if i < len(ranking) {
				got += gain(rel[ranking[i].id]) / discount
			}
			if i < len(ideal) {
				best += gain(ideal[i]) / discount
			}
		}
		return got / best
	}
	m.ndcg5, m.ndcg10 = dcg(5), dcg(10)
	found := 0.
	for i, d := range ranking[:min(len(ranking), perQuery)] {
		if rel[d.id] == 0 {
			continue
		}
		found++
		m.ap += found / float64(i+1) / all
		if i < 10 {
			m.recall10 += 1 / all
			if m.mrr10 == 0 {
				m.mrr10 = 1 / float64(i+1)
			}
		}
		if i < 5 {
			m.recall5 += 1 / all
			m.p5 += 1. / 5
			m.hit5 = 1
		}
		if i == 0 {
			m.hit1 = 1
		}
	}
	return m
}

func gain(rel int) float64 { return math.Exp2(float64(rel)) - 1 }

// score makes the report of all answers.
func score(s *Set, answers []answer) Report {
	var r Report
	var took []time.Duration
	var judged []measures
	for i, q := range s.Queries {
		took = append(took, answers[i].took)
		rel := s.Relevant[q.ID]
		if len(rel) == 0 {
			continue
		}
		m := measure(answers[i].ranking, rel)
		judged = append(judged, m)
		r.Queries++
		r.NDCG5 += m.ndcg5
		r.NDCG10 += m.ndcg10
		r.Recall5 += m.recall5
		r.Recall10 += m.recall10
		r.MRR10 += m.mrr10
		r.Hit1 += m.hit1
		r.Hit5 += m.hit5
		r.P5 += m.p5
		r.MAP += m.ap
	}
	r.Asked = len(s.Queries)
	if n := float64(r.Queries); n > 0 {
		for _, x := range []*float64{&r.NDCG5, &r.NDCG10, &r.Recall5, &r.Recall10, &r.MRR10, &r.Hit1, &r.Hit5, &r.P5, &r.MAP} {
			*x /= n
		}
	}
	r.CI = bootstrap(len(judged), func(drawn []int) map[string]float64 { return mean(judged, drawn) })
	r.FindP50MS, r.FindP99MS = quantile(took, .5), quantile(took, .99)
	r.Decisions = decide(s, answers)
	return r
}

// quantile is in milliseconds; 0 of nothing.
func quantile(ds []time.Duration, p float64) float64 {
	if len(ds) == 0 {
		return 0
	}
	slices.Sort(ds)
	i := min(int(p*float64(len(ds))), len(ds)-1)
	return float64(ds[i].Microseconds()) / 1000
}
