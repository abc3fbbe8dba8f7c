package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge/eval"
	"frontdesk/knowledge/extract"
	"frontdesk/knowledge/knowledgedb"

	"github.com/jackc/pgx/v5/pgxpool"
)

// newTests wires the test set. queue is nil for a command that asks by itself.
func newTests(pool *pgxpool.Pool, store *knowledgedb.Store, queue conversation.TestQueue, log *slog.Logger) *conversation.Tests {
	return conversation.NewTests(conversation.TestDeps{Store: conversationdb.New(pool), Finder: store, Score: scorer{}, Queue: queue, Log: log})
}

// scorer measures rankings of tests by the formulas of frontdesk eval.
type scorer struct{}

// Judge implements conversation.TestScorer.
func (scorer) Judge(ranking, relevant []string) conversation.Judged {
	j := eval.Judge(ranking, relevant)
	return conversation.Judged{NDCG5: j.NDCG5, Recall5: j.Recall5, MRR10: j.MRR10, Rank: j.Rank}
}

// AUROC implements conversation.TestScorer.
func (scorer) AUROC(answerable, unanswerable []float64) float64 {
	samples := make([]eval.Sample, 0, len(answerable)+len(unanswerable))
	for _, c := range answerable {
		samples = append(samples, eval.Sample{X: []float64{c}, Yes: true})
	}
	for _, c := range unanswerable {
		samples = append(samples, eval.Sample{X: []float64{c}})
	}
	return eval.AUROC(samples, func(x []float64) float64 { return x[0] })
}

// testFiles reads files of tests for the console.
type testFiles struct{ *conversation.Tests }

// ImportFile implements console.Tests.
func (t testFiles) ImportFile(ctx context.Context, name string, content []byte, dryRun bool) (conversation.TestImportReport, error) {
	rows, err := extract.Tests(ctx, name, content)
	if err != nil {
		return conversation.TestImportReport{}, err
	}
	return t.ImportTests(ctx, rows, dryRun)
}

// testFigures are a run's as frontdesk eval names them.
type testFigures struct {
	Tests   int      `json:"tests"`
	Passed  int      `json:"passed"`
	NDCG5   *float64 `json:"nDCG@5"`
	Recall5 *float64 `json:"R@5"`
	MRR10   *float64 `json:"MRR@10"`
	AUROC   *float64 `json:"AUROC"`
	Failed  []failed `json:"failed"`
}

type failed struct {
	Question   string                `json:"question"`
	Rank       int                   `json:"rank"` // 0: nothing expected was found
	Decision   conversation.Decision `json:"decision"`
	Confidence float64               `json:"confidence"`
	Gone       bool                  `json:"gone,omitempty"`
}

// evalTests asks the stored tests of the live knowledge and prints what came of them.
func evalTests(ctx context.Context, a *app, asJSON bool) error {
	db, k, err := openKnowledge(ctx, a)
	if err != nil {
		return err
	}
	defer db.close()
	_, _, total, err := k.tests.List(ctx, "", 1)
	if err != nil {
		return err
	}
	docs, _, err := k.Documents(ctx, "", 1)
	if err != nil {
		return err
	}
	switch {
	case total == 0:
		return errors.New("there are no tests: add some in the console first")
	case len(docs) == 0:
		return errors.New("the knowledge base is empty: ingest a document first")
	}
	b := newBar(a.stderr, isTerminal(a.stderr))
	defer b.end()
	b.stage("asking", total)
	f, results, err := k.tests.Evaluate(ctx, b.set)
	if err = errors.Join(err, unpaid(k.purse)); err != nil {
		return err
	}
	b.end()
	out := testFigures{f.Cases, f.Passed, f.NDCG5, f.Recall5, f.MRR10, f.AUROC, []failed{}}
	for _, r := range results {
		if !r.Passed {
			out.Failed = append(out.Failed, failed{r.Question, r.Rank, r.Decision, r.Confidence, r.Gone})
		}
	}
	if asJSON {
		return printJSON(a.stdout, out)
	}
	printTests(a.stdout, out)
	return nil
}

func printTests(w io.Writer, f testFigures) {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(tw, "tests\t%d\npassed\t%d\n", f.Tests, f.Passed)
	for _, m := range []struct {
		name  string
		value *float64
	}{{"nDCG@5", f.NDCG5}, {"R@5", f.Recall5}, {"MRR@10", f.MRR10}, {"AUROC", f.AUROC}} {
		if m.value != nil {
			fmt.Fprintf(tw, "%s\t%.4f\n", m.name, *m.value)
		}
	}
	for _, r := range f.Failed {
		place := "not found"
		switch {
		case r.Gone:
			place = "what is expected is gone"
		case r.Rank > 0:
			place = fmt.Sprintf("found at %d", r.Rank)
		}
		fmt.Fprintf(tw, "failed\t%s\t%s, %s at %.2f\n", shorten(r.Question, 60), place, r.Decision, r.Confidence)
	}
	tw.Flush()
}

var _ knowledgedb.TestRunner = (*conversation.Tests)(nil)

// scheduleTests has the tests asked again when the knowledge has changed.
func scheduleTests(ts *conversation.Tests) func(context.Context) {
	return func(ctx context.Context) { ts.ScheduleRun(ctx, conversation.TriggerKnowledge) }
}
