package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"text/tabwriter"

	"frontdesk/knowledge/eval"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/migrations"
)

var evalCommand = command{
	name: "eval", usage: "DIR [--run FILE] [--conf FILE] [--split NAME] [--json]", quiet: true,
	summary: "Measure how well passages are found, on questions with known answers",
	help: `DIR holds corpus.jsonl, queries.jsonl and qrels.tsv, and may hold answerable.tsv. It is
searched in a scratch space of its own; the live knowledge is neither read nor changed.

  frontdesk eval testset --run run.tsv --json`,
	setup: func(fs *flag.FlagSet) func(context.Context, *app, []string) error {
		o := eval.Options{}
		fs.StringVar(&o.RunFile, "run", "", "write qid<TAB>docid<TAB>score to `FILE`")
		fs.StringVar(&o.ConfFile, "conf", "", "write qid<TAB>confidence to `FILE`")
		fs.StringVar(&o.Split, "split", "", "ask only the queries of the split or group `NAME`")
		asJSON := fs.Bool("json", false, "print the report as JSON")
		return func(ctx context.Context, a *app, args []string) error {
			if len(args) != 1 {
				return usageError("name one directory")
			}
			o.Dir = args[0]
			rep, err := evaluate(ctx, a, o)
			if err != nil {
				return err
			}
			if *asJSON {
				enc := json.NewEncoder(a.stdout)
				enc.SetIndent("", "  ")
				return enc.Encode(rep)
			}
			printReport(a.stdout, rep)
			return nil
		}
	},
}

func evaluate(ctx context.Context, a *app, o eval.Options) (rep eval.Report, err error) {
	db, err := openBeside(ctx, &a.cfg, a.log)
	if err != nil {
		return rep, err
	}
	defer db.close()
	embedder, err := newEmbedder(&a.cfg, a.log)
	if err != nil {
		return rep, err
	}
	scratch, err := knowledgedb.NewScratch(ctx, db.url, migrations.ApplyScratch, embedder, a.log)
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, scratch.Close(context.WithoutCancel(ctx))) }()
	o.Index = scratch
	if isTerminal(a.stderr) {
		o.Progress = func(done, total int) {
			if done%50 == 0 || done == total {
				fmt.Fprintf(a.stderr, "\r%d of %d queries", done, total)
			}
			if done == total {
				fmt.Fprintln(a.stderr)
			}
		}
	}
	return eval.Run(ctx, o)
}

func printReport(w io.Writer, r eval.Report) {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(tw, "dataset\t%s\ndocuments\t%d\npassages\t%d\nqueries\t%d judged of %d\n", r.Dataset, r.Documents, r.Passages, r.Queries, r.Asked)
	for _, m := range []struct {
		name  string
		value float64
	}{{"nDCG@5", r.NDCG5}, {"nDCG@10", r.NDCG10}, {"R@5", r.Recall5}, {"R@10", r.Recall10}, {"MRR@10", r.MRR10}, {"Hit@1", r.Hit1}, {"Hit@5", r.Hit5}, {"P@5", r.P5}, {"MAP", r.MAP}} {
		fmt.Fprintf(tw, "%s\t%.4f\n", m.name, m.value)
	}
	fmt.Fprintf(tw, "load\t%d ms\nfind\tp50 %.1f ms, p99 %.1f ms\n", r.LoadMS, r.FindP50MS, r.FindP99MS)
	if r.Decisions != nil {
		if d, err := json.Marshal(r.Decisions); err == nil {
			fmt.Fprintf(tw, "answerable\t%s\n", d)
		}
	}
	tw.Flush()
}
