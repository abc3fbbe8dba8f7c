//go:build fit

package knowledgedb_test

import (
	"context"
	"sort"
	"strings"
	"testing"

	"frontdesk/knowledge"
	"frontdesk/knowledge/eval"
	"frontdesk/knowledge/knowledgedb"
)

// group is queries of one kind.
type group struct {
	name    string
	samples []eval.Sample
	answers []bool
}

// TestFitConfidence prints coefficients for Signals:
//
//	go test -tags fit -run TestFitConfidence -v ./knowledge/knowledgedb
//
// What it learns from: queries whose
// collection holds the answer, found or not; queries said to be unanswerable there; and
// queries of one collection put to another. Each group weighs the same.
func TestFitConfidence(t *testing.T) {
	var groups []group
	add := func(name string, ix *knowledgedb.Scratch, owner map[string]string, set *eval.Set, keep func(i int, q eval.Query) bool, own bool) {
		g := group{name: name}
		for i, q := range set.Queries {
			if !keep(i, q) {
				continue
			}
			r, signals, err := ix.Explain(context.Background(), knowledge.Query{Text: q.Text, History: q.Said(), Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			yes := false
			for j, h := range r.Hits {
				yes = yes || own && j < 3 && set.Relevant[q.ID][owner[h.ID]] > 0
			}
			if signals.Any == 0 || signals.Exact > 0 {
				continue // decided without the function
			}
			g.samples = append(g.samples, eval.Sample{X: signals.Vector(), Yes: yes, Weight: 1})
			g.answers = append(g.answers, own && (set.Answerable == nil || set.Answerable[q.ID]))
		}
		groups = append(groups, g)
	}
	names := []string{"stackfaq_dev", "mtrag_dev", "xquad_zh_dev", "clinc_oos_dev", "dstc10_dev"}
	sets := map[string]*eval.Set{}
	for _, n := range names {
		s, err := eval.Read(sharedSet(t, n))
		if err != nil {
			t.Fatal(err)
		}
		sets[n] = s
	}
	every := func(k int) func(int, eval.Query) bool {
		return func(i int, _ eval.Query) bool { return i%k == 0 }
	}
	for _, n := range names {
		set := sets[n]
		ix := scratch(t)
		ps, owner := set.Passages()
		if err := ix.Load(context.Background(), ps); err != nil {
			t.Fatal(err)
		}
		if n != "dstc10_dev" {
			add(n+" answerable", ix, owner, set, func(i int, q eval.Query) bool {
				return q.Split != "test" && len(set.Relevant[q.ID]) > 0
			}, true)
		}
		if set.Answerable != nil && n != "mtrag_dev" {
			add(n+" unanswerable", ix, owner, set, func(i int, q eval.Query) bool {
				return q.Split != "test" && !set.Answerable[q.ID]
			}, true)
		}
		for _, other := range names {
			if other == n || other == "xquad_zh_dev" {
				continue
			}
			add(other+" put to "+n, ix, owner, sets[other], every(1+len(sets[other].Queries)/300), false)
		}
		if n == "clinc_oos_dev" {
			add(n+" test", ix, owner, set, func(i int, q eval.Query) bool { return q.Split == "test" && i%3 == 0 }, true)
		}
		if n == "mtrag_dev" {
			add(n+" test", ix, owner, set, func(int, eval.Query) bool { return true }, true)
		}
	}
	var train []eval.Sample
	var yes, no float64
	for _, g := range groups {
		if isTest(g) {
			continue
		}
		for i := range g.samples {
			g.samples[i].Weight = 1 / float64(len(g.samples))
			if strings.HasSuffix(g.name, " unanswerable") {
				g.samples[i].Weight *= 4 // questions of the same kind are the hard ones
			}
			if g.samples[i].Yes {
				yes += g.samples[i].Weight
			} else {
				no += g.samples[i].Weight
			}
		}
	}
	for _, g := range groups {
		if isTest(g) {
			continue
		}
		for _, s := range g.samples {
			if s.Yes {
				s.Weight /= yes
			} else {
				s.Weight /= no
			}
			s.Weight *= 1000
			train = append(train, s)
		}
	}
	intercept, coefficients := eval.Fit(train)
	t.Logf("intercept %.2f, coefficients %.2f, from %d queries", intercept, coefficients, len(train))
	score := func(x []float64) float64 {
		z := intercept
		for i := range x {
			z += coefficients[i] * x[i]
		}
		return z
	}
	t.Logf("AUROC %.3f over all", eval.AUROC(train, score))
	for _, g := range groups {
		var zs []float64
		for _, s := range g.samples {
			zs = append(zs, score(s.X))
		}
		sort.Float64s(zs)
		q := func(p float64) float64 { return zs[int(p*float64(len(zs)-1))] }
		as := make([]eval.Sample, len(g.samples))
		for i, s := range g.samples {
			as[i] = eval.Sample{X: s.X, Yes: g.answers[i]}
		}
		t.Logf("%-40s n=%4d z p10 %5.2f p50 %5.2f p90 %5.2f  AUROC right/wrong %.3f answerable %.3f", g.name, len(zs), q(.1), q(.5), q(.9), eval.AUROC(g.samples, score), eval.AUROC(as, score))
	}
}

func isTest(g group) bool { return len(g.name) > 5 && g.name[len(g.name)-5:] == " test" }
