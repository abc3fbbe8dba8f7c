package eval

import (
	"cmp"
	"fmt"
	"slices"

	"frontdesk/knowledge"
)

// prediction is a confidence beside what was so.
type prediction struct {
	confidence             float64
	yes, answerable, right bool
	weight                 float64
}

// learned chooses for predict what is learned from.
func learned(x kind) bool { return x != kindTest }

// predict gives the chosen observations their confidences.
func predict(c *knowledge.Calibration, all []group, chosen func(kind) bool) []prediction {
	var ps []prediction
	for _, g := range all {
		if !chosen(g.kind) {
			continue
		}
		for _, x := range g.seen {
			ps = append(ps, prediction{c.Confidence(x.signals), x.yes, x.answerable, x.right, x.weight})
		}
	}
	return ps
}

// chooseThresholds follows thresholdRule in steps of a hundredth. A confidence that is
// never good enough gives the highest threshold below certainty.
func chooseThresholds(ps []prediction) knowledge.Thresholds {
	least := func(want, below float64) float64 {
		for t := .01; t < below; t += .01 {
			t = rounded(t, 2)
			got, all := 0., 0.
			for _, p := range ps {
				if p.confidence >= t && p.confidence < below {
					all += p.weight
					if p.yes {
						got += p.weight
					}
				}
			}
			if all > 0 && got/all >= want {
				return t
			}
		}
		return min(below, .99)
	}
	t := knowledge.Thresholds{Rule: fmt.Sprintf(thresholdRule, answerPrecision, maybePrecision)}
	t.Answer = least(answerPrecision, 1.01)
	t.Maybe = min(t.Answer, least(maybePrecision, t.Answer))
	return t
}

// Check says how good confidences are: as likelihoods, and to tell apart.
type Check struct {
	Of      string `json:"of"`
	Queries int    `json:"queries"`
	// AUROC is the likelihood that a query with its answer among the first three is above
	// one without, by weight in the mixture.
	AUROC   float64  `json:"AUROC"`
	AUROCCI Interval `json:"AUROC_ci"`
	Brier   float64  `json:"brier"`
	// ECE is how far confidence and share of right ones differ, on average over the bins.
	ECE  float64 `json:"ECE"`
	Bins []Bin   `json:"reliability"`
	// Answered and Offered are what the thresholds do: shares of all, and how many of
	// these are right.
	Answered Share `json:"answered"`
	Offered  Share `json:"offered"`
}

// Bin is the queries with a confidence from From on, below the next bin's.
type Bin struct {
	From       float64 `json:"from"`
	Share      float64 `json:"share"` // of all, by weight
	Confidence float64 `json:"confidence"`
	Right      float64 `json:"right"`
}

// Share is a part of all queries and how much of it is right.
type Share struct {
	Share float64 `json:"share"`
	Right float64 `json:"right"`
}

const bins = 10

// newCheck judges predictions; those of no weight weigh the same.
func newCheck(of string, ps []prediction, t knowledge.Thresholds) Check {
	if !slices.ContainsFunc(ps, func(p prediction) bool { return p.weight > 0 }) {
		for i := range ps {
			ps[i].weight = 1
		}
	}
	slices.SortStableFunc(ps, func(a, b prediction) int { return cmp.Compare(a.confidence, b.confidence) })
	c := Check{Of: of, Queries: len(ps), AUROC: rounded(weightedAUROC(ps), 4)}
	ci := bootstrap(len(ps), func(drawn []int) map[string]float64 {
		some := make([]prediction, len(drawn))
		for i, k := range drawn {
			some[i] = ps[k]
		}
		return map[string]float64{"AUROC": weightedAUROC(some)}
	})
	c.AUROCCI = ci["AUROC"]
	total := 0.
	var in [bins]struct{ weight, confidence, right float64 }
	var answered, offered, answeredRight, offeredRight float64
	for _, p := range ps {
		right := 0.
		if p.yes {
			right = p.weight
		}
		total += p.weight
		c.Brier += p.weight * (p.confidence - right/p.weight) * (p.confidence - right/p.weight)
		b := &in[min(bins-1, int(p.confidence*bins))]
		b.weight, b.confidence, b.right = b.weight+p.weight, b.confidence+p.weight*p.confidence, b.right+right
		switch {
		case p.confidence >= t.Answer:
			answered, answeredRight = answered+p.weight, answeredRight+right
		case p.confidence >= t.Maybe:
			offered, offeredRight = offered+p.weight, offeredRight+right
		}
	}
	for i, b := range in {
		if b.weight == 0 {
			continue
		}
		diff := b.confidence - b.right
		c.ECE += max(diff, -diff) / total
		c.Bins = append(c.Bins, Bin{float64(i) / bins, rounded(b.weight/total, 4), rounded(b.confidence/b.weight, 4), rounded(b.right/b.weight, 4)})
	}
	c.Brier, c.ECE = rounded(c.Brier/total, 4), rounded(c.ECE, 4)
	share := func(weight, right float64) Share {
		s := Share{Share: rounded(weight/total, 4)}
		if weight > 0 {
			s.Right = rounded(right/weight, 4)
		}
		return s
	}
	c.Answered, c.Offered = share(answered, answeredRight), share(offered, offeredRight)
	return c
}

// weightedAUROC is of predictions sorted by confidence; equal ones count half. It is 0
// when all are right or none.
func weightedAUROC(ps []prediction) float64 {
	below, pairs, yes := 0., 0., 0. // weight of the wrong so far, of pairs in order, of the right
	for i := 0; i < len(ps); {
		j, in, out := i, 0., 0.
		for ; j < len(ps) && ps[j].confidence == ps[i].confidence; j++ {
			if ps[j].yes {
				in += ps[j].weight
			} else {
				out += ps[j].weight
			}
		}
		pairs += in * (below + out/2)
		below, yes, i = below+out, yes+in, j
	}
	if yes == 0 || below == 0 {
		return 0
	}
	return pairs / (yes * below)
}
