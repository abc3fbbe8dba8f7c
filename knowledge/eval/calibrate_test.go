package eval

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"frontdesk/knowledge"
)

// signalIndex tells of a query what is written in it: "0.7 yes …" has signals of .7 and
// finds the document named after the query when it holds the word.
type signalIndex struct {
	wordIndex
	dense bool
}

func (x *signalIndex) Explain(ctx context.Context, q knowledge.Query) (knowledge.Result, knowledge.Signals, error) {
	var v float64
	var found, id string
	if _, err := fmt.Sscan(q.Text, &v, &found, &id); err != nil {
		return knowledge.Result{}, knowledge.Signals{}, err
	}
	r := knowledge.Result{}
	for _, p := range x.ps {
		if found == "yes" && p.Title == id || found == "no" && p.Title == "other" {
			r.Hits = append(r.Hits, knowledge.Hit{Passage: p})
		}
	}
	s := knowledge.Signals{Any: true, Score: v, Strength: v, Length: .5, Coverage: v, Wording: v}
	if x.dense {
		s = knowledge.Signals{Any: true, Score: .2, Strength: .2, Length: .5, Cosine: v, Agreement: v}
	}
	return r, s, nil
}

// writeSet writes a set whose queries have the signal p/20 and, of 20 at each p, p with
// their answer found; as many of the split test are all wrong.
func writeSet(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	var corpus, queries, qrels, answerable strings.Builder
	fmt.Fprintln(&corpus, `{"id":"other","title":"other","text":"x"}`)
	for p := range 21 {
		for i := range 20 {
			id := fmt.Sprintf("%s-%d-%d", name, p, i)
			found, split := "no", "train"
			if i < p {
				found = "yes"
			}
			fmt.Fprintf(&corpus, "{\"id\":%q,\"title\":%q,\"text\":\"x\"}\n", id, id)
			fmt.Fprintf(&queries, "{\"id\":%q,\"text\":\"%.2f %s %s\",\"split\":%q}\n", id, float64(p)/20, found, id, split)
			fmt.Fprintf(&qrels, "%s\t%s\t1\n", id, id)
			fmt.Fprintf(&answerable, "%s\t1\n", id)
			fmt.Fprintf(&queries, "{\"id\":\"t%s\",\"text\":\"%.2f no x\",\"split\":\"test\"}\n", id, float64(p)/20)
			fmt.Fprintf(&answerable, "t%s\t0\n", id)
		}
	}
	for file, text := range map[string]string{"corpus.jsonl": corpus.String(), "queries.jsonl": queries.String(), "qrels.tsv": qrels.String(), "answerable.tsv": answerable.String()} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// assumed stands for the program's own calibration.
func assumed() *knowledge.Calibration {
	return &knowledge.Calibration{Dense: knowledge.DenseLogistic{Provenance: "assumed",
		Logistic: knowledge.Logistic{Features: knowledge.DenseFeatures, Intercept: -7, Coefficients: []float64{14, 0}}}}
}

func fitOptions(dense bool, dirs ...string) FitOptions {
	o := FitOptions{Dirs: dirs, Default: assumed(), Made: knowledge.Made{Program: "test"},
		Open: func(context.Context) (Explainer, func() error, error) {
			return &signalIndex{dense: dense}, func() error { return nil }, nil
		}}
	if dense {
		o.Embedding = "embedder"
	}
	return o
}

func TestFitGivesLikelihoodsThatHoldAndTheSameBytesAgain(t *testing.T) {
	dir := writeSet(t, "one")
	c, rep, err := FitCalibration(t.Context(), fitOptions(false, dir))
	if err != nil {
		t.Fatalf("FitCalibration = %v, want nil", err)
	}
	// Alone, a set is all answerable queries: a signal of p is right p of the time.
	for _, p := range []float64{.2, .5, .8} {
		if got := c.Confidence(knowledge.Signals{Any: true, Score: p, Strength: p, Length: .5, Coverage: p, Wording: p}); math.Abs(got-p) > .08 {
			t.Errorf("Confidence at %v = %.3f, want about as much", p, got)
		}
	}
	if rep.Learned.ECE > .04 || rep.Learned.Queries != 420 || rep.Learned.AUROCCI[0] >= rep.Learned.AUROC || rep.Learned.AUROCCI[1] <= rep.Learned.AUROC {
		t.Errorf("learned = %+v, want 420 queries, an ECE below .04 and an interval about the AUROC", rep.Learned)
	}
	if math.Abs(rep.Learned.Answered.Right-answerPrecision) > .05 {
		t.Errorf("answered from %v on %v are right, want about %v", c.Thresholds.Answer, rep.Learned.Answered.Right, answerPrecision)
	}
	if len(rep.Test) != 1 || rep.Test[0].Queries != 420 || rep.Test[0].Answered.Right != 0 {
		t.Errorf("test = %+v, want the 420 queries of the split, none right and none learned from", rep.Test)
	}
	if c.Dense.Provenance != "assumed" || c.Dense.Coefficients[0] != 14 {
		t.Errorf("dense = %+v, want what was assumed, without an embedding model", c.Dense)
	}
	again, _, err := FitCalibration(t.Context(), fitOptions(false, dir))
	if err != nil {
		t.Fatal(err)
	}
	a, errA := json.Marshal(c)
	b, errB := json.Marshal(again)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("a second fit gave other bytes:\n%s\n%s", a, b)
	}
	if parsed, err := knowledge.ParseCalibration(a); err != nil || parsed.ID != c.ID {
		t.Errorf("ParseCalibration = %v, want %s", err, c.ID)
	}
}

func TestQueriesOfOtherSetsCountAsUnanswerable(t *testing.T) {
	one, two := writeSet(t, "one"), writeSet(t, "two")
	c, rep, err := FitCalibration(t.Context(), fitOptions(false, one, two))
	if err != nil {
		t.Fatalf("FitCalibration = %v, want nil", err)
	}
	kinds := map[kind]int{}
	for _, g := range rep.Groups {
		kinds[g.Kind] += g.Queries
		if g.Kind == kindStranger && (g.Right != 0 || g.Queries > strangers) {
			t.Errorf("%s put to %s: %d queries, %v right, want at most %d and none", g.Asked, g.Collection, g.Queries, g.Right, strangers)
		}
	}
	if kinds[kindOwn] != 840 || kinds[kindStranger] == 0 || kinds[kindTest] != 840 {
		t.Errorf("groups hold %v, want 840 own, 840 test and strangers", kinds)
	}
	// Half of what is asked is answerable, so the same signals promise half as much.
	if got := c.Confidence(knowledge.Signals{Any: true, Score: .5, Strength: .5, Length: .5, Coverage: .5, Wording: .5}); got > .4 {
		t.Errorf("Confidence at .5 = %.3f, want well below .5 among strangers", got)
	}
	if len(rep.LeftOut) != 2 || rep.Sets[0].SHA256 == rep.Sets[1].SHA256 || len(rep.Sets[0].SHA256) != 64 {
		t.Errorf("left out %d, digests %v, want a check and a digest of each set", len(rep.LeftOut), rep.Sets)
	}
	if _, _, err := FitCalibration(t.Context(), fitOptions(false, one, one)); err == nil {
		t.Error("FitCalibration(the same set twice) = nil, want an error")
	}
}

func TestVectorsAreFittedWhereThereIsAModel(t *testing.T) {
	c, _, err := FitCalibration(t.Context(), fitOptions(true, writeSet(t, "one")))
	if err != nil {
		t.Fatalf("FitCalibration = %v, want nil", err)
	}
	if c.Dense.Provenance != "fitted" || c.Dense.Model != "embedder" {
		t.Errorf("dense = %+v, want it fitted with embedder", c.Dense)
	}
	// Words say the same of all of these; only the vectors tell.
	low := c.Confidence(knowledge.Signals{Any: true, Score: .2, Strength: .2, Length: .5, Cosine: .1, Agreement: .1})
	high := c.Confidence(knowledge.Signals{Any: true, Score: .2, Strength: .2, Length: .5, Cosine: .9, Agreement: .9})
	if high-low < .3 {
		t.Errorf("near vectors give %.3f, far ones %.3f, want a wide difference", high, low)
	}
}

func TestCurveNeverFalls(t *testing.T) {
	l := knowledge.Logistic{Coefficients: []float64{4}, Intercept: -2}
	var samples []Sample
	for i := range 400 {
		x := float64(i) / 400
		samples = append(samples, Sample{X: []float64{x}, Yes: i%7 < 3 || x > .9, Weight: 1}) // hardly rising below .9
	}
	curve := fitCurve(l, samples)
	if len(curve) == 0 || len(curve) > knots {
		t.Fatalf("fitCurve gave %d knots, want 1 to %d", len(curve), knots)
	}
	for i := 1; i < len(curve); i++ {
		if curve[i].Right <= curve[i-1].Right || curve[i].Likelihood <= curve[i-1].Likelihood {
			t.Errorf("knot %d is %v after %v, want both to rise", i, curve[i], curve[i-1])
		}
	}
}

func TestNothingToLearnFromIsSaid(t *testing.T) {
	dir := writeSet(t, "one")
	if err := os.WriteFile(filepath.Join(dir, "qrels.tsv"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := FitCalibration(t.Context(), fitOptions(false, dir)); err == nil || !strings.Contains(err.Error(), "nothing to fit on") {
		t.Errorf("FitCalibration(no judgements) = %v, want that there is nothing to fit on", err)
	}
}

func TestIntervalsHoldTheMeanAndRepeat(t *testing.T) {
	o := Options{Dir: "testdata/sample", Index: &wordIndex{}}
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	o.Index = &wordIndex{}
	again, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for name, mean := range map[string]float64{"nDCG@5": r.NDCG5, "nDCG@10": r.NDCG10, "R@5": r.Recall5, "R@10": r.Recall10, "MRR@10": r.MRR10,
		"Hit@1": r.Hit1, "Hit@5": r.Hit5, "P@5": r.P5, "MAP": r.MAP} {
		ci, ok := r.CI[name]
		if !ok || ci[0] > mean || ci[1] < mean || ci[0] == ci[1] || ci != again.CI[name] {
			t.Errorf("%s = %.4f in %v, then %v; want it inside and the same again", name, mean, ci, again.CI[name])
		}
	}
	for name, mean := range r.Decisions.figures() {
		ci, ok := r.Decisions.CI[name]
		if !ok || ci[0] > mean || ci[1] < mean || ci != again.Decisions.CI[name] {
			t.Errorf("%s = %.4f in %v, then %v; want it inside and the same again", name, mean, ci, again.Decisions.CI[name])
		}
	}
}
