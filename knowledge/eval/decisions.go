package eval

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

// Decisions says how well the confidence tells what can be answered from what cannot.
type Decisions struct {
	AUROC        float64 `json:"AUROC"` // likelihood that an answerable query is above an unanswerable one
	Answerable   int     `json:"n_in"`
	Unanswerable int     `json:"n_oos"`
	Best         Cut     `json:"at_best_acc"`
	// RightAtRecall is, at the lowest threshold that refuses so many percent of the
	// unanswerable, the share of the answerable that are answered with the first right.
	RightAtRecall map[int]float64 `json:"inscope_acc_at_oos_recall"`
	// CI are 95 % bootstrap intervals: "AUROC", those of Best by their names and
	// "inscope_acc_at_oos_recall_50", each with its threshold chosen anew.
	CI map[string]Interval `json:"ci,omitempty"`
}

// Cut is what one threshold does. Accuracy counts an answerable query as right when it
// is answered and its first document is relevant.
type Cut struct {
	Threshold  float64 `json:"thr"`
	Accuracy   float64 `json:"acc"`
	Right      float64 `json:"inscope_acc"`
	Refused    float64 `json:"oos_recall"` // of the unanswerable
	Precision  float64 `json:"answered_precision"`
	AnswerRate float64 `json:"answer_rate"`
}

// recalls are the shares of refusals, in percent, that are reported on.
var recalls = []int{20, 40, 50, 60, 80}

// decided is one query that is known to be answerable or not.
type decided struct {
	confidence float64
	right      bool // its first document is relevant
	answerable bool
}

// decide is nil when the set does not say what is answerable, or all of it is or none.
func decide(s *Set, answers []answer) *Decisions {
	var items []decided
	for i, q := range s.Queries {
		in, ok := s.Answerable[q.ID]
		if !ok {
			continue
		}
		d := decided{confidence: answers[i].confidence, answerable: in}
		if r := answers[i].ranking; len(r) > 0 {
			d.right = s.Relevant[q.ID][r[0].id] > 0
		}
		items = append(items, d)
	}
	d := decideOn(items)
	if d == nil {
		return nil
	}
	// Sorted, so that what is drawn is sorted too and sorting it costs next to nothing.
	slices.SortStableFunc(items, func(a, b decided) int { return cmp.Compare(a.confidence, b.confidence) })
	d.CI = bootstrap(len(items), func(drawn []int) map[string]float64 {
		some := make([]decided, len(drawn))
		for i, k := range drawn {
			some[i] = items[k]
		}
		if d := decideOn(some); d != nil {
			return d.figures()
		}
		return nil
	})
	return d
}

func (d *Decisions) figures() map[string]float64 {
	out := map[string]float64{"AUROC": d.AUROC, "acc": d.Best.Accuracy, "inscope_acc": d.Best.Right, "oos_recall": d.Best.Refused,
		"answered_precision": d.Best.Precision, "answer_rate": d.Best.AnswerRate}
	for p, x := range d.RightAtRecall {
		out["inscope_acc_at_oos_recall_"+strconv.Itoa(p)] = x
	}
	return out
}

// decideOn is nil when all of the items are answerable or none.
func decideOn(items []decided) *Decisions {
	d := &Decisions{AUROC: auroc(items), RightAtRecall: map[int]float64{}}
	var refused []float64
	for _, x := range items {
		if x.answerable {
			d.Answerable++
		} else {
			d.Unanswerable++
			refused = append(refused, x.confidence)
		}
	}
	if d.Answerable == 0 || d.Unanswerable == 0 {
		return nil
	}
	d.Best = cut(items, bestThreshold(items))
	slices.Sort(refused)
	for _, p := range recalls {
		n := int(math.Ceil(float64(p) / 100 * float64(len(refused))))
		threshold := math.Inf(-1)
		if n > 0 {
			threshold = refused[n-1] + 1e-12*max(1, math.Abs(refused[n-1])) // just above it
		}
		d.RightAtRecall[p] = cut(items, threshold).Right
	}
	return d
}

// auroc is the rank statistic, equal confidences counting half.
func auroc(items []decided) float64 {
	items = slices.Clone(items)
	slices.SortFunc(items, func(a, b decided) int { return cmp.Compare(a.confidence, b.confidence) })
	ranks, in, out := 0., 0., 0.
	for i := 0; i < len(items); {
		j := i
		for j < len(items) && items[j].confidence == items[i].confidence {
			j++
		}
		for _, x := range items[i:j] {
			if x.answerable {
				in++
				ranks += float64(i+1+j) / 2
			} else {
				out++
			}
		}
		i = j
	}
	if in == 0 || out == 0 {
		return 0
	}
	return (ranks - in*(in+1)/2) / (in * out)
}

// bestThreshold has the greatest accuracy; of several the lowest.
func bestThreshold(items []decided) float64 {
	items = slices.Clone(items)
	slices.SortFunc(items, func(a, b decided) int { return cmp.Compare(a.confidence, b.confidence) })
	current := 0
	for _, x := range items {
		if x.right && x.answerable {
			current++
		}
	}
	best, threshold := current, math.Inf(-1)
	for i := 0; i < len(items); {
		j := i
		for j < len(items) && items[j].confidence == items[i].confidence {
			if !items[j].answerable {
				current++
			} else if items[j].right {
				current--
			}
			j++
		}
		if current > best {
			best = current
			threshold = items[i].confidence + 1e-9
			if j < len(items) {
				threshold = items[j].confidence
			}
		}
		i = j
	}
	if math.IsInf(threshold, -1) && len(items) > 0 {
		return items[0].confidence
	}
	return threshold
}

func cut(items []decided, threshold float64) Cut {
	c := Cut{Threshold: threshold}
	var ok, rejected, answered, in, out float64
	for _, x := range items {
		yes := x.confidence >= threshold
		if yes {
			answered++
		}
		if x.answerable {
			in++
			if x.right && yes {
				ok++
			}
			continue
		}
		out++
		if !yes {
			rejected++
		}
	}
	n := float64(len(items))
	c.Accuracy, c.Right, c.Refused = (ok+rejected)/n, ok/max(1, in), rejected/max(1, out)
	c.Precision, c.AnswerRate = ok/max(1, answered), answered/n
	return c
}
