package eval

import (
	"cmp"
	"slices"

	"frontdesk/knowledge"
)

const (
	// knots is how many parts of the same weight a curve is made of: few, so that each
	// rests on many queries.
	knots = 8
	// leastKnot keeps a curve off certainty, of which no number of samples tells.
	leastKnot = .005
)

// fitCurve says of parts of the samples, by rising likelihood, how many were right:
// neighbours of which the surer is not more often right become one (isotonic regression).
func fitCurve(l knowledge.Logistic, samples []Sample) []knowledge.Knot {
	type part struct{ weight, likelihood, right float64 }
	type scored struct {
		p float64
		Sample
	}
	all := make([]scored, len(samples))
	total := 0.
	for i, s := range samples {
		all[i] = scored{l.At(s.X), s}
		total += s.Weight
	}
	slices.SortStableFunc(all, func(a, b scored) int { return cmp.Compare(a.p, b.p) })
	var parts []part
	var now part
	passed := 0.
	for i, s := range all {
		now.weight += s.Weight
		now.likelihood += s.Weight * s.p
		if s.Yes {
			now.right += s.Weight
		}
		passed += s.Weight
		if i+1 < len(all) && (passed < total*float64(len(parts)+1)/knots || all[i+1].p == s.p) {
			continue
		}
		parts = append(parts, now)
		now = part{}
	}
	for i := 1; i < len(parts); i++ {
		for i > 0 && parts[i].right*parts[i-1].weight <= parts[i-1].right*parts[i].weight {
			a, b := parts[i-1], parts[i]
			parts = slices.Replace(parts, i-1, i+1, part{a.weight + b.weight, a.likelihood + b.likelihood, a.right + b.right})
			i--
		}
	}
	var curve []knowledge.Knot
	for _, p := range parts {
		k := knowledge.Knot{Likelihood: rounded(p.likelihood/p.weight, 4), Right: rounded(min(max(p.right/p.weight, leastKnot), 1-leastKnot), 4)}
		if n := len(curve); k.Likelihood > 0 && k.Likelihood < 1 && (n == 0 || k.Likelihood > curve[n-1].Likelihood && k.Right > curve[n-1].Right) {
			curve = append(curve, k)
		}
	}
	return curve
}
