package eval

import (
	"cmp"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"frontdesk/knowledge"
)

// wordIndex ranks by how many of the query's words a passage holds, earlier messages
// counting a little, and is as sure as the share of them.
type wordIndex struct {
	ps   []knowledge.Passage
	fail string // the query that fails

	mu    sync.Mutex // guards asked
	asked []knowledge.Query
}

func (x *wordIndex) Load(_ context.Context, ps []knowledge.Passage, done func(int)) error {
	x.ps = ps
	done(len(ps))
	return nil
}

func (x *wordIndex) Find(_ context.Context, q knowledge.Query) (knowledge.Result, error) {
	x.mu.Lock()
	x.asked = append(x.asked, q)
	x.mu.Unlock()
	if q.Text == x.fail {
		return knowledge.Result{}, errors.New("out of order")
	}
	var r knowledge.Result
	for _, p := range x.ps {
		h := knowledge.Hit{Passage: p}
		for _, w := range strings.Fields(q.Text) {
			h.Score += float64(strings.Count(p.Text+" "+p.Title, w))
		}
		for _, w := range q.History {
			if !w.Ours {
				h.Score += .25 * float64(strings.Count(p.Text, w.Text))
			}
		}
		if h.Score > 0 {
			r.Hits = append(r.Hits, h)
		}
	}
	slices.SortFunc(r.Hits, func(a, b knowledge.Hit) int { return cmp.Compare(b.Score, a.Score) })
	if len(r.Hits) > 0 {
		r.Confidence = r.Hits[0].Score / 8
	}
	return r, nil
}

// The figures were computed by another implementation of the same measures from the
// run and confidence files that this test writes.
func TestFiguresOfAFixedSample(t *testing.T) {
	dir := t.TempDir()
	o := Options{Dir: "testdata/sample", Index: &wordIndex{}, RunFile: filepath.Join(dir, "run"), ConfFile: filepath.Join(dir, "conf")}
	calls := 0
	loaded := 0
	o.Progress = func(stage string, done, total int) {
		if stage == "loading" {
			loaded = done
			return
		}
		if calls++; stage != "asking" || done != calls || total != 24 || loaded != 30 {
			t.Errorf("Progress(%s, %d, %d) at call %d, want asking, rising to 24, after 30 were loaded", stage, done, total, calls)
		}
	}
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Dataset != "sample" || r.Documents != 30 || r.Passages != 30 || r.Asked != 24 || r.Queries != 20 || calls != 24 {
		t.Errorf("Run() = %+v after %d calls of Progress, want 30 documents, 24 asked, 20 judged", r, calls)
	}
	d := r.Decisions
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"nDCG@5", r.NDCG5, .2096}, {"nDCG@10", r.NDCG10, .3113}, {"R@5", r.Recall5, .2166}, {"R@10", r.Recall10, .4850}, {"MRR@10", r.MRR10, .4767},
		{"Hit@1", r.Hit1, .25}, {"Hit@5", r.Hit5, .8}, {"P@5", r.P5, .26}, {"MAP", r.MAP, .2933},
		{"AUROC", d.AUROC, .3688}, {"accuracy", d.Best.Accuracy, .25}, {"right", d.Best.Right, .25}, {"refused", d.Best.Refused, .25},
		{"precision", d.Best.Precision, .2941}, {"answer rate", d.Best.AnswerRate, .7083}, {"threshold", d.Best.Threshold, .28125},
		{"right at recall 20", d.RightAtRecall[20], .25}, {"right at recall 50", d.RightAtRecall[50], .05}, {"right at recall 80", d.RightAtRecall[80], 0},
	} {
		if math.Abs(c.got-c.want) > 5e-5 {
			t.Errorf("%s = %.4f, want %.4f", c.name, c.got, c.want)
		}
	}
	for file, want := range map[string]string{o.RunFile: "q00\td", o.ConfFile: "q00\t0."} {
		data, err := os.ReadFile(file)
		if err != nil || !strings.HasPrefix(string(data), want) {
			t.Errorf("%s begins %.20q, %v; want %q", filepath.Base(file), data, err, want)
		}
	}
}

func TestHistoryIsWhatBothSidesSaid(t *testing.T) {
	x := &wordIndex{}
	if _, err := Run(t.Context(), Options{Dir: "testdata/sample", Index: x, Split: "test"}); err != nil {
		t.Fatal(err)
	}
	if len(x.asked) != 8 {
		t.Errorf("asked %d queries, want the 8 of the split", len(x.asked))
	}
	for _, q := range x.asked {
		if q.Limit != perQuery || slices.Contains(q.History, knowledge.Said{Text: "yes"}) ||
			len(q.History) > 0 && !slices.Contains(q.History, knowledge.Said{Text: "yes", Ours: true}) {
			t.Errorf("asked %+v, want limit %d and what was said before, the answers as ours", q, perQuery)
		}
	}
}

func TestRunStopsAtTheFirstFailure(t *testing.T) {
	x := &wordIndex{fail: "unheard of"}
	if _, err := Run(t.Context(), Options{Dir: "testdata/sample", Index: x}); err == nil || !strings.Contains(err.Error(), "ask query q23: out of order") {
		t.Errorf("Run(failing index) = %v, want the query and its error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, Options{Dir: "testdata/sample", Index: &wordIndex{}}); !errors.Is(err, context.Canceled) {
		t.Errorf("Run(cancelled) = %v, want context.Canceled", err)
	}
}

func TestDocumentTooLongForOnePassageIsScoredByItsBest(t *testing.T) {
	long := strings.Repeat("many words of no use\n", 3000) + "refund refund refund"
	s := &Set{Documents: []Document{{ID: "long", Title: "t", Text: long}, {ID: "short", Text: "refund"}}}
	ps, owner := s.Passages()
	again, _ := s.Passages()
	joined := ""
	for i, p := range ps {
		if owner[p.ID] == "long" {
			joined += p.Text
		}
		if len(p.Text) > maxPassage || p.ID != again[i].ID || len(p.ID) != 36 {
			t.Errorf("passage %d: %d bytes, id %s then %s; want at most %d and the same UUID", i, len(p.Text), p.ID, again[i].ID, maxPassage)
		}
	}
	if len(ps) != 3 || joined != long {
		t.Errorf("%d passages, text kept whole: %v; want 3 and true", len(ps), joined == long)
	}
	a, err := askOne(t.Context(), &wordIndex{ps: ps}, Query{Text: "refund"}, owner)
	if err != nil || len(a.ranking) != 2 || a.ranking[0].id != "long" {
		t.Errorf("ranking = %+v, %v; want each document once, long first", a.ranking, err)
	}
	if cut := pieces(strings.Repeat("é", maxPassage)); len(cut) != 2 || !strings.HasPrefix(cut[1], "é") {
		t.Errorf("%d pieces, the second begins %.4q; want 2 cut between characters", len(cut), cut[len(cut)-1])
	}
}

func TestReadNamesFileAndLine(t *testing.T) {
	for name, c := range map[string]struct{ file, content, want string }{
		"no folder":  {"", "", "corpus.jsonl"},
		"bad JSON":   {"corpus.jsonl", "{\"id\":\"a\"}\n{", "corpus.jsonl:2"},
		"no id":      {"queries.jsonl", "{\"text\":\"a\"}", "queries.jsonl:1"},
		"short line": {"qrels.tsv", "a\tb\t1\na\tb", "qrels.tsv:2"},
		"no number":  {"qrels.tsv", "a\tb\tx", "qrels.tsv:1"},
		"no verdict": {"answerable.tsv", "a", "answerable.tsv:1"},
	} {
		dir := t.TempDir()
		if c.file == "" {
			dir = filepath.Join(dir, "gone")
		} else {
			for _, f := range []string{"corpus.jsonl", "queries.jsonl", "qrels.tsv"} {
				if err := os.WriteFile(filepath.Join(dir, f), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(dir, c.file), []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Read() = %v, want an error that names %s", name, err, c.want)
		}
	}
}

func TestFitFindsTheFunctionSamplesWereDrawnFrom(t *testing.T) {
	var samples []Sample
	for i := range 40 {
		for j := range 40 {
			x := []float64{float64(i) / 40, float64(j) / 40}
			p := 1 / (1 + math.Exp(-(-2 + 5*x[0] - 3*x[1])))
			samples = append(samples, Sample{X: x, Yes: true, Weight: p}, Sample{X: x, Weight: 1 - p})
		}
	}
	intercept, c := Fit(samples)
	if math.Abs(intercept+2) > .3 || math.Abs(c[0]-5) > .8 || math.Abs(c[1]+3) > .6 {
		t.Errorf("Fit() = %.2f, %.2f; want about -2, [5 -3], a little shrunk", intercept, c)
	}
	sure := []Sample{{X: []float64{0}, Weight: 1}, {X: []float64{1}, Yes: true, Weight: 1}}
	if _, c := Fit(sure); math.IsNaN(c[0]) || c[0] <= 0 {
		t.Errorf("Fit(separable) = %v, want a finite positive coefficient", c)
	}
	if a := AUROC(sure, func(x []float64) float64 { return x[0] }); a != 1 {
		t.Errorf("AUROC(separable) = %v, want 1", a)
	}
	if a := AUROC(sure, func([]float64) float64 { return 0 }); a != .5 {
		t.Errorf("AUROC(constant) = %v, want .5", a)
	}
}
