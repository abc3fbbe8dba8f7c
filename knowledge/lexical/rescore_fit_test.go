//go:build fit

package lexical

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"frontdesk/knowledge/eval"
)

// judged is a query with its first candidates.
type judged struct {
	split string
	x     [][rescoreFeatures]float64
	rel   []int // by candidate
	ideal []int // all relevances of the query, descending
}

// fitDepth is how many candidates are looked at twice, as in the product.
const fitDepth = 30

// TestFitRescore prints weights for Rescore and how they do, on the collections they were
// fitted on and on each when fitted on the others:
//
//	FRONTDESK_SHARED=../shared go test -tags fit -run TestFitRescore -v ./knowledge/lexical
func TestFitRescore(t *testing.T) {
	names := []string{"stackfaq_dev", "xquad_zh_dev", "mtrag_dev", "clinc_oos_dev"}
	var groups [][]judged
	var held []judged
	for _, name := range names {
		set, err := eval.Read(filepath.Join(os.Getenv("FRONTDESK_SHARED"), "eval", name))
		if err != nil {
			t.Fatal(err)
		}
		all := firstLook(set)
		if name == "clinc_oos_dev" {
			held = slices.DeleteFunc(slices.Clone(all), func(q judged) bool { return q.split != "test" })
			all = slices.DeleteFunc(all, func(q judged) bool { return q.split == "test" })
		}
		groups = append(groups, all)
	}
	only := [rescoreFeatures]float64{scoreShare: 1}
	all := fit(groups)
	t.Logf("weights %.2f", all)
	for i, name := range names {
		others := slices.Concat(groups[:i], groups[i+1:])
		t.Logf("%-14s first look %s, fitted on all %s, on the others %s", name,
			measured(groups[i], only), measured(groups[i], all), measured(groups[i], fit(others)))
	}
	t.Logf("clinc, test: first look %s, fitted %s", measured(held, only), measured(held, all))
	for _, g := range []struct {
		name     string
		features []int
	}{
		{"BM25F", []int{scoreShare, scoreOfBest}}, {"words", []int{coverage, likelihood, surprise}},
		{"pairs and triples", []int{pairCoverage, pairRate, tripleCover, pairSurprise, pairTelling}},
		{"sentences", []int{bestLine, bestLineDice, tellingLines}}, {"titles", []int{titleCoverage, titleDice}}, {"length", []int{size}},
	} {
		without := all
		for _, f := range g.features {
			without[f] = 0
		}
		line := ""
		for i := range names {
			line += " " + measured(groups[i], without)
		}
		t.Logf("without %s:%s", g.name, line)
	}
}

// firstLook ranks by BM25F in memory, as Postgres does.
func firstLook(set *eval.Set) []judged {
	type doc struct {
		id    string
		lx    Lexemes
		atoms Atoms
	}
	var avg, count Lengths
	var docs []doc
	df := map[int32]int{}
	for _, d := range set.Documents {
		fs := Fields{Title: d.Title, Body: d.Text}
		lx := Index(fs, "", "")
		atoms, _ := Read(fs, lx.Lang)
		docs = append(docs, doc{d.ID, lx, atoms})
		for f, l := range lx.Lengths {
			if l > 0 {
				avg[f] += float64(l)
				count[f]++
			}
		}
		for _, d := range lx.Dims {
			df[d]++
		}
	}
	for f := range avg {
		avg[f] /= max(1, count[f])
	}
	type posting struct {
		doc    int
		weight float64
	}
	postings := map[int32][]posting{}
	for i, d := range docs {
		for j, w := range Default.Weights(d.lx, avg) {
			postings[d.lx.Dims[j]] = append(postings[d.lx.Dims[j]], posting{i, float64(w)})
		}
	}
	var out []judged
	for _, query := range set.Queries {
		rels := set.Relevant[query.ID]
		if len(rels) == 0 {
			continue
		}
		q := ParseDialogue(query.Text, query.Said())
		scores := map[int]float64{}
		for _, w := range q.Words {
			most := 0
			for _, d := range w.Dims {
				most = max(most, df[d])
			}
			for _, d := range w.Dims {
				for _, p := range postings[d] {
					scores[p.doc] += p.weight * w.Weight * IDF(most, len(docs))
				}
			}
		}
		var order []int
		for d := range scores {
			order = append(order, d)
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(scores[b], scores[a]), a-b) })
		order = order[:min(len(order), fitDepth)]
		j := judged{split: query.Split}
		var cs []Candidate
		for _, d := range order {
			cs = append(cs, Candidate{scores[d], docs[d].atoms})
			j.rel = append(j.rel, rels[docs[d].id])
		}
		for _, r := range rels {
			j.ideal = append(j.ideal, r)
		}
		slices.SortFunc(j.ideal, func(a, b int) int { return b - a })
		j.x = q.features(df, len(docs), cs)
		out = append(out, j)
	}
	return out
}

func dot(w, x [rescoreFeatures]float64) float64 {
	s := 0.
	for i := range w {
		s += w[i] * x[i]
	}
	return s
}

// measured is nDCG@5 and Hit@1.
func measured(qs []judged, w [rescoreFeatures]float64) string {
	gain, hit := 0., 0.
	for _, q := range qs {
		order := make([]int, len(q.x))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(dot(w, q.x[b]), dot(w, q.x[a])) })
		got, ideal := 0., 0.
		for i := range 5 {
			if i < len(order) {
				got += float64(q.rel[order[i]]) / math.Log2(float64(i+2))
			}
			if i < len(q.ideal) {
				ideal += float64(q.ideal[i]) / math.Log2(float64(i+2))
			}
		}
		gain += got / ideal
		if len(order) > 0 && q.rel[order[0]] > 0 {
			hit++
		}
	}
	n := float64(len(qs))
	return fmt.Sprintf("%.3f/%.3f", gain/n, hit/n)
}

// fit maximises the likelihood of each relevant candidate against those that are not, all
// collections weighing the same, by gradient ascent with Adam's steps.
func fit(groups [][]judged, without ...int) [rescoreFeatures]float64 {
	const steps, decay, prior = 150, 3e-2, 2.
	var w, m, v [rescoreFeatures]float64
	for j := range w {
		switch {
		case slices.Contains(without, j):
		case j == size:
			w[j] = -prior
		default:
			w[j] = prior
		}
	}
	start := w
	for step := 1; step <= steps; step++ {
		var g [rescoreFeatures]float64
		for _, qs := range groups {
			for _, q := range qs {
				ascend(&g, q, w, 1/float64(len(qs)))
			}
		}
		rate := .3
		if step > steps/2 {
			rate = .1
		}
		if step > steps*4/5 {
			rate = .03
		}
		for j := range w {
			if slices.Contains(without, j) {
				continue
			}
			d := g[j] - decay*(w[j]-start[j])
			m[j] = .9*m[j] + .1*d
			v[j] = .99*v[j] + .01*d*d
			w[j] += rate * m[j] / (1 - math.Pow(.9, float64(step))) / (math.Sqrt(v[j]/(1-math.Pow(.99, float64(step)))) + 1e-9)
		}
	}
	return w
}

func ascend(g *[rescoreFeatures]float64, q judged, w [rescoreFeatures]float64, weight float64) {
	e := make([]float64, len(q.x))
	most := math.Inf(-1)
	for i := range q.x {
		e[i] = dot(w, q.x[i])
		most = max(most, e[i])
	}
	others, relevant := 0., 0.
	for i := range e {
		e[i] = math.Exp(e[i] - most)
		if q.rel[i] == 0 {
			others += e[i]
		} else {
			relevant++
		}
	}
	for i := range e {
		if q.rel[i] == 0 {
			continue
		}
		k := weight / relevant
		wrong := others / (e[i] + others)
		for j := range g {
			g[j] += k * wrong * q.x[i][j]
		}
		for o := range e {
			if q.rel[o] == 0 {
				for j := range g {
					g[j] -= k * e[o] / (e[i] + others) * q.x[o][j]
				}
			}
		}
	}
}
