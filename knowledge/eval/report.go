package eval

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"frontdesk/knowledge"
)

// FitReport is what a calibration was fitted on and how well it does.
type FitReport struct {
	Mixture   string     `json:"mixture"`
	Embedding string     `json:"embedding,omitempty"`
	Sets      []FitSet   `json:"sets"`
	Learned   Check      `json:"learned"`  // on what it was fitted on
	LeftOut   []Check    `json:"left_out"` // of each set, fitted on the others alone
	Test      []Check    `json:"test"`     // on the splits that were not learned from
	Groups    []FitGroup `json:"groups"`
}

// FitSet is one of the sets.
type FitSet struct {
	Name      string `json:"name"`
	SHA256    string `json:"sha256"` // of its files' names, sizes and contents
	Documents int    `json:"documents"`
	Queries   int    `json:"queries"`
}

// FitGroup is queries of one kind and the confidence they get.
type FitGroup struct {
	Collection string     `json:"collection"`
	Asked      string     `json:"asked"`
	Kind       kind       `json:"kind"`
	Queries    int        `json:"queries"`
	Right      float64    `json:"right"`
	P10        float64    `json:"p10"`
	P50        float64    `json:"p50"`
	P90        float64    `json:"p90"`
	Answerable *Decisions `json:"oos,omitempty"` // of a test split that has both
}

func (o FitOptions) report(rep *FitReport, c *knowledge.Calibration, all []group) {
	for _, g := range all {
		ps := predict(c, []group{g}, func(kind) bool { return true })
		rep.Groups = append(rep.Groups, newFitGroup(g, ps))
		if g.kind == kindTest {
			rep.Test = append(rep.Test, newCheck(g.set, ps, c.Thresholds))
		}
	}
	rep.Learned = newCheck("all sets", predict(c, all, learned), c.Thresholds)
	for _, s := range rep.Sets {
		var others, its []group
		for _, g := range all {
			switch {
			case g.set != s.Name && g.asked != s.Name:
				others = append(others, g)
			case g.set == s.Name:
				its = append(its, g)
			}
		}
		without, err := o.fit(others)
		if err != nil {
			continue // of two sets the other alone may not do
		}
		weigh(its)
		rep.LeftOut = append(rep.LeftOut, newCheck(s.Name, predict(&without, its, learned), without.Thresholds))
	}
}

func newFitGroup(g group, ps []prediction) FitGroup {
	f := FitGroup{Collection: g.set, Asked: g.asked, Kind: g.kind, Queries: len(ps)}
	var cs []float64
	var items []decided
	for _, p := range ps {
		cs = append(cs, p.confidence)
		items = append(items, decided{p.confidence, p.right, p.answerable})
		if p.yes {
			f.Right += 1 / float64(len(ps))
		}
	}
	slices.Sort(cs)
	at := func(q float64) float64 { return rounded(cs[int(q*float64(len(cs)-1))], 4) }
	f.Right, f.P10, f.P50, f.P90 = rounded(f.Right, 4), at(.1), at(.5), at(.9)
	if g.kind == kindTest {
		if f.Answerable = decideOn(items); f.Answerable != nil {
			f.Answerable.round()
		}
	}
	return f
}

func (d *Decisions) round() {
	b := &d.Best
	for _, x := range []*float64{&d.AUROC, &b.Threshold, &b.Accuracy, &b.Right, &b.Refused, &b.Precision, &b.AnswerRate} {
		*x = rounded(*x, 4)
	}
	for p, x := range d.RightAtRecall {
		d.RightAtRecall[p] = rounded(x, 4)
	}
}

// digest is of the files of a set, as Read reads them.
func digest(dir string) (string, error) {
	h := sha256.New()
	for _, name := range []string{"corpus.jsonl", "queries.jsonl", "qrels.tsv", "answerable.tsv"} {
		f, err := os.Open(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		info, err := f.Stat()
		if err == nil {
			fmt.Fprintf(h, "%s %d\n", name, info.Size())
			_, err = io.Copy(h, f)
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return "", fmt.Errorf("read %s of %s: %w", name, dir, err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
