package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"text/tabwriter"

	"frontdesk/conversation"
	"frontdesk/knowledge"
	"frontdesk/knowledge/eval"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/migrations"
)

var evalCommand = command{
	name: "eval", usage: "DIR [--run FILE] [--conf FILE] [--split NAME] [--json] | DIR… --fit [--save] [--out FILE] | --tests [--json] | [DIR] --replay FILE [--budget N] [--count]", quiet: true,
	summary: "Measure how well passages are found, on questions with known answers",
	help: `DIR holds corpus.jsonl, queries.jsonl and qrels.tsv, and may hold answerable.tsv. It is
searched in a scratch space of its own; the live knowledge is neither read nor changed. Means
stand with 95 % intervals.

With --fit the confidence is fitted on one or more sets: when to answer, when to offer a person
beside it and when to say "I don't know". Queries of the split "test" are reported on and not
learned from; the same sets give the same bytes. --save stores the result for all servers on
this database, which go by it from their next search on.

With --replay recorded dialogues are gone through again, one a line of FILE:
{"id": "1", "messages": [{"author": "customer", "text": "…"}, {"author": "bot", "text": "…"}]}
(author is customer, bot or staff). Passages are those of DIR or, without it, of the live
knowledge. It tells the tokens of the customer's turns with the whole dialogue, trimmed, with
the running summary and with answers word for word, and how much of each prompt begins like the
one before, which a provider has cached. Where a model is configured it is asked, and its own
figures stand beside; --count asks nobody.


With --tests the questions of the console's test set are asked of the live knowledge; nothing
is stored of it.

  frontdesk eval --tests
  frontdesk eval testset --run run.tsv --json
  frontdesk eval --replay dialogues.jsonl --count
  frontdesk eval testset other --fit --out calibration.json`,
	setup: func(fs *flag.FlagSet) func(context.Context, *app, []string) error {
		o, f, re := eval.Options{}, fitFlags{}, replayFlags{}
		fs.StringVar(&re.file, "replay", "", "go through the recorded dialogues in `FILE` again")
		fs.IntVar(&re.budget, "budget", 0, "with --replay, tokens of prompt and answer together (8000)")
		fs.BoolVar(&re.count, "count", false, "with --replay, ask no model")
		fs.StringVar(&o.RunFile, "run", "", "write qid<TAB>docid<TAB>score to `FILE`")
		fs.StringVar(&o.ConfFile, "conf", "", "write qid<TAB>confidence to `FILE`")
		fs.StringVar(&o.Split, "split", "", "ask only the queries of the split or group `NAME`")
		by := fs.String("calibration", "", "take the confidence by the calibration in `FILE`, not by the program's own")
		asJSON := fs.Bool("json", false, "print the report as JSON")
		tests := fs.Bool("tests", false, "ask the stored test set of the live knowledge")
		f.register(fs)
		return func(ctx context.Context, a *app, args []string) error {
			if re.file != "" {
				if o.RunFile+o.ConfFile+o.Split+*by != "" || f.fit || f.given() {
					return usageError("--replay goes with --budget, --count and --json alone")
				}
				if len(args) > 1 {
					return usageError("name one directory at most")
				}
				return re.run(ctx, a, args, *asJSON)
			}
			if re.budget != 0 || re.count {
				return usageError("--budget and --count go with --replay")
			}
			if *tests {
				if o.RunFile+o.ConfFile+o.Split+*by != "" || f.fit || f.given() || len(args) > 0 {
					return usageError("--tests goes with --json alone")
				}
				return evalTests(ctx, a, *asJSON)
			}
			if f.fit {
				if o.RunFile+o.ConfFile+o.Split+*by != "" {
					return usageError("--run, --conf, --split and --calibration do not go with --fit")
				}
				return f.run(ctx, a, args, *asJSON)
			}
			if f.given() {
				return usageError("--save, --out and --date go with --fit")
			}
			if len(args) != 1 {
				return usageError("name one directory")
			}
			o.Dir = args[0]
			var c *knowledge.Calibration
			if *by != "" {
				data, err := os.ReadFile(*by)
				if err == nil {
					c, err = knowledge.ParseCalibration(data)
				}
				if err != nil {
					return fmt.Errorf("read the calibration %s: %w", *by, err)
				}
			}
			rep, err := evaluate(ctx, a, o, c)
			if err != nil {
				return err
			}
			if *asJSON {
				return printJSON(a.stdout, rep)
			}
			printReport(a.stdout, rep)
			return nil
		}
	},
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// evaluate measures one set, its confidence by c or, when that is nil, by the program's own.
func evaluate(ctx context.Context, a *app, o eval.Options, c *knowledge.Calibration) (rep eval.Report, err error) {
	db, k, err := openKnowledge(ctx, a)
	if err != nil {
		return rep, err
	}
	defer db.close()
	scratch, err := newScratch(ctx, a, db, k.purse)
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, scratch.Close(context.WithoutCancel(ctx))) }()
	if c != nil {
		scratch.UseCalibration(c)
	}
	b := newBar(a.stderr, isTerminal(a.stderr))
	defer b.end()
	o.Index, o.Progress = scratch, stages(b)
	rep, err = eval.Run(ctx, o)
	return rep, errors.Join(err, unpaid(k.purse))
}

// unpaid is an error where searches had to do without calls that the budget had no room
// for: figures of those would pass for figures of all.
func unpaid(purse *conversation.Purse) error {
	if n := purse.Refused(); n > 0 {
		return fmt.Errorf("there are no figures: the budget for models had no room for %d calls (Settings › Spending)", n)
	}
	return nil
}

// newScratch makes a space for one set, searched as the server would and paid from purse:
// what is measured costs as much as what is live.
func newScratch(ctx context.Context, a *app, db *database, purse *conversation.Purse) (*knowledgedb.Scratch, error) {
	embedder, err := newEmbedder(&a.cfg, purse, a.log)
	if err != nil {
		return nil, err
	}
	scratch, err := knowledgedb.NewScratch(ctx, db.url, migrations.ApplyScratch, embedder, a.log)
	if err != nil {
		return nil, err
	}
	if err := useReranker(&a.cfg, purse, scratch.Store, a.log); err != nil {
		return nil, errors.Join(err, scratch.Close(context.WithoutCancel(ctx)))
	}
	return scratch, nil
}

// stages shows on b what is told of one stage after the other.
func stages(b *progressBar) func(stage string, done, total int) {
	last := ""
	return func(stage string, done, total int) {
		if stage != last {
			b.stage(stage, total)
			last = stage
		}
		b.set(done)
	}
}

func printReport(w io.Writer, r eval.Report) {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(tw, "dataset\t%s\ndocuments\t%d\npassages\t%d\nqueries\t%d judged of %d\n", r.Dataset, r.Documents, r.Passages, r.Queries, r.Asked)
	for _, m := range []struct {
		name  string
		value float64
	}{{"nDCG@5", r.NDCG5}, {"nDCG@10", r.NDCG10}, {"R@5", r.Recall5}, {"R@10", r.Recall10}, {"MRR@10", r.MRR10}, {"Hit@1", r.Hit1}, {"Hit@5", r.Hit5}, {"P@5", r.P5}, {"MAP", r.MAP}} {
		fmt.Fprintf(tw, "%s\t%.4f%s\n", m.name, m.value, spread(r.CI, m.name))
	}
	fmt.Fprintf(tw, "load\t%d ms\nfind\tp50 %.1f ms, p99 %.1f ms\n", r.LoadMS, r.FindP50MS, r.FindP99MS)
	if d := r.Decisions; d != nil {
		fmt.Fprintf(tw, "answerable\t%d, not %d\n", d.Answerable, d.Unanswerable)
		fmt.Fprintf(tw, "AUROC\t%.4f%s\n", d.AUROC, spread(d.CI, "AUROC"))
		for _, p := range slices.Sorted(maps.Keys(d.RightAtRecall)) {
			fmt.Fprintf(tw, "right, refusing %d %%\t%.4f%s\n", p, d.RightAtRecall[p], spread(d.CI, "inscope_acc_at_oos_recall_"+strconv.Itoa(p)))
		}
	}
	fmt.Fprintf(tw, "calibration\t%s\n", r.Calibration)
	tw.Flush()
}

// spread writes an interval behind its mean.
func spread(ci map[string]eval.Interval, name string) string {
	i, ok := ci[name]
	if !ok {
		return ""
	}
	return fmt.Sprintf("\t%.4f to %.4f", i[0], i[1])
}
