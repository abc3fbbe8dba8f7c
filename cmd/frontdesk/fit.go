package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"frontdesk/knowledge"
	"frontdesk/knowledge/eval"
	"frontdesk/knowledge/knowledgedb"
)

// fitFlags are those of eval that fit a calibration.
type fitFlags struct {
	fit, save bool
	out, date string
}

func (f *fitFlags) register(fs *flag.FlagSet) {
	fs.BoolVar(&f.fit, "fit", false, "fit the confidence on the sets")
	fs.BoolVar(&f.save, "save", false, "with --fit: store the calibration in the database, for all servers on it")
	fs.StringVar(&f.out, "out", "", "with --fit: write the calibration to `FILE`")
	fs.StringVar(&f.date, "date", "", "with --fit: the `DATE` that the calibration says it is of; left out, none")
}

func (f *fitFlags) given() bool { return f.save || f.out != "" || f.date != "" }

func (f *fitFlags) run(ctx context.Context, a *app, dirs []string, asJSON bool) error {
	if len(dirs) == 0 {
		return usageError("name one directory or more")
	}
	db, k, err := openKnowledge(ctx, a)
	if err != nil {
		return err
	}
	defer db.close()
	b := newBar(a.stderr, isTerminal(a.stderr))
	defer b.end()
	o := eval.FitOptions{
		Dirs: dirs, Made: knowledgedb.Made(), Embedding: a.cfg.Embedding(), Default: knowledgedb.DefaultCalibration(), Progress: stages(b),
		Open: func(ctx context.Context) (eval.Explainer, func() error, error) {
			scratch, err := newScratch(ctx, a, db, k.purse)
			if err != nil {
				return nil, nil, err
			}
			return scratch, func() error { return scratch.Close(context.WithoutCancel(ctx)) }, nil
		},
	}
	o.Made.Program, o.Made.Date = version(), f.date
	c, rep, err := eval.FitCalibration(ctx, o)
	if err = errors.Join(err, unpaid(k.purse)); err != nil {
		return err
	}
	b.end()
	var doc bytes.Buffer
	if err := printJSON(&doc, c); err != nil {
		return err
	}
	if f.out != "" {
		if err := os.WriteFile(f.out, doc.Bytes(), 0o644); err != nil { //nolint:gosec // nothing in it is secret
			return fmt.Errorf("write the calibration: %w", err)
		}
	}
	if f.save {
		if err := knowledgedb.New(db.pool, nil, a.log).SaveCalibration(ctx, &c); err != nil {
			return err
		}
	}
	if asJSON {
		_, err := a.stdout.Write(doc.Bytes())
		return err
	}
	printFit(a.stdout, c, rep)
	switch {
	case f.save:
		fmt.Fprintf(a.stdout, "\nStored. Servers on this database go by it from their next search on.\n")
	case f.out == "":
		fmt.Fprintf(a.stdout, "\nNothing was stored; see --save and --out.\n")
	}
	return nil
}

func printFit(w io.Writer, c knowledge.Calibration, rep eval.FitReport) {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(tw, "calibration\t%s\n", c.ID)
	fmt.Fprintf(tw, "answer from\t%.2f\nmaybe from\t%.2f\n", c.Thresholds.Answer, c.Thresholds.Maybe)
	fmt.Fprintf(tw, "intercept\t%.4f\n", c.Lexical.Intercept)
	for i, name := range c.Lexical.Features {
		fmt.Fprintf(tw, "%s\t%.4f\n", name, c.Lexical.Coefficients[i])
	}
	fmt.Fprintf(tw, "of vectors\t%.4f + %.4f × %v\t%s\n", c.Dense.Intercept, c.Dense.Coefficients, c.Dense.Features, c.Dense.Provenance)
	fmt.Fprintf(tw, "\nchecked on\tqueries\tAUROC\t\tBrier\tECE\tanswered\tright\toffered\tright\n")
	for _, k := range append(append([]eval.Check{rep.Learned}, rep.LeftOut...), rep.Test...) {
		fmt.Fprintf(tw, "%s\t%d\t%.4f\t%.4f to %.4f\t%.4f\t%.4f\t%.3f\t%.3f\t%.3f\t%.3f\n", k.Of, k.Queries, k.AUROC, k.AUROCCI[0], k.AUROCCI[1], k.Brier, k.ECE,
			k.Answered.Share, k.Answered.Right, k.Offered.Share, k.Offered.Right)
	}
	fmt.Fprintf(tw, "\nconfidence from\tqueries\tmean\tright\n")
	for _, bin := range rep.Learned.Bins {
		fmt.Fprintf(tw, "%.1f\t%.3f\t%.3f\t%.3f\n", bin.From, bin.Share, bin.Confidence, bin.Right)
	}
	for _, g := range rep.Groups {
		if g.Answerable != nil {
			if d, err := json.Marshal(g.Answerable); err == nil {
				fmt.Fprintf(tw, "\n%s, test\t%s\n", g.Collection, d)
			}
		}
	}
	tw.Flush()
}
