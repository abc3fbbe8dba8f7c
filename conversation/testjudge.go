package conversation

import (
	"context"
	"slices"
	"strings"
	"time"

	"frontdesk/knowledge"
)

const (
	// testDepth is how many hits a test looks at: as many as are ranked in every search,
	// so that a question is ranked and judged exactly as a customer's is.
	testDepth = 30
	// testPass is among how many of the first something expected must be.
	testPass = 5
)

// Judged is a ranking's measures, as knowledge/eval has them.
type Judged struct {
	NDCG5, Recall5, MRR10 float64
	Rank                  int // of the first that is expected; 0: not found
}

// TestScorer measures rankings.
type TestScorer interface {
	// Judge measures a ranking, best first, by what is relevant: at least one.
	Judge(ranking, relevant []string) Judged
	// AUROC is how likely an answerable question has the greater confidence; both hold
	// some.
	AUROC(answerable, unanswerable []float64) float64
}

// TestCase is a test as a run asks it.
type TestCase struct {
	Test
	// Now are the passages that the expectation names as they are now, by id, with the
	// name it has for each.
	Now map[string]string
}

// TestResult is what came of a test in a run.
type TestResult struct {
	Run, Test  string
	Question   string
	Passed     bool
	Answerable bool
	Gone       bool // something expected is not there any more
	Verbatim   bool
	Held       *bool // what would be quoted holds the expected answer; nil: none is expected
	Confidence float64
	Decision   Decision // answer, offer, unknown
	Judged
	Was *TestWas // in the run before
}

// TestWas is what came of a test before.
type TestWas struct {
	Rank       int
	Passed     bool
	Confidence float64
	Decision   Decision
}

// judge says what a search makes of a test, with the thresholds it is judged by.
func (c TestCase) judge(r knowledge.Result, th Thresholds, s TestScorer) TestResult {
	p := Foresee(r, th)
	out := TestResult{Test: c.ID, Question: c.Question, Answerable: c.Expect.Answerable, Confidence: r.Confidence,
		Verbatim: p.Stance == StanceVerbatim, Decision: p.decision(), Gone: c.gone()}
	if !c.Expect.Answerable {
		out.Passed = out.Decision == DecisionUnknown
		return out
	}
	ranking, relevant := c.ranking(r.Hits)
	out.Judged = s.Judge(ranking, relevant)
	out.Passed = out.Rank > 0 && out.Rank <= testPass && out.Decision != DecisionUnknown
	if answer := foldWords(c.Expect.Answer); answer != "" {
		held := false
		for _, h := range quoted(r, p, th) {
			held = held || holds(h, answer)
		}
		out.Held = &held
	}
	return out
}

// decision is a stance as a trace has it.
func (d Prospect) decision() Decision {
	switch d.Stance {
	case StanceOffer:
		return DecisionOffer
	case StanceUnknown:
		return DecisionUnknown
	}
	return DecisionAnswer
}

// gone reports whether something of the expectation is not there any more.
func (c TestCase) gone() bool {
	for _, ref := range c.Expect.Passages {
		found := false
		for _, r := range c.Now {
			found = found || r == ref
		}
		if !found {
			return true
		}
	}
	return slices.ContainsFunc(c.Expect.Documents, func(d TestDocument) bool { return d.Gone })
}

// ranking is what the hits are in the terms of the expectation, each once, and what of
// those terms is relevant: passages where some are named, else documents as
// knowledge/eval ranks them, else whether a passage holds the answer.
func (c TestCase) ranking(hits []knowledge.Hit) (ranking, relevant []string) {
	const holding = "holds the answer"
	term := func(h knowledge.Hit) string { return h.DocumentID }
	answer := foldWords(c.Expect.Answer)
	switch {
	case len(c.Expect.Passages) > 0:
		relevant = c.Expect.Passages
		term = func(h knowledge.Hit) string {
			if ref, ok := c.Now[h.ID]; ok {
				return ref
			}
			return h.ID
		}
	case len(c.Expect.Documents) > 0:
		for _, d := range c.Expect.Documents {
			relevant = append(relevant, d.ID)
		}
	default:
		relevant = []string{holding}
		term = func(h knowledge.Hit) string {
			if holds(h, answer) {
				return holding
			}
			return h.ID
		}
	}
	seen := map[string]bool{}
	for _, h := range hits {
		if t := term(h); !seen[t] {
			seen[t] = true
			ranking = append(ranking, t)
		}
	}
	return ranking, relevant
}

// holds reports whether a passage has the folded text in it, from word to word.
func holds(h knowledge.Hit, folded string) bool {
	text := foldWords(h.Title + "\n" + h.Text)
	if folded == "" {
		return false
	}
	for _, r := range folded {
		if r >= 0x2e80 { // scripts that part no words
			return strings.Contains(text, folded)
		}
	}
	return strings.Contains(" "+text+" ", " "+folded+" ")
}

// quoted are the hits that an answer without a model would be made of.
func quoted(r knowledge.Result, p Prospect, th Thresholds) []knowledge.Hit {
	switch p.Stance {
	case StanceUnknown:
		return nil
	case StanceVerbatim:
		return r.Hits[:1]
	}
	return nearTop(r.Hits, r.Confidence >= th.orOf(r).Answer)
}

// TestFigures are a run's as a whole. What cannot be told is nil.
type TestFigures struct {
	Cases, Passed         int
	NDCG5, Recall5, MRR10 *float64 // means over the answerable
	AUROC                 *float64
}

// figures sums results up.
func figures(results []TestResult, s TestScorer) TestFigures {
	f := TestFigures{Cases: len(results)}
	var yes, no []float64
	var sum Judged
	for _, r := range results {
		if r.Passed {
			f.Passed++
		}
		if !r.Answerable {
			no = append(no, r.Confidence)
			continue
		}
		yes = append(yes, r.Confidence)
		sum.NDCG5 += r.NDCG5
		sum.Recall5 += r.Recall5
		sum.MRR10 += r.MRR10
	}
	if n := float64(len(yes)); n > 0 {
		for _, m := range []struct {
			to  **float64
			sum float64
		}{{&f.NDCG5, sum.NDCG5}, {&f.Recall5, sum.Recall5}, {&f.MRR10, sum.MRR10}} {
			mean := m.sum / n
			*m.to = &mean
		}
	}
	if len(yes) > 0 && len(no) > 0 {
		a := s.AUROC(yes, no)
		f.AUROC = &a
	}
	return f
}

// askTest asks one test as a customer would, and books what that took with the run; run
// is empty where none is kept.
func (ts *Tests) askTest(ctx context.Context, run string, c TestCase) (TestResult, Thresholds, error) {
	ctx, cancel := context.WithTimeout(ctx, testWithin)
	defer cancel()
	history := make([]Message, len(c.History))
	for i, h := range c.History {
		history[i] = Message{Author: h.Author, Text: h.Text}
	}
	until, _ := ctx.Deadline()
	search, tab := onTab(ctx, Account{Until: until})
	r, err := ts.Finder.Find(search, knowledge.Query{Text: c.Question, History: said(history), Limit: testDepth})
	ts.pay(ctx, run, tab.close())
	if err != nil {
		return TestResult{}, Thresholds{}, err
	}
	th := Thresholds{}.orOf(r)
	if ts.Settings != nil {
		th = ts.Settings().judge(r)
	}
	return c.judge(r, th, ts.Score), th, nil
}

// pay books the calls of one search; with a run's its cost grows in the same commit.
func (ts *Tests) pay(ctx context.Context, run string, calls []Call) {
	switch {
	case ts.Purse == nil:
	case run == "":
		ts.Purse.book(ctx, calls)
	default:
		ts.Purse.bookBy(ctx, calls, func(ctx context.Context, calls []Call) error { return ts.Store.RecordRun(ctx, run, calls) })
	}
}

// testWithin bounds the search for one test.
const testWithin = 20 * time.Second
